import { randomUUID } from 'node:crypto';
import { float, type PythonFloat } from '../python-json.ts';
import { mean, type Benchmark } from './benchmark.ts';
import { distributionJson, type Distribution } from './distribution.ts';
import type { ByStatus, TextFigures } from './metrics.ts';
import type { GuidellmOptions } from './options.ts';
import { constraintStates, isV07, progress, workers, type ReportInput } from './report-common.ts';
import { requestsJson } from './report-requests.ts';
import { argumentsV05, benchmarkConfigV05 } from './report-config-v05.ts';
import { benchmarkConfigV07, configV07 } from './report-config-v07.ts';
import { unixSeconds } from './request-stats.ts';

type Json = Readonly<Record<string, unknown>>;

/** The whole result file. */
export function reportJson(input: ReportInput): Json {
  const { options } = input;
  const v07 = isV07(options.version);
  const runId = randomUUID();
  return {
    metadata: {
      version: v07 ? 2 : 1,
      guidellm_version: options.version,
      python_version: '3.11.7',
      platform: 'Linux-6.8.0-x86_64-with-glibc2.36',
    },
    ...(v07 ? { config: configV07(input) } : { args: argumentsV05(input) }),
    benchmarks: input.benchmarks.map((benchmark) => benchmarkJson(input, benchmark, runId)),
  };
}

function benchmarkJson(input: ReportInput, benchmark: Benchmark, runId: string): Json {
  const { options } = input;
  return {
    type_: 'generative_benchmark',
    config: isV07(options.version)
      ? benchmarkConfigV07(input, benchmark, runId)
      : benchmarkConfigV05(input, benchmark, runId),
    scheduler_state: schedulerState(options, benchmark),
    scheduler_metrics: schedulerMetrics(benchmark),
    metrics: metricsJson(options, benchmark),
    requests: requestsJson(input, benchmark),
    start_time: float(benchmark.start),
    end_time: float(benchmark.end),
    duration: float(benchmark.end - benchmark.start),
    warmup_duration: float(0),
    cooldown_duration: float(0),
  };
}

function schedulerState(options: GuidellmOptions, { run, start, end, requests, metrics }: Benchmark): Json {
  const constraints = constraintStates(options, requests.length, end);
  return {
    node_id: 0,
    num_processes: Math.min(10, workers(run.strategy)),
    start_time: seconds(run.startedAt),
    end_time: seconds(run.endedAt),
    start_requests_time: float(start),
    end_requests_time: float(end),
    end_queuing_time: seconds(run.queuingEndedAt),
    end_queuing_constraints: constraints,
    end_processing_time: seconds(run.endedAt),
    end_processing_constraints: constraints,
    scheduler_constraints: constraints,
    progress: progress(options, requests.length, end),
    created_requests: requests.length,
    queued_requests: 0,
    pending_requests: 0,
    processing_requests: 0,
    processed_requests: requests.length,
    successful_requests: metrics.totals.successful,
    errored_requests: metrics.totals.errored,
    cancelled_requests: metrics.totals.incomplete,
  };
}

function schedulerMetrics({ run, start, end, requests, metrics }: Benchmark): Json {
  const average = (value: (request: Benchmark['requests'][number]) => number): PythonFloat =>
    float(mean(requests.map(value)));
  return {
    start_time: seconds(run.startedAt),
    request_start_time: float(start),
    measure_start_time: float(start),
    measure_end_time: float(end),
    request_end_time: float(end),
    end_time: seconds(run.endedAt),
    requests_made: metrics.totals,
    queued_time_avg: average((request) => request.start - unixSeconds(request.source.queuedAt)),
    resolve_start_delay_avg: float(0),
    resolve_targeted_start_delay_avg: average((request) => request.start - unixSeconds(request.source.targetedAt)),
    request_start_delay_avg: float(0),
    request_targeted_start_delay_avg: average((request) => request.start - unixSeconds(request.source.targetedAt)),
    request_time_avg: average((request) => request.latency),
    resolve_end_delay_avg: float(0),
    resolve_time_avg: average((request) => request.latency),
    finalized_delay_avg: float(0),
    processed_delay_avg: float(0),
  };
}

function metricsJson(options: GuidellmOptions, { metrics }: Benchmark): Json {
  const figures = Object.entries(metrics.figures).filter(
    ([name]) => isV07(options.version) || name !== 'time_to_first_output_token_ms',
  );
  return {
    request_totals: metrics.totals,
    ...Object.fromEntries(figures.map(([name, figure]) => [name, statusJson(figure)])),
    text: {
      tokens: textJson(metrics.text.tokens),
      words: textJson(metrics.text.words),
      characters: textJson(metrics.text.characters),
    },
    image: absent(['tokens', 'images', 'pixels', 'bytes']),
    video: absent(['tokens', 'frames', 'seconds', 'bytes']),
    audio: absent(['tokens', 'samples', 'seconds', 'bytes']),
    ...(isV07(options.version) ? { tool_call: absent(['tokens', 'mixed_tokens', 'count']) } : {}),
  };
}

function statusJson(figure: ByStatus<Distribution>): Json {
  return {
    successful: distributionJson(figure.successful),
    errored: distributionJson(figure.errored),
    incomplete: distributionJson(figure.incomplete),
    total: distributionJson(figure.total),
  };
}

function textJson(figures: TextFigures): Json {
  return Object.fromEntries(Object.entries(figures).map(([name, figure]) => [name, statusJson(figure)]));
}

/** Kinds of content that a text benchmark does not have. */
function absent(kinds: readonly string[]): Json {
  const none = Object.fromEntries(
    ['input', 'output', 'total'].flatMap((name) => [
      [name, null],
      [`${name}_per_second`, null],
      [`${name}_concurrency`, null],
    ]),
  );
  return Object.fromEntries(kinds.map((kind) => [kind, none]));
}

function seconds(monotonicMs: number): PythonFloat {
  return float(unixSeconds(monotonicMs));
}
