import type { AggregateReport, LatencyStats, MergedLatency, ResultPoint } from './types.ts';

/**
 * Parallel workers as the one load that the servers saw: concurrencies and counts summed, throughput while all of them
 * ran (else over the union of their windows), latencies merged.
 */
export function mergedPoint(aggregate: AggregateReport, workers: readonly ResultPoint[]): ResultPoint {
  const { throughput, requests, output_tokens: outputTokens } = aggregate;
  const concurrency = sum(workers.map((point) => point.concurrency));
  const promptTokens = sum(workers.map((point) => point.prompt_tokens));
  const over = (count: number | null): number | null =>
    count === null || !throughput.union_window_s ? null : count / throughput.union_window_s;
  return {
    label: `${aggregate.workers.length} workers${concurrency === null ? '' : `, concurrency ${concurrency}`}`,
    model: workers[0]?.model ?? null,
    concurrency,
    request_rate: null,
    requests,
    duration_s: throughput.union_window_s,
    request_throughput: over(requests.successful),
    output_token_throughput: throughput.in_common_window ?? throughput.over_union,
    total_token_throughput: promptTokens === null || outputTokens === null ? null : over(promptTokens + outputTokens),
    prompt_tokens: promptTokens,
    output_tokens: outputTokens,
    ttft_ms: stats(aggregate.ttft_ms),
    tpot_ms: stats(aggregate.tpot_ms),
    itl_ms: stats(aggregate.itl_ms),
    e2e_ms: stats(aggregate.e2e_ms),
  };
}

function stats({ mean, p50, p99 }: MergedLatency): LatencyStats | null {
  return mean === null && p50 === null ? null : { mean, median: p50, std: null, min: null, max: null, p50, p99 };
}

/** Null as soon as one worker does not say it. */
function sum(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>(
    (total, value) => (total === null || value === null ? null : total + value),
    values.length === 0 ? null : 0,
  );
}
