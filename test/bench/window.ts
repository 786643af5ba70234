import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runHostTests } from '../../scripts/lib/host-tests.ts';
import { hostVsCodes } from '../../scripts/lib/host-vscode.ts';
import type { BenchRow } from './types.ts';

const root = join(import.meta.dirname, '..', '..');

/** Activation in a real VS Code, and the size of the package that a person downloads. */
export async function benchWindow(vsix: string): Promise<readonly BenchRow[]> {
  const [vsCode] = await hostVsCodes();
  const workspace = await mkdtemp(join(tmpdir(), 'llmdw-bench-'));
  try {
    const times: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      const { output } = await runHostTests(vsCode, { extension: root, tests: join(root, 'test', 'bench', 'activation.cjs'), workspace, env: { KUBECONFIG: join(workspace, 'none') } });
      const { already, ms } = JSON.parse(/ACTIVATION (\{.*\})/.exec(output)?.[1] ?? '{}') as { already: boolean; ms: number };
      if (already) throw new Error('the extension was active before the bench asked for it');
      times.push(ms);
    }
    const median = times.toSorted((a, b) => a - b)[1] ?? Number.NaN;
    return [
      { what: 'activation, median of 3', ours: `${median.toFixed(0)} ms`, peer: '', note: 'module load and activate() in the extension host' },
      { what: 'size of the .vsix', ours: `${((await stat(vsix)).size / 1e6).toFixed(1)} MB`, peer: '', note: 'with the offline Perfetto UI where it could be fetched' },
    ];
  } finally {
    await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
  }
}
