import { basename, join, relative } from 'node:path';
import { build } from 'esbuild';
import type { BrowserContext } from 'playwright-core';
import { pageBundles } from '../../../scripts/lib/page-bundles.ts';
import { pageHtml } from '../../../src/host/webviews/html.ts';

/** Where VS Code has an origin for each webview, the tests have this one, which no name server knows. */
const ORIGIN = 'https://webview.invalid';
const OUT = '/dist';
const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', css: 'text/css', ttf: 'font/ttf' };

let bundled: Promise<ReadonlyMap<string, Uint8Array>> | undefined;

/** The pages as the build makes them, by path. */
async function bundles(): Promise<ReadonlyMap<string, Uint8Array>> {
  const { outputFiles } = await build({ ...pageBundles, outdir: OUT, write: false, logLevel: 'warning' });
  return new Map(outputFiles.map(({ path, contents }) => [`/${relative('/', path)}`, contents]));
}

export function pageUrl(bundle: string): string {
  return `${ORIGIN}/${bundle}.html`;
}

/**
 * Answers everything that the page of a webview asks for: the document that the extension writes, with its policy, and
 * the bundles. `first` runs before the page's own script, as VS Code's does.
 */
export async function servePages(context: BrowserContext, first: () => string): Promise<void> {
  const files = await (bundled ??= bundles());
  await context.route('**', async (route) => {
    const { pathname } = new URL(route.request().url());
    const file = files.get(pathname);
    if (file)
      await route.fulfill({ body: Buffer.from(file), contentType: TYPES[pathname.split('.').at(-1) ?? ''] ?? '' });
    else if (pathname.endsWith('.html'))
      await route.fulfill({ body: pageOf(pathname, first()), contentType: 'text/html' });
    else await route.abort();
  });
}

function pageOf(pathname: string, first: string): string {
  const bundle = basename(pathname, '.html');
  const uri = (name: string): string => `${ORIGIN}${join(OUT, 'webview', name)}`;
  const html = pageHtml({
    title: bundle,
    cspSource: ORIGIN,
    script: uri(`${bundle}.js`),
    style: uri(`${bundle}.css`),
  });
  const nonce = /'nonce-([^']+)'/.exec(html)?.[1] ?? '';
  return html.replace('<body>', `<body><script nonce="${nonce}">${first}</script>`);
}
