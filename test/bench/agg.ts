import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeWorkerResult } from '../support/worker-result.ts';
import type { BenchRow } from './types.ts';
import { measure } from './usage.ts';

const root = join(import.meta.dirname, '..', '..');
const WORKERS = 4;
const FILE_BYTES = 50e6;

/** The least that an aggregate by JSON.parse must do: one file after the other, sum the tokens, sort the raw TTFTs. */
const BY_JSON_PARSE = `
  const { readFileSync } = require('node:fs');
  const { join } = require('node:path');
  let tokens = 0;
  const ttfts = [];
  for (let index = 0; index < ${WORKERS}; index += 1) {
    const [benchmark] = JSON.parse(readFileSync(join(process.argv[1], index + '.json'), 'utf8')).benchmarks;
    tokens += benchmark.metrics.output_token_count.successful.total_sum;
    for (const request of benchmark.requests.successful) ttfts.push(request.time_to_first_token_ms);
  }
  ttfts.sort((a, b) => a - b);
  process.stdout.write(JSON.stringify({ tokens, p99: ttfts[Math.ceil(0.99 * ttfts.length) - 1] }));
`;

/** CPU and memory of `agg 4` on four guidellm files of 50 MB, beside JSON.parse of the same files in the same run. */
export async function benchAggregate(): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'llmdw-bench-'));
  try {
    for (let index = 0; index < WORKERS; index += 1)
      await writeWorkerResult(join(folder, `${index}.json`), index, FILE_BYTES);
    const ours = await measure([join(root, 'dist', 'llmdw.mjs'), 'agg', String(WORKERS), folder, '--json']);
    const peer = await measure(['--max-old-space-size=8192', '-e', BY_JSON_PARSE, folder]);
    assertSame(ours.stdout, peer.stdout);
    const note = `${WORKERS} x ${FILE_BYTES / 1e6} MB of guidellm 0.7 JSON, about 6 kB a request; peer: readFile + JSON.parse, tokens summed and TTFTs sorted`;
    return [
      { what: 'agg 4, CPU', ours: `${ours.cpuSeconds.toFixed(2)} s`, peer: `${peer.cpuSeconds.toFixed(2)} s`, note },
      {
        what: 'agg 4, peak memory',
        ours: `${ours.peakMegabytes.toFixed(0)} MB`,
        peer: `${peer.peakMegabytes.toFixed(0)} MB`,
        note: 'resident set of the largest process',
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A fast wrong answer is none. */
function assertSame(ours: string, peer: string): void {
  const report = JSON.parse(ours) as { output_tokens: number; ttft_ms: { p99: number } };
  const expected = JSON.parse(peer) as { tokens: number; p99: number };
  if (report.output_tokens !== expected.tokens || report.ttft_ms.p99 !== expected.p99)
    throw new Error(`agg gave ${ours}, JSON.parse gave ${peer}`);
}

if (import.meta.main) for (const row of await benchAggregate()) console.log(row);
