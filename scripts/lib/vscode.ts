import { join } from 'node:path';
import { npmInstalled } from './cache.ts';
import { npm } from './npm.ts';
import { aptInstall, exists, which } from './system.ts';

const source = join(import.meta.dirname, '..', 'installs', 'vscode');

/** Headers that code-server's native modules are compiled against. */
const headers = ['libkrb5-dev', 'libx11-dev', 'libxkbfile-dev', 'libsecret-1-dev'];

export interface VsCodeServer {
  /** The full product with its own front: `node <entry>`. */
  readonly entry: string;
  /** VS Code's server without the front; it takes an extension test runner. */
  readonly serverMain: string;
}

/** A real VS Code that runs in a browser, installed once into the cache. */
export async function vsCodeServer(): Promise<VsCodeServer> {
  const folder = await npmInstalled('vscode', source, [], async (target, args) => {
    if (!(await exists('/usr/include/gssapi/gssapi.h')) || !(await which('g++'))) {
      await aptInstall([...headers, ...((await which('g++')) ? [] : ['build-essential'])], 'A header that VS Code\'s native modules need');
    }
    // Its post-install insists on the Node that it was built for, which `npm run` puts first on the PATH.
    await npm(args, { cwd: target });
  });
  const root = join(folder, 'node_modules', 'code-server');
  return { entry: join(root, 'out', 'node', 'entry.js'), serverMain: join(root, 'lib', 'vscode', 'out', 'server-main.js') };
}

/** A Chromium: CHROMIUM, else one on the PATH, else Debian's. */
export async function chromium(): Promise<string> {
  const given = process.env['CHROMIUM'];
  if (given !== undefined && given !== '') return given;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) {
    const path = await which(name);
    if (path !== undefined) return path;
  }
  await aptInstall(['chromium', 'fonts-dejavu-core'], 'A Chromium browser');
  const path = await which('chromium');
  if (path === undefined) throw new Error('chromium was installed, yet it is not on the PATH');
  return path;
}

/** Quiet, offline, and as root in a container. */
export const chromiumArgs = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
