import { randomUUID } from 'node:crypto';
import { benchmarkMetrics, type BenchmarkMetrics } from './metrics.ts';
import type { StrategyRun } from './load.ts';
import { requestStats, unixSeconds, type RequestStats } from './request-stats.ts';

/** One benchmark as the reports need it. Unix seconds. */
export interface Benchmark {
  readonly id: string;
  readonly index: number;
  readonly run: StrategyRun;
  readonly requests: readonly RequestStats[];
  readonly metrics: BenchmarkMetrics;
  readonly start: number;
  readonly end: number;
}

export function toBenchmark(run: StrategyRun, index: number): Benchmark {
  const requests = run.requests.map((request) => requestStats(request, run.promptTokens));
  const start = requests.reduce((least, request) => Math.min(least, request.start), unixSeconds(run.endedAt));
  const end = requests.reduce((most, request) => Math.max(most, request.end), start);
  return { id: randomUUID(), index, run, requests, metrics: benchmarkMetrics(requests, { start, end }), start, end };
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
