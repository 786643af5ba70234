import { join } from 'node:path';
import { isCached, npmInstalled, npmPinned } from './cache.ts';
import { ensure, unless, type Need } from './needs.ts';
import { exists, which } from './system.ts';

const source = join(import.meta.dirname, '..', 'installs', 'vscode');

/** For building VS Code's native modules, once. */
export const vsCodeNeeds = unless(
  async () => isCached(await npmPinned('vscode', source)),
  [
    {
      what: "a C++ compiler and make, which build VS Code's native modules",
      packages: ['build-essential'],
      met: async () => (await which('g++')) !== undefined && (await which('make')) !== undefined,
    },
    {
      what: 'python3, which starts their build',
      packages: ['python3'],
      met: async () => (await which('python3')) !== undefined,
    },
    {
      what: 'the headers of Kerberos (gssapi/gssapi.h), against which one of them is built',
      packages: ['libkrb5-dev'],
      met: () => exists('/usr/include/gssapi/gssapi.h'),
    },
  ],
);

export const browserNeeds: readonly Need[] = [
  {
    what: 'a Chromium browser; one that is not on the PATH is named by CHROMIUM',
    packages: ['chromium', 'fonts-dejavu-core'],
    met: async () => (await chromiumHere()) !== undefined,
  },
];

export interface VsCodeServer {
  /** The full product with its own front: `node <entry>`. */
  readonly entry: string;
  /** VS Code's server without the front; it takes an extension test runner. */
  readonly serverMain: string;
}

/** A real VS Code that runs in a browser, installed once into the cache. */
export async function vsCodeServer(): Promise<VsCodeServer> {
  await ensure(vsCodeNeeds);
  // Its post-install insists on the Node that it was built for, which `npm run` puts first on the PATH.
  const folder = await npmInstalled('vscode', source, []);
  const root = join(folder, 'node_modules', 'code-server');
  return {
    entry: join(root, 'out', 'node', 'entry.js'),
    serverMain: join(root, 'lib', 'vscode', 'out', 'server-main.js'),
  };
}

/** A Chromium: CHROMIUM, else one on the PATH, else Debian's. */
export async function chromium(): Promise<string> {
  await ensure(browserNeeds);
  const path = await chromiumHere();
  if (path === undefined) throw new Error('chromium was installed, yet it is not on the PATH');
  return path;
}

async function chromiumHere(): Promise<string | undefined> {
  const given = process.env['CHROMIUM'];
  if (given !== undefined && given !== '') return given;
  const found = await Promise.all(
    ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].map((name) => which(name)),
  );
  return found.find((path) => path !== undefined);
}

/** Quiet, offline, and as root in a container. */
export const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
