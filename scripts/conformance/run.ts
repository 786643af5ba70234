// `node scripts/conformance/run.ts [file...]`: the same cases against the demo cluster and a real control plane; mocha's closing lines tell.
import { execa } from 'execa';
import { kubeTools } from '../lib/clients.ts';
import { say } from '../lib/say.ts';
import { which } from '../lib/system.ts';
import { controlPlaneBinaries } from './binaries.ts';
import { startControlPlane } from './control-plane.ts';

const caseTimeoutMs = 120_000;

const go = await which('go');
if (go === undefined) {
  console.log('conformance skipped: there is no Go on this machine to build a control plane with (https://go.dev/dl)');
} else {
  process.exitCode = await conform(go, process.argv.slice(2));
}

/** The exit code of mocha. */
async function conform(go: string, files: readonly string[]): Promise<number> {
  const tools = await kubeTools();
  const binaries = await controlPlaneBinaries(go);
  const started = performance.now();
  const plane = await startControlPlane(binaries);
  try {
    say(`control plane ready in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    const { exitCode } = await execa('mocha', ['--timeout', String(caseTimeoutMs), '--require', 'test/conformance/support/targets.ts', ...(files.length > 0 ? files : ['test/conformance/**/*.test.ts'])], {
      stdout: 'inherit', stderr: 'inherit', stdin: 'ignore', reject: false, preferLocal: true,
      env: { CONFORMANCE_SERVER: plane.server, CONFORMANCE_PKI: plane.pki, CONFORMANCE_KUBECONFIG: plane.kubeconfigPath, KUBECTL_NEW: tools.kubectl, HELM_NEW: tools.helm },
    });
    return exitCode ?? 1;
  } finally {
    await plane.stop();
  }
}
