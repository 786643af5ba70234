import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background } from './background.ts';
import { runHostTests, type HostTestResult } from './host-tests.ts';
import { hostVsCodes, type HostVsCode } from './host-vscode.ts';
import { run } from './run.ts';
import { say } from './say.ts';
import { prepareWorkspace } from '../tour/workspace.ts';

const root = join(import.meta.dirname, '..', '..');

/** The suite inside the extension host of each VS Code that this machine can have. */
export async function runHostSuite(): Promise<readonly HostTestResult[]> {
  await run('node', ['scripts/build-host-tests.ts'], { cwd: root });
  const results: HostTestResult[] = [];
  for (const vsCode of await hostVsCodes()) {
    say(`host tests in ${vsCode.name}`);
    results.push(await besideDemo(vsCode));
  }
  return results;
}

/** Runs the suite in a home of its own, beside a demo cluster that the tests may choose. */
async function besideDemo(vsCode: HostVsCode): Promise<HostTestResult> {
  const scratch = await mkdtemp(join(tmpdir(), 'llmdw-host-suite-'));
  const kubeconfig = join(scratch, 'kubeconfig');
  const home = join(scratch, 'home');
  const workspace = join(scratch, 'workspace');
  await mkdir(home);
  await prepareWorkspace(workspace);
  const cluster = background('node', [
    join(root, 'dist', 'llmdw.mjs'),
    'demo',
    '--kubeconfig',
    kubeconfig,
    '--speed',
    '10',
  ]);
  try {
    await cluster.printed(/serves (\S+)/, 60_000);
    return await runHostTests(vsCode, {
      extension: root,
      tests: join(root, 'out', 'test', 'host', 'index.cjs'),
      workspace,
      // No kubeconfig to begin with: the tests look at that state first, then choose the demo's.
      env: { HOME: home, KUBECONFIG: '', LLMDW_TEST_KUBECONFIG: kubeconfig },
    });
  } finally {
    await cluster.stop();
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}
