import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { runTests, TestRunFailedError } from '@vscode/test-electron';
import { cacheRoot } from './cache.ts';
import { kubeTools } from './clients.ts';
import { inBrowser, type HostVsCode } from './host-vscode.ts';
import { writeSettings, type TrustOption } from './workbench-window.ts';

export interface HostTestOptions extends TrustOption {
  /** The extension's folder, built. */
  readonly extension: string;
  /** A module with `run(): Promise<void>`. */
  readonly tests: string;
  readonly workspace: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface HostTestResult {
  readonly code: number;
  readonly output: string;
}

/** Runs a test module inside the extension host of a real VS Code. */
export async function runHostTests(vsCode: HostVsCode, options: HostTestOptions): Promise<HostTestResult> {
  const data = await mkdtemp(join(tmpdir(), 'llmdw-host-'));
  await writeSettings(data, await kubeTools(), options);
  let output = '';
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      output += String(chunk);
      process.stdout.write(chunk, done);
    },
  });
  try {
    const code = await runTests({
      // The library starts any VS Code without workspace trust; ours alone knows better.
      vscodeExecutablePath: options.restricted === true ? inBrowser.executable : vsCode.executable,
      extensionDevelopmentPath: options.extension,
      extensionTestsPath: options.tests,
      // The tests may have a home of their own, the launcher's cache is this one.
      extensionTestsEnv: { ...options.env, LLMDW_CACHE: cacheRoot },
      launchArgs: [
        options.workspace,
        '--user-data-dir',
        data,
        '--disable-extensions',
        ...(options.restricted === true ? ['--restricted'] : []),
      ],
      stdout,
    });
    return { code, output };
  } catch (error) {
    if (!(error instanceof TestRunFailedError)) throw error;
    return { code: error.code ?? 1, output };
  } finally {
    await rm(data, { recursive: true, force: true, maxRetries: 5 });
  }
}
