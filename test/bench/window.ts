import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background } from '../../scripts/lib/background.ts';
import { runHostTests } from '../../scripts/lib/host-tests.ts';
import { hostVsCodes } from '../../scripts/lib/host-vscode.ts';
import type { BenchRow } from './types.ts';

const root = join(import.meta.dirname, '..', '..');
const RUNS = 9;

interface Loaded {
  readonly files: number;
  readonly bytes: number;
}

/** What one window tells, in ms. */
interface Opening {
  readonly load: number;
  readonly activate: number;
  readonly rows: number;
  readonly atOnce: Loaded;
  readonly withRows: Loaded;
}

/** Opening the Cluster view in new windows of a real VS Code, beside a demo cluster. */
export async function benchActivation(): Promise<readonly BenchRow[]> {
  const [vsCode] = await hostVsCodes();
  const workspace = await mkdtemp(join(tmpdir(), 'llmdw-bench-'));
  const kubeconfig = join(workspace, 'kubeconfig');
  const demo = background('node', [join(root, 'dist', 'llmdw.mjs'), 'demo', '--kubeconfig', kubeconfig]);
  try {
    await demo.printed(/serves (\S+)/, 60_000);
    const openings: Opening[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const { code, output } = await runHostTests(vsCode, { extension: root, tests: join(root, 'test', 'bench', 'activation.cjs'), workspace, env: { KUBECONFIG: kubeconfig } });
      const told = /ACTIVATION (\{.*\})/.exec(output)?.[1];
      if (code !== 0 || told === undefined) throw new Error(`the window told nothing:\n${output}`);
      openings.push(JSON.parse(told) as Opening);
    }
    const [{ atOnce, withRows }] = openings as [Opening];
    return [
      { what: `activation, median of ${RUNS}`, ours: spread(openings.map(({ load, activate }) => load + activate)), peer: '', note: `module load and \`activate()\` by the extension host's own marks; ${size(atOnce)}` },
      { what: 'activation to first rows', ours: spread(openings.map(({ rows }) => rows)), peer: '', note: `the Cluster view beside a demo cluster on this machine; ${size(withRows)} by then` },
    ];
  } finally {
    await demo.stop();
    await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What a person downloads. */
export async function benchPackage(vsix: string): Promise<readonly BenchRow[]> {
  return [{ what: 'size of the .vsix', ours: `${((await stat(vsix)).size / 1e6).toFixed(1)} MB`, peer: '', note: 'with the offline Perfetto UI where it could be fetched' }];
}

/** The median, and from the least to the most. */
function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  return `${(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN).toFixed(0)} ms (${sorted[0]?.toFixed(0)} to ${sorted.at(-1)?.toFixed(0)})`;
}

function size({ files, bytes }: Loaded): string {
  return `${(bytes / 1e3).toFixed(0)} kB in ${files} ${files === 1 ? 'file' : 'files'} loaded`;
}

if (import.meta.main) for (const row of await benchActivation()) console.log(row);
