import type { AggregateReport, LatencyStats, ResultPoint } from '../../../src/benchmarks/types.ts';
import type { RunFigures, RunItem, ToResults } from '../../../src/protocol/results.ts';

export type ResultsState = Extract<ToResults, { readonly type: 'state' }>;

export function run(id: string, more: Partial<RunItem> = {}): RunItem {
  return {
    id,
    label: `run ${id}`,
    startedAt: '2026-11-28T09:30:00Z',
    recipe: 'guidellm',
    deployment: 'pd',
    model: 'Qwen/Qwen3-0.6B',
    summary: null,
    baseline: false,
    ...more,
  };
}

export function latency(median: number, p99: number): LatencyStats {
  return { mean: null, median, std: null, min: null, max: null, p99 };
}

export function point(concurrency: number | null, more: Partial<ResultPoint> = {}): ResultPoint {
  return {
    label: `concurrency ${concurrency}`,
    model: null,
    concurrency,
    request_rate: null,
    requests: { successful: 100, errored: 0, incomplete: 0 },
    duration_s: 60,
    request_throughput: null,
    output_token_throughput: null,
    total_token_throughput: null,
    prompt_tokens: null,
    output_tokens: null,
    ttft_ms: null,
    tpot_ms: null,
    itl_ms: null,
    e2e_ms: null,
    ...more,
  };
}

export function figures(id: string, points: readonly ResultPoint[], more: Partial<RunFigures> = {}): RunFigures {
  return { id, gpus: 8, points, aggregate: null, errors: [], warnings: [], ...more };
}

/** Three load levels, each figure of which tells the level and the run. */
export function sweep(id: string, factor: number): RunFigures {
  return figures(
    id,
    [1, 8, 64].map((load) =>
      point(load, {
        requests: { successful: 100 * load, errored: load === 64 ? 7 : 0, incomplete: 0 },
        request_throughput: 0.5 * load * factor,
        output_token_throughput: 96.4 * load * factor,
        ttft_ms: latency((20 + load) * factor, (55 + load * 3) * factor),
        tpot_ms: latency(8 * factor, 14 * factor),
        itl_ms: latency(7.5 * factor, 21 * factor),
        e2e_ms: latency(1900 * factor, 2600 * factor),
      }),
    ),
  );
}

export function state(more: Partial<ResultsState>): ResultsState {
  return { type: 'state', turn: 0, runs: [], chosen: [], figures: [], ...more };
}

/** Of two workers, of which one more was expected. */
export const aggregate: AggregateReport = {
  workers: [0, 1].map((index) => ({
    index,
    path: `worker-${index}.json`,
    requests: { successful: 500, errored: 2, incomplete: 0 },
    output_tokens: 64_000,
    output_token_throughput: 1000 + index,
    output_token_throughput_total: 1010 + index,
    window: { start_s: index * 5, end_s: 60 + index * 5 },
  })),
  missing: [2],
  requests: { successful: 1000, errored: 4, incomplete: 0 },
  output_tokens: 128_000,
  throughput: {
    sum_of_means: 2001,
    over_union: 1969.2,
    in_common_window: 1998.4,
    union_window_s: 65,
    common_window_s: 55,
    overlap: 55 / 65,
  },
  ttft_ms: { mean: 40, p50: 38.2, p99: 91.7, method: 'merged' },
  tpot_ms: { mean: null, p50: null, p99: null, method: 'not-mergeable' },
  itl_ms: { mean: null, p50: null, p99: null, method: 'not-mergeable' },
  e2e_ms: { mean: null, p50: null, p99: null, method: 'not-mergeable' },
  warnings: [{ code: 'worker-missing', message: 'Worker 2 left no result.' }],
  errors: [],
};
