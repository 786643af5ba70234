import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTrace } from '../support/trace-generator.ts';
import type { BenchRow } from './types.ts';
import { measure } from './usage.ts';

const root = join(import.meta.dirname, '..', '..');
const TRACE_BYTES = 250e6;

/** The least that any summary by JSON.parse must do: inflate, parse, add up the kernels. */
const BY_JSON_PARSE = `
  const { readFileSync } = require('node:fs');
  const { gunzipSync } = require('node:zlib');
  const { traceEvents } = JSON.parse(gunzipSync(readFileSync(process.argv[1])).toString());
  let total = 0;
  for (const event of traceEvents) if (event.cat === 'kernel') total += event.dur;
  process.stdout.write(String(total));
`;

/** CPU and memory of the command line's summary of one large trace, beside JSON.parse of the same file in the same run. */
export async function benchTraces(): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'llmdw-bench-'));
  try {
    const trace = join(folder, 'rank0.pt.trace.json.gz');
    await writeTrace(trace, TRACE_BYTES);
    const { size } = await stat(trace);
    const ours = await measure([join(root, 'dist', 'llmdw.mjs'), 'trace', 'summary', trace, '--json']);
    const peer = await measure(['--max-old-space-size=8192', '-e', BY_JSON_PARSE, trace]);
    const note = `${TRACE_BYTES / 1e6} MB of JSON in ${(size / 1e6).toFixed(1)} MB of gzip; peer: gunzip + JSON.parse + one loop over the kernels`;
    return [
      { what: 'trace summary, CPU', ours: `${ours.cpuSeconds.toFixed(2)} s`, peer: `${peer.cpuSeconds.toFixed(2)} s`, note },
      { what: 'trace summary, peak memory', ours: `${ours.peakMegabytes.toFixed(0)} MB`, peer: `${peer.peakMegabytes.toFixed(0)} MB`, note: 'resident set of the largest process' },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) for (const row of await benchTraces()) console.log(row);
