import { execa } from 'execa';
import { kubeTools } from '../lib/clients.ts';
import { run } from '../lib/run.ts';
import { say } from '../lib/say.ts';
import type { ControlPlaneBinaries } from './binaries.ts';
import { startControlPlane } from './control-plane.ts';

const caseTimeoutMs = 120_000;
/** The whole of it takes one or two minutes; this is for a run that hangs. */
const suiteTimeoutMs = 20 * 60_000;

export const skippedWithoutGo =
  'conformance skipped: there is no Go on this machine to build a control plane with (https://go.dev/dl)';

export interface ConformanceRun {
  /** Of mocha. */
  readonly code: number;
  /** What mocha printed. */
  readonly output: string;
}

/** Runs the cases of these files (all, when none is named) against the demo cluster and a fresh control plane. */
export async function runConformance(
  binaries: ControlPlaneBinaries,
  files: readonly string[],
): Promise<ConformanceRun> {
  const tools = await kubeTools();
  // The loop reads traces with the built worker, and the command line is compared as it is shipped.
  await run('node', ['esbuild.mjs', '--production']);
  const started = performance.now();
  const plane = await startControlPlane(binaries);
  try {
    say(`control plane ready in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    const { exitCode, stdout, timedOut } = await execa(
      'mocha',
      [
        '--timeout',
        String(caseTimeoutMs),
        '--require',
        'test/conformance/support/targets.ts',
        ...(files.length > 0 ? files : ['test/conformance/**/*.test.ts']),
      ],
      {
        stdout: ['pipe', 'inherit'],
        stderr: 'inherit',
        stdin: 'ignore',
        reject: false,
        preferLocal: true,
        timeout: suiteTimeoutMs,
        env: {
          FORCE_COLOR: '0',
          CONFORMANCE_SERVER: plane.server,
          CONFORMANCE_PKI: plane.pki,
          CONFORMANCE_KUBECONFIG: plane.kubeconfigPath,
          CONFORMANCE_ETCD: plane.etcd,
          KUBECTL_NEW: tools.kubectl,
          HELM_NEW: tools.helm,
        },
      },
    );
    if (timedOut) throw new Error(`the conformance cases did not end within ${suiteTimeoutMs / 60_000} minutes`);
    return { code: exitCode ?? 1, output: stdout };
  } finally {
    await plane.stop();
  }
}
