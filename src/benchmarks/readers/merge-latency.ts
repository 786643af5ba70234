import type { GuidellmBenchmark, MetricName, RequestSample } from './guidellm-schema.ts';
import type { MergedLatency } from '../types.ts';

interface Metric {
  readonly distribution: MetricName;
  readonly toMs: number;
  readonly sample: (sample: RequestSample) => number | null;
  /** Observations in a request where guidellm counts tokens rather than requests. */
  readonly tokens: (outputTokens: number) => number;
}

const METRICS = {
  ttft: { distribution: 'time_to_first_token_ms', toMs: 1, sample: (sample) => sample.ttft_ms, tokens: () => 1 },
  tpot: {
    distribution: 'time_per_output_token_ms',
    toMs: 1,
    sample: (sample) => sample.tpot_ms,
    tokens: (outputTokens) => outputTokens,
  },
  itl: {
    distribution: 'inter_token_latency_ms',
    toMs: 1,
    sample: (sample) => sample.itl_ms,
    tokens: (outputTokens) => outputTokens - 1,
  },
  e2e: { distribution: 'request_latency', toMs: 1000, sample: (sample) => sample.e2e_ms, tokens: () => 1 },
} as const satisfies Readonly<Record<string, Metric>>;

/**
 * One latency over all workers: the mean weighted by what each file's mean is of, percentiles from the raw samples or,
 * where they do not stand for the run, none. Percentiles of workers are never averaged.
 */
export function mergeLatency(benchmarks: readonly GuidellmBenchmark[], name: keyof typeof METRICS): MergedLatency {
  const metric: Metric = METRICS[name];
  const mean = weightedMean(benchmarks, metric);
  const observations = benchmarks.every(hasAllSamples) ? observationsOf(benchmarks, metric) : undefined;
  if (!observations || observations.length === 0) return { mean, p50: null, p99: null, method: 'not-mergeable' };
  observations.sort((a, b) => a.value - b.value);
  return { mean, p50: nearestRank(observations, 50), p99: nearestRank(observations, 99), method: 'merged' };
}

/** A file may list fewer requests than it counts (a sample), or more (outside of its window): then they do not stand for the run. */
export function hasAllSamples(benchmark: GuidellmBenchmark): boolean {
  return benchmark.samples.length === benchmark.totals.successful;
}

export interface Observation {
  readonly value: number;
  /** How many observations this one stands for. */
  readonly weight: number;
}

/** Percentile by nearest rank: a value that was really measured. `sorted` is ascending by value. */
export function nearestRank(sorted: readonly Observation[], percent: number): number | null {
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  const rank = Math.ceil((percent / 100) * total);
  let reached = 0;
  for (const { value, weight } of sorted) {
    reached += weight;
    if (reached >= rank && weight > 0) return value;
  }
  return null;
}

/** Undefined when some request does not say it. */
function observationsOf(benchmarks: readonly GuidellmBenchmark[], metric: Metric): Observation[] | undefined {
  const observations: Observation[] = [];
  for (const benchmark of benchmarks) {
    const perToken = (benchmark.successful[metric.distribution]?.count ?? 0) > benchmark.samples.length;
    for (const sample of benchmark.samples) {
      const value = metric.sample(sample);
      const weight = perToken ? metric.tokens(sample.output_tokens ?? 0) : 1;
      // A request of one token has no time between tokens.
      if (weight === 0) continue;
      if (value === null) return undefined;
      observations.push({ value, weight });
    }
  }
  return observations;
}

function weightedMean(benchmarks: readonly GuidellmBenchmark[], { distribution, toMs }: Metric): number | null {
  let weight = 0;
  let weighted = 0;
  for (const benchmark of benchmarks) {
    const { mean = null, count = null } = benchmark.successful[distribution] ?? {};
    if (mean === null || count === null) return null;
    weight += count;
    weighted += mean * count;
  }
  return weight > 0 ? (weighted / weight) * toMs : null;
}
