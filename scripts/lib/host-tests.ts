import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium as browserType } from 'playwright-core';
import { background } from './background.ts';
import { freePort } from './port.ts';
import { chromium, chromiumArgs, vsCodeServer } from './vscode.ts';
import { kubeTools } from './clients.ts';
import { trustFlags, writeSettings, type TrustOption } from './workbench-window.ts';

export interface HostTestOptions extends TrustOption {
  /** The extension's folder, built. */
  readonly extension: string;
  /** A module with `run(): Promise<void>`, as for `@vscode/test-electron`. */
  readonly tests: string;
  readonly workspace: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface HostTestResult {
  readonly code: number;
  readonly output: string;
}

/** Runs a test module inside the extension host of a real VS Code: the desktop's where VSCODE_EXECUTABLE names one, else one in a browser. */
export function runHostTests(options: HostTestOptions): Promise<HostTestResult> {
  const desktop = process.env['VSCODE_EXECUTABLE'];
  return desktop === undefined || desktop === '' ? runInBrowser(options) : runOnDesktop(desktop, options);
}

async function runOnDesktop(executable: string, options: HostTestOptions): Promise<HostTestResult> {
  const { runTests } = await import('@vscode/test-electron');
  const data = await mkdtemp(join(tmpdir(), 'llmdw-host-'));
  let output = '';
  const write = process.stdout.write.bind(process.stdout);
  // The runner passes what the tests log on to stdout and hands nothing back.
  process.stdout.write = (chunk: string | Uint8Array) => {
    output += String(chunk);
    return write(chunk);
  };
  try {
    const code = await runTests({
      vscodeExecutablePath: executable,
      extensionDevelopmentPath: options.extension,
      extensionTestsPath: options.tests,
      extensionTestsEnv: { ...options.env },
      launchArgs: [options.workspace, '--user-data-dir', data, '--disable-extensions', '--disable-workspace-trust'],
    });
    return { code, output };
  } finally {
    process.stdout.write = write;
    await rm(data, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function runInBrowser(options: HostTestOptions): Promise<HostTestResult> {
  const { serverMain } = await vsCodeServer();
  const data = await mkdtemp(join(tmpdir(), 'llmdw-host-'));
  await writeSettings(join(data, 'data'), await kubeTools(), options);
  const port = await freePort();
  const server = background(
    'node',
    [serverMain, '--enable-smoke-test-driver', '--without-connection-token', '--accept-server-license-terms', '--host', '127.0.0.1', '--port', String(port), '--server-data-dir', data, '--disable-telemetry', ...trustFlags(options)],
    { env: options.env },
  );
  const browser = await browserType.launch({ executablePath: await chromium(), args: chromiumArgs });
  try {
    await server.printed(/Extension host agent listening/, 60_000);
    const page = await browser.newPage();
    let output = '';
    await page.exposeFunction('codeAutomationLog', (_type: string, args: readonly unknown[]) => {
      const line = args.map((argument) => (typeof argument === 'string' ? argument : JSON.stringify(argument))).join(' ');
      output += `${line}\n`;
      process.stdout.write(`${line}\n`);
    });
    const ended = new Promise<number>((resolve, reject) => {
      page.exposeFunction('codeAutomationExit', (code: number) => resolve(code)).catch(reject);
      setTimeout(() => reject(new Error(`the tests in the extension host did not end within ${options.timeoutMs / 1000} s`)), options.timeoutMs).unref();
    });
    const remote = (path: string): string => `vscode-remote://127.0.0.1:${port}${path}`;
    const payload = [['extensionDevelopmentPath', remote(options.extension)], ['extensionTestsPath', remote(options.tests)], ['skipWelcome', 'true']];
    await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(options.workspace)}&payload=${encodeURIComponent(JSON.stringify(payload))}`);
    return { code: await ended, output };
  } finally {
    await browser.close();
    await server.stop();
    await rm(data, { recursive: true, force: true, maxRetries: 5 });
  }
}
