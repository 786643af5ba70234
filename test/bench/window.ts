import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { background } from '../../scripts/lib/background.ts';
import { runHostTests } from '../../scripts/lib/host-tests.ts';
import { hostVsCodes } from '../../scripts/lib/host-vscode.ts';
import { writeTrace } from '../support/trace-generator.ts';
import type { BenchRow } from './types.ts';

const root = join(import.meta.dirname, '..', '..');
const RUNS = 9;
/** In the workspace. */
const TRACE = join('traces', '1', 'pod', 'rank0.pt.trace.json.gz');
const TRACE_BYTES = 250e6;

interface Loaded {
  readonly files: number;
  readonly bytes: number;
}

/** What one window tells, in ms. */
interface Opening {
  readonly load: number;
  readonly activate: number;
  readonly rows: number;
  /** A trace's summary, from asking for it; in the first window it is made, in all others it is read from its cache. */
  readonly summary: number;
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
    await mkdir(join(workspace, dirname(TRACE)), { recursive: true });
    await writeTrace(join(workspace, TRACE), TRACE_BYTES);
    const openings: Opening[] = [];
    for (let run = 0; run <= RUNS; run += 1) {
      const { code, output } = await runHostTests(vsCode, {
        extension: root,
        tests: join(root, 'test', 'bench', 'activation.cjs'),
        workspace,
        env: { KUBECONFIG: kubeconfig, BENCH_TRACE: TRACE },
      });
      const told = /ACTIVATION (\{.*\})/.exec(output)?.[1];
      if (code !== 0 || told === undefined) throw new Error(`the window told nothing:\n${output}`);
      // The first window begins with empty caches of the machine, too.
      if (run > 0) openings.push(JSON.parse(told) as Opening);
    }
    const [{ atOnce, withRows }] = openings as [Opening];
    return [
      {
        what: `activation, median of ${RUNS}`,
        ours: spread(openings.map(({ load, activate }) => load + activate)),
        peer: '',
        note: `module load and \`activate()\` by the extension host's own marks; ${size(atOnce)}`,
      },
      {
        what: 'activation to first rows',
        ours: spread(openings.map(({ rows }) => rows)),
        peer: '',
        note: `the Cluster view beside a demo cluster on this machine; ${size(withRows)} by then`,
      },
      {
        what: 'a trace summary from its cache',
        ours: spread(openings.map(({ summary }) => summary)),
        peer: '',
        note: 'in a new window, from asking to the figures, its code loaded on the way',
      },
    ];
  } finally {
    await demo.stop();
    await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What a person downloads. */
export async function benchPackage(vsix: string): Promise<readonly BenchRow[]> {
  return [
    {
      what: 'size of the .vsix',
      ours: `${((await stat(vsix)).size / 1e6).toFixed(1)} MB`,
      peer: '',
      note: 'with the offline Perfetto UI where it could be fetched',
    },
  ];
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
