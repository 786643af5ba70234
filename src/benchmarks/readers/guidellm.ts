import { arrayAt, at, isObject } from '../../base/json.ts';
import type { Warning } from '../../inventory/types.ts';
import type { LatencyStats, ResultPoint } from '../types.ts';
import { type Distribution, type GuidellmBenchmark, type GuidellmLayout, parseGuidellm } from './guidellm-schema.ts';
import { latency } from './latency.ts';
import { allFailed, type DocumentFormat, EMPTY_POINT } from './reading.ts';

const SECOND = 1000;
const MS = 1;

export const guidellmJson: DocumentFormat = {
  name: 'guidellm JSON',
  matches: isGuidellm,
  read(document, path) {
    const file = parseGuidellm(document, path);
    const warnings: Warning[] = [];
    if (file.newerSchema !== null) {
      warnings.push({
        code: 'schema-newer',
        message: `written by guidellm ${file.version ?? 'of unknown version'} with schema ${file.newerSchema}, newer than what is known here: compare the figures with the tool's own table`,
      });
    }
    const points = file.benchmarks.map((benchmark) => toPoint(benchmark, file.layout, warnings));
    return { tool: 'guidellm', tool_version: file.version, points, scores: [], warnings, guidellm: file };
  },
};

/** By content: benchmarks that hold metrics and a strategy. */
function isGuidellm(document: unknown): boolean {
  if (!isObject(document) || !Array.isArray(document['benchmarks'])) return false;
  const first = arrayAt(document, 'benchmarks')[0];
  if (first === undefined)
    return isObject(document['metadata']) || isObject(document['config']) || Object.keys(document).length === 1;
  return isObject(at(first, 'metrics')) && (isObject(at(first, 'config')) || isObject(at(first, 'args')));
}

/** `concurrent 64`, `constant 10/s`, `synchronous`. */
export function strategyLabel(benchmark: GuidellmBenchmark): string {
  if (benchmark.streams !== null) return `${benchmark.strategy} ${benchmark.streams}`;
  if (benchmark.rate !== null) return `${benchmark.strategy} ${benchmark.rate}/s`;
  return benchmark.strategy;
}

function toPoint(benchmark: GuidellmBenchmark, layout: GuidellmLayout, warnings: Warning[]): ResultPoint {
  const metrics = benchmark.successful;
  const label = strategyLabel(benchmark);
  if (benchmark.totals.successful === 0) warnings.push(allFailed(label));
  if (benchmark.cooldown !== null && benchmark.cooldown < 0) {
    warnings.push({
      code: 'cooldown-negative',
      message: `${label}: guidellm wrote a cool-down of ${benchmark.cooldown} s, so its measurement window is wrong`,
    });
  }
  return {
    ...EMPTY_POINT,
    label,
    model: benchmark.model,
    concurrency: benchmark.streams,
    request_rate: benchmark.rate,
    requests: benchmark.totals,
    duration_s: benchmark.duration,
    request_throughput: metrics.requests_per_second?.mean ?? null,
    output_token_throughput: metrics.output_tokens_per_second?.mean ?? null,
    total_token_throughput: totalTokenThroughput(benchmark, layout, label, warnings),
    prompt_tokens: metrics.prompt_token_count?.total_sum ?? null,
    output_tokens: metrics.output_token_count?.total_sum ?? null,
    ttft_ms: stats(metrics.time_to_first_token_ms, MS),
    tpot_ms: stats(metrics.time_per_output_token_ms, MS),
    itl_ms: stats(metrics.inter_token_latency_ms, MS),
    e2e_ms: stats(metrics.request_latency, SECOND),
  };
}

/** 0.2 counts prompts twice in `tokens_per_second`; there the sums over the window are the truth. */
function totalTokenThroughput(
  benchmark: GuidellmBenchmark,
  layout: GuidellmLayout,
  label: string,
  warnings: Warning[],
): number | null {
  const { prompt_token_count: prompt, output_token_count: output, tokens_per_second: written } = benchmark.successful;
  if (layout !== '0.2') return written?.mean ?? null;
  if (prompt?.total_sum == null || output?.total_sum == null || !benchmark.duration) return null;
  warnings.push({
    code: 'total-tokens-recomputed',
    message: `${label}: guidellm 0.2 counts prompts twice in its tokens per second, so the total is (prompt + output tokens) / duration`,
  });
  return (prompt.total_sum + output.total_sum) / benchmark.duration;
}

/** guidellm writes zeros where nothing was observed. */
function stats(distribution: Distribution | undefined, toMs: number): LatencyStats | null {
  if (!distribution || distribution.count === 0) return null;
  const { mean, median, std_dev, min, max, percentiles } = distribution;
  return latency({ ...percentiles, mean, median, std_dev, min, max }, toMs);
}
