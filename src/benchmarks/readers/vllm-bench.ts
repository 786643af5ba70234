import * as z from 'zod';
import { isObject } from '../../base/json.ts';
import type { LatencyStats, ResultPoint } from '../types.ts';
import type { Warning } from '../../inventory/types.ts';
import { figure, text, throughDoor } from './door.ts';
import { latency } from './latency.ts';
import { allFailed, type DocumentFormat, EMPTY_POINT } from './reading.ts';

const record = z.looseObject({
  model_id: text,
  max_concurrency: figure,
  // A number, or "inf".
  request_rate: z
    .union([z.number(), z.string(), z.custom<number>((value) => value === Number.POSITIVE_INFINITY)])
    .nullish(),
  duration: figure,
  completed: figure,
  failed: figure,
  total_input_tokens: figure,
  total_output_tokens: figure,
  request_throughput: figure,
  output_throughput: figure,
  total_token_throughput: figure,
});

type VllmRecord = z.infer<typeof record>;

/** What `vllm bench serve --save-result` writes; several records with `--append-result` or in a sweep's summary. */
export const vllmBenchJson: DocumentFormat = {
  name: 'vllm bench serve JSON',
  matches: (document) => isServeRecord(document) && hasLatencyKeys(document, '_ms'),
  read(document, path) {
    const raw = throughDoor(record, document, 'vllm bench serve', path);
    const warnings: Warning[] = [];
    const point = serveRecordPoint(raw, '_ms', 1, warnings);
    return { tool: 'vllm-bench', tool_version: null, points: [point], scores: [], warnings };
  },
};

export function isServeRecord(document: unknown): document is Record<string, unknown> {
  return isObject(document) && 'completed' in document && 'duration' in document && 'request_throughput' in document;
}

/** Whether there are keys such as `median_ttft<suffix>`. */
export function hasLatencyKeys(document: Record<string, unknown>, suffix: string): boolean {
  return ['ttft', 'tpot', 'itl', 'e2el'].some(
    (metric) => `median_${metric}${suffix}` in document || `mean_${metric}${suffix}` in document,
  );
}

export function parseServeRecord(document: unknown, tool: string, path: string): VllmRecord {
  return throughDoor(record, document, tool, path);
}

export function serveRecordPoint(raw: VllmRecord, suffix: string, toMs: number, warnings: Warning[]): ResultPoint {
  const rate =
    typeof raw.request_rate === 'string'
      ? Number(raw.request_rate.replace(/^inf$/i, 'Infinity'))
      : (raw.request_rate ?? null);
  const requestRate = rate === Number.POSITIVE_INFINITY ? 'inf' : rate !== null && Number.isFinite(rate) ? rate : null;
  const label = loadLabel(raw.max_concurrency, requestRate);
  const failed = raw.completed === 0;
  if (failed) warnings.push(allFailed(label));
  // A run without one success writes 0.0 for every latency.
  const stats = (metric: string): LatencyStats | null => (failed ? null : latency(keysOf(raw, metric, suffix), toMs));
  return {
    ...EMPTY_POINT,
    label,
    model: raw.model_id,
    concurrency: raw.max_concurrency,
    request_rate: requestRate,
    requests: { successful: raw.completed, errored: raw.failed, incomplete: null },
    duration_s: raw.duration,
    request_throughput: raw.request_throughput,
    output_token_throughput: raw.output_throughput,
    total_token_throughput: raw.total_token_throughput,
    prompt_tokens: raw.total_input_tokens,
    output_tokens: raw.total_output_tokens,
    ttft_ms: stats('ttft'),
    tpot_ms: stats('tpot'),
    itl_ms: stats('itl'),
    e2e_ms: stats('e2el'),
  };
}

export function loadLabel(concurrency: number | null, rate: number | 'inf' | null): string {
  if (concurrency !== null) return `concurrency ${concurrency}`;
  if (rate === 'inf') return 'unlimited rate';
  return rate === null ? 'run' : `${rate}/s`;
}

/** `{p99: …}` out of `p99_ttft_ms`. */
export function keysOf(
  raw: Readonly<Record<string, unknown>>,
  metric: string,
  suffix: string,
): Record<string, unknown> {
  const ending = `_${metric}${suffix}`;
  return Object.fromEntries(
    Object.entries(raw)
      .filter(([key]) => key.endsWith(ending))
      .map(([key, value]) => [key.slice(0, -ending.length), value]),
  );
}
