import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { writeTrace } from '../support/trace-generator.ts';
import type { BenchRow } from './types.ts';
import { measure, type Usage } from './usage.ts';

const root = join(import.meta.dirname, '..', '..');
const TRACE_BYTES = 250e6;
/** As a profile of some seconds on a large model is. */
const LARGE_TRACE_BYTES = 1.05e9;
const REOPENINGS = 9;

/** The least that any summary by JSON.parse must do: inflate, parse, add up the kernels. */
const BY_JSON_PARSE = `
  const { readFileSync } = require('node:fs');
  const { gunzipSync } = require('node:zlib');
  const { traceEvents } = JSON.parse(gunzipSync(readFileSync(process.argv[1])).toString());
  let total = 0;
  for (const event of traceEvents) if (event.cat === 'kernel') total += event.dur;
  process.stdout.write(String(total));
`;

/** What no reader of such a file can do without: inflate it, in pieces of 1 MB. */
const BY_GUNZIP = `
  const { createReadStream } = require('node:fs');
  const { createGunzip } = require('node:zlib');
  let bytes = 0;
  const size = 1 << 20;
  createReadStream(process.argv[1], { highWaterMark: size }).pipe(createGunzip({ chunkSize: size })).on('data', (chunk) => (bytes += chunk.length)).on('end', () => process.stdout.write(String(bytes)));
`;

/** CPU and memory of the command line's summary of large traces, beside what else reads the same files in the same run. */
export async function benchTraces(): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'llmdw-bench-'));
  try {
    return [...(await besideJsonParse(folder)), ...(await besideGunzip(folder))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function besideJsonParse(folder: string): Promise<readonly BenchRow[]> {
  const { trace, sizes } = await made(folder, '1', TRACE_BYTES);
  const ours = await measure(summary(trace), folder);
  const peer = await measure(['--max-old-space-size=8192', '-e', BY_JSON_PARSE, trace]);
  return [
    {
      what: 'trace summary, CPU',
      ours: cpu(ours),
      peer: cpu(peer),
      note: `${sizes}; peer: gunzip + JSON.parse + one loop over the kernels`,
    },
    {
      what: 'trace summary, peak memory',
      ours: memory(ours),
      peer: memory(peer),
      note: 'resident set of the largest process',
    },
  ];
}

async function besideGunzip(folder: string): Promise<readonly BenchRow[]> {
  const { trace, sizes } = await made(folder, '2', LARGE_TRACE_BYTES);
  const ours: Usage[] = [];
  const peers: Usage[] = [];
  for (let run = 0; run < 3; run += 1) {
    await rm(join(folder, 'traces', '2', 'pod', '.cache'), { recursive: true, force: true });
    ours.push(await measure(summary(trace), folder));
    peers.push(await measure(['-e', BY_GUNZIP, trace]));
  }
  const [one, peer] = [median(ours, ({ cpuSeconds }) => cpuSeconds), median(peers, ({ cpuSeconds }) => cpuSeconds)];
  const times: number[] = [];
  for (let run = 0; run < REOPENINGS; run += 1) {
    const started = performance.now();
    await execa(process.execPath, [...summary(trace)], { cwd: folder });
    times.push(performance.now() - started);
  }
  return [
    {
      what: 'summary of a large trace, CPU',
      ours: cpu(one),
      peer: cpu(peer),
      note: `${sizes}; peer: gunzip alone; ${(one.cpuSeconds / peer.cpuSeconds).toFixed(2)} x, medians of 3`,
    },
    {
      what: 'summary of a large trace, peak memory',
      ours: memory(one),
      peer: memory(peer),
      note: 'resident set of the largest process',
    },
    {
      what: 'the same, from its cache',
      ours: `${median(times, (ms) => ms).toFixed(0)} ms`,
      peer: '',
      note: `\`llmdw trace summary\` from start to end, median of ${REOPENINGS}`,
    },
  ];
}

/** A trace where the workspace `folder` keeps its own, so that its summary is cached. */
async function made(
  folder: string,
  set: string,
  bytes: number,
): Promise<{ readonly trace: string; readonly sizes: string }> {
  const place = join(folder, 'traces', set, 'pod');
  await mkdir(place, { recursive: true });
  const trace = join(place, 'rank0.pt.trace.json.gz');
  await writeTrace(trace, bytes);
  return { trace, sizes: `${bytes / 1e6} MB of JSON in ${((await stat(trace)).size / 1e6).toFixed(1)} MB of gzip` };
}

function summary(trace: string): readonly string[] {
  return [join(root, 'dist', 'llmdw.mjs'), 'trace', 'summary', trace, '--json'];
}

function median<T>(some: readonly T[], by: (one: T) => number): T {
  const middle = some.toSorted((a, b) => by(a) - by(b))[Math.floor(some.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

function cpu({ cpuSeconds }: Usage): string {
  return `${cpuSeconds.toFixed(2)} s`;
}

function memory({ peakMegabytes }: Usage): string {
  return `${peakMegabytes.toFixed(0)} MB`;
}

if (import.meta.main) for (const row of await benchTraces()) console.log(row);
