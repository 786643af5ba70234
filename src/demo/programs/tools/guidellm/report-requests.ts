import { randomUUID } from 'node:crypto';
import { float, pythonJson, type PythonFloat } from '../python-json.ts';
import type { Benchmark } from './benchmark.ts';
import { requestBody } from './load.ts';
import { isV07, type ReportInput } from './report-common.ts';
import { unixSeconds, words, type RequestStats } from './request-stats.ts';

type Json = Readonly<Record<string, unknown>>;

const MEDIA = [
  'image_tokens',
  'image_count',
  'image_pixels',
  'image_bytes',
  'video_tokens',
  'video_frames',
  'video_seconds',
  'video_bytes',
  'audio_tokens',
  'audio_samples',
  'audio_seconds',
  'audio_bytes',
];

/** The requests by outcome; only the first `sampleRequests` of each where a sample was asked for. */
export function requestsJson(input: ReportInput, benchmark: Benchmark): Json {
  const of = (status: RequestStats['status']): readonly Json[] =>
    benchmark.requests
      .filter((request) => request.status === status)
      .slice(0, input.options.sampleRequests ?? Infinity)
      .map((request) => requestJson(input, benchmark, request));
  return { successful: of('successful'), errored: of('errored'), incomplete: of('incomplete'), total: null };
}

function requestJson(input: ReportInput, benchmark: Benchmark, request: RequestStats): Json {
  const { options } = input;
  const v07 = isV07(options.version);
  const id = randomUUID();
  const { measured } = request.source;
  const total = request.promptTokens + request.outputTokens;
  return {
    type_: 'generative_request_stats',
    request_id: id,
    ...(v07 ? {} : { request_type: options.chat ? 'chat_completions' : 'text_completions' }),
    response_id: measured.responseId ?? null,
    request_args: pythonJson({
      method: null,
      stream: true,
      headers: null,
      params: null,
      body: requestBody(options, input.model, request.source.prompt, request.outputTokens),
    }),
    output: measured.text,
    ...(v07 ? { reasoning_output: null, tool_calls: null } : {}),
    info: infoJson(benchmark, request, id, v07),
    input_metrics: sizes(request.source.prompt, request.promptTokens, v07),
    output_metrics: sizes(measured.text, request.outputTokens, v07),
    request_start_time: float(request.start),
    request_end_time: float(request.end),
    request_latency: float(request.latency),
    prompt_tokens: request.promptTokens,
    output_tokens: request.outputTokens,
    total_tokens: total,
    time_to_first_token_ms: optional(request.ttftMs),
    time_per_output_token_ms: optional(request.tpotMs),
    inter_token_latency_ms: optional(request.itlMs),
    tokens_per_second: float(total / request.latency),
    output_tokens_per_second: float(request.outputTokens / request.latency),
    ...(v07 ? { time_to_first_output_token_ms: optional(request.ttftMs) } : {}),
    iter_tokens_per_iteration: request.chunks < 2 ? null : float((request.outputTokens - 1) / (request.chunks - 1)),
    output_tokens_per_iteration: request.chunks === 0 ? null : float(request.outputTokens / request.chunks),
  };
}

function infoJson(benchmark: Benchmark, request: RequestStats, id: string, v07: boolean): Json {
  const { source } = request;
  const status = { successful: 'completed', errored: 'errored', incomplete: 'cancelled' }[request.status];
  return {
    request_id: id,
    ...(v07 ? { conversation_id: randomUUID(), turn_index: 0 } : {}),
    status,
    scheduler_node_id: 0,
    scheduler_process_id: source.worker % 10,
    scheduler_start_time: float(unixSeconds(benchmark.run.startedAt)),
    timings: {
      targeted_start: float(unixSeconds(source.targetedAt)),
      queued: float(unixSeconds(source.queuedAt)),
      dequeued: float(request.start),
      scheduled_at: float(unixSeconds(source.targetedAt)),
      resolve_start: float(request.start),
      request_start: float(request.start),
      first_request_iteration: optional(request.firstToken),
      first_token_iteration: optional(request.firstToken),
      ...(v07 ? { first_output_token_iteration: optional(request.firstToken) } : {}),
      last_token_iteration: optional(request.lastToken),
      last_request_iteration: optional(request.lastToken),
      request_iterations: request.iterations,
      token_iterations: request.chunks,
      request_end: float(request.end),
      resolve_end: float(request.end),
      finalized: float(request.end),
    },
    ...(v07 ? { settings: { relative_timestamp: null, requeue_delay: null } } : {}),
    error: request.status === 'errored' ? source.measured.error : null,
    traceback: null,
    started_at: float(request.start),
    completed_at: float(request.end),
  };
}

function sizes(text: string, tokens: number, v07: boolean): Json {
  return {
    text_tokens: tokens,
    text_words: words(text),
    text_characters: text.length,
    ...Object.fromEntries(MEDIA.map((name) => [name, null])),
    ...(v07 ? { tool_call_tokens: null, mixed_content_tool_tokens: null, tool_call_count: null } : {}),
    total_tokens: tokens,
  };
}

function optional(value: number | undefined): PythonFloat | null {
  return value === undefined ? null : float(value);
}
