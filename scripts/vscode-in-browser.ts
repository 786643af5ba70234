#!/usr/bin/env node
// A VS Code for `@vscode/test-electron` where no desktop's can be had: it takes the same arguments, runs the test module in the
// extension host of the VS Code server in the cache, with a browser in front of it, and ends with the exit code of the tests.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium as browserType, type Page } from 'playwright-core';
import { background } from './lib/background.ts';
import { freePort } from './lib/port.ts';
import { chromium, chromiumArgs, vsCodeServer } from './lib/vscode.ts';
import { trustFlags } from './lib/workbench-window.ts';

/** Of all the tests together; each has a limit of its own. */
const limitMs = 10 * 60_000;
const startMs = 60_000;

const { values, positionals } = parseArgs({
  // The other arguments are of the desktop's windows.
  strict: false,
  allowPositionals: true,
  options: {
    extensionDevelopmentPath: { type: 'string' },
    extensionTestsPath: { type: 'string' },
    'user-data-dir': { type: 'string' },
    restricted: { type: 'boolean' },
  },
});
process.exitCode = await runTests({
  workspace: text(positionals[0], 'a folder to open'),
  extension: text(values.extensionDevelopmentPath, '--extensionDevelopmentPath'),
  tests: text(values.extensionTestsPath, '--extensionTestsPath'),
  userData: text(values['user-data-dir'], '--user-data-dir'),
  restricted: values.restricted === true,
});

function text(value: string | boolean | undefined, what: string): string {
  if (typeof value !== 'string') throw new Error(`${what} is missing`);
  return value;
}

interface Run {
  readonly workspace: string;
  readonly extension: string;
  readonly tests: string;
  /** Holds the settings. */
  readonly userData: string;
  readonly restricted: boolean;
}

async function runTests(run: Run): Promise<number> {
  const { serverMain } = await vsCodeServer();
  const data = await mkdtemp(join(tmpdir(), 'llmdw-server-'));
  await cp(run.userData, join(data, 'data'), { recursive: true });
  const port = await freePort();
  const server = background('node', [
    serverMain,
    '--enable-smoke-test-driver',
    '--without-connection-token',
    '--accept-server-license-terms',
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--server-data-dir',
    data,
    '--disable-telemetry',
    ...trustFlags(run),
  ]);
  const browser = await browserType.launch({ executablePath: await chromium(), args: chromiumArgs });
  try {
    await server.printed(/Extension host agent listening/, startMs);
    return await testsInPage(await browser.newPage(), port, run);
  } finally {
    await browser.close();
    await server.stop();
    await rm(data, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What a page of a VS Code under test calls by these names: one line of the extension host's console, and the end. */
async function testsInPage(page: Page, port: number, { workspace, extension, tests }: Run): Promise<number> {
  await page.exposeFunction('codeAutomationLog', (_type: string, args: readonly unknown[]) => {
    console.log(args.map((argument) => (typeof argument === 'string' ? argument : JSON.stringify(argument))).join(' '));
  });
  const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
  await page.exposeFunction('codeAutomationExit', (code: number) => resolve(code));
  const timer = setTimeout(
    () => reject(new Error(`the tests in the extension host did not end within ${limitMs / 60_000} minutes`)),
    limitMs,
  );
  try {
    const remote = (path: string): string => `vscode-remote://127.0.0.1:${port}${path}`;
    const payload = [
      ['extensionDevelopmentPath', remote(extension)],
      ['extensionTestsPath', remote(tests)],
      ['skipWelcome', 'true'],
    ];
    await page.goto(
      `http://127.0.0.1:${port}/?folder=${encodeURIComponent(workspace)}&payload=${encodeURIComponent(JSON.stringify(payload))}`,
    );
    return await ended;
  } finally {
    clearTimeout(timer);
  }
}
