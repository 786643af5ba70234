import type { MeasuredRequest } from '../load/completion-load.ts';
import { ascending, mean, percentile, standardDeviation } from '../load/statistics.ts';

/** One latency as the tool reports it; ms. */
export interface LatencyRow {
  readonly metric: string;
  readonly mean: number;
  readonly median: number;
  readonly std: number;
  readonly percentiles: readonly (readonly [number, number])[];
}

export interface BenchMetrics {
  readonly durationSeconds: number;
  readonly completed: number;
  readonly failed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly peakOutputTokensPerSecond: number;
  readonly peakConcurrency: number;
  readonly latencies: readonly LatencyRow[];
}

/** Seconds between the chunks of a request. */
export function interTokenLatencies(request: MeasuredRequest): readonly number[] {
  return request.chunkTimes.slice(1).map((time, index) => (time - (request.chunkTimes[index] ?? time)) / 1000);
}

/** Seconds to the first chunk; 0 for a request that failed, as the tool keeps its slot. */
export function timeToFirstToken(request: MeasuredRequest): number {
  const first = request.chunkTimes[0];
  return request.ok && first !== undefined ? (first - request.startedAt) / 1000 : 0;
}

export function benchMetrics(
  requests: readonly MeasuredRequest[],
  inputLens: readonly number[],
  durationSeconds: number,
  wanted: readonly string[],
  percents: readonly number[],
): BenchMetrics {
  const good = requests.filter((request) => request.ok);
  const samples: Readonly<Record<string, readonly number[]>> = {
    ttft: good.map(timeToFirstToken),
    // The first token is the prompt's: what is left is spread over the others. One-token answers have none.
    tpot: good
      .filter((request) => request.outputTokens > 1)
      .map(
        (request) =>
          ((request.endedAt - request.startedAt) / 1000 - timeToFirstToken(request)) / (request.outputTokens - 1),
      ),
    itl: good.flatMap(interTokenLatencies),
    e2el: good.map((request) => (request.endedAt - request.startedAt) / 1000),
  };
  return {
    durationSeconds,
    completed: good.length,
    failed: requests.length - good.length,
    inputTokens: requests.reduce((sum, request, index) => sum + (request.ok ? (inputLens[index] ?? 0) : 0), 0),
    outputTokens: good.reduce((sum, request) => sum + request.outputTokens, 0),
    peakOutputTokensPerSecond: peakPerSecond(good.flatMap((request) => request.chunkTimes)),
    peakConcurrency: peakOverlap(good),
    latencies: wanted.map((metric) => latencyRow(metric, samples[metric] ?? [], percents)),
  };
}

function latencyRow(metric: string, seconds: readonly number[], percents: readonly number[]): LatencyRow {
  const sorted = ascending(seconds.map((value) => value * 1000));
  return {
    metric,
    mean: mean(sorted),
    median: percentile(sorted, 50),
    std: standardDeviation(sorted),
    percentiles: percents.map((percent) => [percent, percentile(sorted, percent)]),
  };
}

/** Most events in one of the whole seconds since the first. */
function peakPerSecond(times: readonly number[]): number {
  const first = times.reduce((least, time) => Math.min(least, time), Infinity);
  const counts = new Map<number, number>();
  for (const time of times) {
    const second = Math.floor((time - first) / 1000);
    counts.set(second, (counts.get(second) ?? 0) + 1);
  }
  return counts.values().reduce((most, count) => Math.max(most, count), 0);
}

/** Most requests that were under way in one whole second. */
function peakOverlap(requests: readonly MeasuredRequest[]): number {
  const first = requests.reduce((least, request) => Math.min(least, request.startedAt), Infinity);
  const counts = new Map<number, number>();
  for (const request of requests) {
    const end = Math.floor((request.endedAt - first) / 1000);
    for (let second = Math.floor((request.startedAt - first) / 1000); second <= end; second += 1)
      counts.set(second, (counts.get(second) ?? 0) + 1);
  }
  return counts.values().reduce((most, count) => Math.max(most, count), 0);
}
