import type { MeasuredRequest } from '../load/completion-load.ts';
import { float, pythonJson } from '../python-json.ts';
import { interTokenLatencies, timeToFirstToken, type BenchMetrics } from './bench-metrics.ts';
import type { BenchOptions } from './bench-options.ts';

const TITLES: Readonly<Record<string, readonly [string, string]>> = {
  ttft: ['TTFT', 'Time to First Token'],
  tpot: ['TPOT', 'Time per Output Token (excl. 1st token)'],
  itl: ['ITL', 'Inter-token Latency'],
  e2el: ['E2EL', 'End-to-end Latency'],
};

/** The table on standard output. */
export function resultTable(metrics: BenchMetrics, options: BenchOptions): string {
  const { durationSeconds: duration } = metrics;
  const whole = (title: string, value: number): string => row(title, String(value));
  const lines = [
    centred(' Serving Benchmark Result ', '='),
    whole('Successful requests:', metrics.completed),
    whole('Failed requests:', metrics.failed),
    ...(options.maxConcurrency === undefined ? [] : [whole('Maximum request concurrency:', options.maxConcurrency)]),
    ...(options.requestRate === Infinity
      ? []
      : [row('Request rate configured (RPS):', options.requestRate.toFixed(2))]),
    row('Benchmark duration (s):', duration.toFixed(2)),
    whole('Total input tokens:', metrics.inputTokens),
    whole('Total generated tokens:', metrics.outputTokens),
    row('Request throughput (req/s):', (metrics.completed / duration).toFixed(2)),
    row('Output token throughput (tok/s):', (metrics.outputTokens / duration).toFixed(2)),
    row('Peak output token throughput (tok/s):', metrics.peakOutputTokensPerSecond.toFixed(2)),
    row('Peak concurrent requests:', metrics.peakConcurrency.toFixed(2)),
    row('Total Token throughput (tok/s):', ((metrics.inputTokens + metrics.outputTokens) / duration).toFixed(2)),
  ];
  for (const latency of metrics.latencies) {
    const [short, long] = TITLES[latency.metric] ?? [latency.metric, latency.metric];
    lines.push(
      centred(long, '-'),
      row(`Mean ${short} (ms):`, latency.mean.toFixed(2)),
      row(`Median ${short} (ms):`, latency.median.toFixed(2)),
    );
    for (const [percent, value] of latency.percentiles) lines.push(row(`P${percent} ${short} (ms):`, value.toFixed(2)));
  }
  lines.push('='.repeat(50));
  return `${lines.join('\n')}\n`;
}

function row(title: string, value: string): string {
  return `${title.padEnd(40)} ${value.padEnd(10)}`;
}

function centred(title: string, fill: string): string {
  const left = Math.floor((50 - title.length) / 2);
  return fill.repeat(left) + title + fill.repeat(50 - title.length - left);
}

export interface BenchRun {
  readonly options: BenchOptions;
  readonly model: string;
  readonly requests: readonly MeasuredRequest[];
  readonly inputLens: readonly number[];
  readonly metrics: BenchMetrics;
  readonly endedAt: Date;
}

/** The result file: one flat object, in the tool's order of keys. */
export function resultJson(run: BenchRun): string {
  const { options, metrics, requests } = run;
  const duration = metrics.durationSeconds;
  const result: Record<string, unknown> = {
    date: compactDate(run.endedAt),
    endpoint_type: options.backend,
    backend: options.backend,
    label: options.label ?? null,
    model_id: run.model,
    tokenizer_id: run.model,
    num_prompts: options.numPrompts,
    ...Object.fromEntries(options.metadata),
    request_rate: options.requestRate === Infinity ? 'inf' : float(options.requestRate),
    burstiness: float(options.burstiness),
    max_concurrency: options.maxConcurrency ?? null,
    duration: float(duration),
    completed: metrics.completed,
    failed: metrics.failed,
    total_input_tokens: metrics.inputTokens,
    total_output_tokens: metrics.outputTokens,
    request_throughput: float(metrics.completed / duration),
    request_goodput: null,
    output_throughput: float(metrics.outputTokens / duration),
    total_token_throughput: float((metrics.inputTokens + metrics.outputTokens) / duration),
    ...(options.saveDetailed ? details(run, requests) : {}),
    max_output_tokens_per_s: float(metrics.peakOutputTokensPerSecond),
    max_concurrent_requests: metrics.peakConcurrency,
  };
  for (const { metric, mean, median, std, percentiles } of metrics.latencies) {
    result[`mean_${metric}_ms`] = float(mean);
    result[`median_${metric}_ms`] = float(median);
    result[`std_${metric}_ms`] = float(std);
    for (const [percent, value] of percentiles) result[`p${percent}_${metric}_ms`] = float(value);
  }
  return pythonJson(result);
}

/** Per request, in seconds; a failed one keeps its slot. */
function details(run: BenchRun, requests: readonly MeasuredRequest[]): Readonly<Record<string, unknown>> {
  return {
    input_lens: run.inputLens,
    output_lens: requests.map((request) => (request.ok ? request.outputTokens : 0)),
    ttfts: requests.map((request) => float(timeToFirstToken(request))),
    itls: requests.map((request) => (request.ok ? interTokenLatencies(request).map(float) : [])),
    generated_texts: requests.map((request) => request.text),
    errors: requests.map((request) => request.error),
  };
}

export function defaultFilename(options: BenchOptions, model: string, endedAt: Date): string {
  const name = model.split('/').at(-1) ?? model;
  const concurrency = options.maxConcurrency === undefined ? '' : `-concurrency${options.maxConcurrency}`;
  return `${options.label ?? options.backend}-${rateText(options.requestRate)}qps${concurrency}-${name}-${compactDate(endedAt)}.json`;
}

/** A rate as Python prints the float. */
export function rateText(rate: number): string {
  if (rate === Infinity) return 'inf';
  return Number.isInteger(rate) ? `${rate}.0` : String(rate);
}

function compactDate(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}
