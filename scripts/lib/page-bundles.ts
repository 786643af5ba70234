import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const webview = resolve(import.meta.dirname, '../../src/webview');

/** How the page of each webview is bundled, for the build and for the tests that load the pages in a browser. */
export const pageBundles = {
  bundle: true,
  platform: 'browser',
  target: 'chrome138',
  format: 'iife',
  entryPoints: readdirSync(webview)
    .filter((name) => existsSync(join(webview, name, 'main.ts')))
    .map((name) => ({ in: join(webview, name, 'main.ts'), out: `webview/${name}` })),
  loader: { '.ttf': 'file', '.woff2': 'file' },
} as const;
