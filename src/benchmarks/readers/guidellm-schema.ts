import * as z from 'zod';
import { WorkbenchError } from '../../base/errors.ts';
import { figure, figures, text, throughDoor } from './door.ts';
import type { Shape } from './json-stream.ts';

/** guidellm's statistics of one metric over requests of one outcome. */
export interface Distribution {
  readonly mean: number | null;
  readonly median: number | null;
  readonly std_dev: number | null;
  readonly min: number | null;
  readonly max: number | null;
  /** How many observations: requests, or from 0.4 tokens for the metrics per token. */
  readonly count: number | null;
  readonly total_sum: number | null;
  readonly percentiles: Readonly<Record<string, unknown>>;
}

/** One successful request, as far as merging needs it. Times are Unix seconds. */
export interface RequestSample {
  readonly ttft_ms: number | null;
  readonly tpot_ms: number | null;
  readonly itl_ms: number | null;
  readonly e2e_ms: number | null;
  readonly output_tokens: number | null;
  readonly first_token: number | null;
  readonly last_token: number | null;
}

const METRICS = [
  'requests_per_second',
  'request_latency',
  'prompt_token_count',
  'output_token_count',
  'time_to_first_token_ms',
  'time_per_output_token_ms',
  'inter_token_latency_ms',
  'output_tokens_per_second',
  'tokens_per_second',
] as const;

export type MetricName = (typeof METRICS)[number];

/** One benchmark of a guidellm file, whatever version wrote it. */
export interface GuidellmBenchmark {
  readonly strategy: string;
  readonly streams: number | null;
  readonly rate: number | null;
  readonly model: string | null;
  readonly start: number | null;
  readonly end: number | null;
  readonly duration: number | null;
  readonly cooldown: number | null;
  readonly totals: {
    readonly successful: number | null;
    readonly errored: number | null;
    readonly incomplete: number | null;
  };
  readonly successful: Readonly<Partial<Record<MetricName, Distribution>>>;
  readonly total: Readonly<Partial<Record<MetricName, Distribution>>>;
  readonly samples: readonly RequestSample[];
}

/** Layouts of the file: they differ in definitions too (`docs/benchmarks.md`). */
export type GuidellmLayout = '0.2' | '0.3' | '0.4' | '0.5+' | '0.7+';

export interface GuidellmFile {
  readonly layout: GuidellmLayout;
  /** As the file says it; null before 0.5. */
  readonly version: string | null;
  /** The schema's number where the file has one that is newer than what is known here. */
  readonly newerSchema: number | null;
  readonly benchmarks: readonly GuidellmBenchmark[];
}

const KNOWN_SCHEMA = 2;

/** Prompts, answers and failed requests make up nearly all of a file and are never shown. */
const SAMPLE: Shape = {
  time_to_first_token_ms: 'keep',
  time_per_output_token_ms: 'keep',
  inter_token_latency_ms: 'keep',
  request_latency: 'keep',
  output_tokens: 'keep',
  first_token_time: 'keep',
  last_token_time: 'keep',
  info: { timings: { first_token_iteration: 'keep', last_token_iteration: 'keep' } },
};

export const GUIDELLM_BENCHMARKS: Shape = {
  '*': {
    '*': 'keep',
    request_loader: 'drop',
    metrics: { '*': 'keep', text: 'drop', image: 'drop', video: 'drop', audio: 'drop', tool_call: 'drop' },
    requests: { successful: { '*': SAMPLE } },
  },
};

const distribution = z.object({
  mean: figure,
  median: figure,
  std_dev: figure,
  min: figure,
  max: figure,
  count: figure,
  total_sum: figure,
  percentiles: figures,
});
const metric = z.object({ successful: distribution.nullish(), total: distribution.nullish() }).nullish();
const totals = z.object({ successful: figure, errored: figure, incomplete: figure });
const strategy = z.object({ type_: z.string(), streams: figure, rate: figure });
const backend = z.object({ model: text }).nullish();

const sample = z
  .object({
    time_to_first_token_ms: figure,
    time_per_output_token_ms: figure,
    inter_token_latency_ms: figure,
    request_latency: figure,
    output_tokens: figure,
    first_token_time: figure,
    last_token_time: figure,
    info: z
      .object({ timings: z.object({ first_token_iteration: figure, last_token_iteration: figure }).nullish() })
      .nullish(),
  })
  .transform((request) => ({
    ttft_ms: request.time_to_first_token_ms,
    tpot_ms: request.time_per_output_token_ms,
    itl_ms: request.inter_token_latency_ms,
    // In seconds, alone among the latencies.
    e2e_ms: request.request_latency === null ? null : request.request_latency * 1000,
    output_tokens: request.output_tokens,
    first_token: request.first_token_time ?? request.info?.timings?.first_token_iteration ?? null,
    last_token: request.last_token_time ?? request.info?.timings?.last_token_iteration ?? null,
  }));

const benchmark = z.object({
  start_time: figure,
  end_time: figure,
  duration: figure,
  cooldown_duration: figure,
  // 0.2 and 0.3
  args: z.object({ strategy }).nullish(),
  worker: z.object({ backend_model: text }).nullish(),
  request_totals: totals.nullish(),
  // 0.4 and later
  config: z.object({ strategy, backend }).nullish(),
  metrics: z.object({
    request_totals: totals.nullish(),
    requests_per_second: metric,
    request_latency: metric,
    prompt_token_count: metric,
    output_token_count: metric,
    time_to_first_token_ms: metric,
    time_per_output_token_ms: metric,
    inter_token_latency_ms: metric,
    output_tokens_per_second: metric,
    tokens_per_second: metric,
  }),
  requests: z.object({ successful: z.array(sample).nullish() }).nullish(),
});

const file = z.object({
  metadata: z.object({ version: figure, guidellm_version: text }).nullish(),
  args: z.object({ model: text }).nullish(),
  config: z.object({ spec: z.object({ backend }).nullish() }).nullish(),
  benchmarks: z.array(benchmark),
});

type RawFile = z.infer<typeof file>;
type RawBenchmark = z.infer<typeof benchmark>;

/** Validates a document that `isGuidellm` recognised. Throws `version-unknown` or `no-result`. */
export function parseGuidellm(document: unknown, path: string): GuidellmFile {
  const raw = throughDoor(file, document, 'guidellm', path);
  const first = raw.benchmarks[0];
  if (!first) {
    throw new WorkbenchError({
      code: 'no-result',
      message: `${path} is a guidellm file without a benchmark`,
      hint: 'The run was stopped before its first benchmark ended. Look at its output, and run it again.',
    });
  }
  const schema = raw.metadata?.version ?? null;
  return {
    layout: layoutOf(raw, first),
    version: raw.metadata?.guidellm_version ?? null,
    newerSchema: schema !== null && schema > KNOWN_SCHEMA ? schema : null,
    benchmarks: raw.benchmarks.map((each) => normalise(raw, each, path)),
  };
}

function layoutOf(raw: RawFile, first: RawBenchmark): GuidellmLayout {
  if (raw.config) return '0.7+';
  if (raw.metadata) return '0.5+';
  if (first.config) return '0.4';
  // 0.3 added the median to the percentiles.
  const percentiles = first.metrics.request_latency?.successful?.percentiles ?? {};
  return 'p50' in percentiles ? '0.3' : '0.2';
}

function normalise(raw: RawFile, each: RawBenchmark, path: string): GuidellmBenchmark {
  const chosen = each.config?.strategy ?? each.args?.strategy;
  const counts = each.metrics.request_totals ?? each.request_totals;
  if (!chosen || !counts) {
    throw new WorkbenchError({
      code: 'version-unknown',
      message: `${path} looks like a result of guidellm, but names no ${chosen ? 'request totals' : 'strategy'}`,
      hint: 'It is from another version of the tool. Known versions stand in docs/benchmarks.md.',
    });
  }
  return {
    strategy: chosen.type_,
    streams: chosen.streams,
    rate: chosen.rate,
    model:
      each.config?.backend?.model ??
      each.worker?.backend_model ??
      raw.config?.spec?.backend?.model ??
      raw.args?.model ??
      null,
    start: each.start_time,
    end: each.end_time,
    duration: each.duration,
    cooldown: each.cooldown_duration,
    totals: counts,
    successful: pick(each, 'successful'),
    total: pick(each, 'total'),
    samples: each.requests?.successful ?? [],
  };
}

function pick(each: RawBenchmark, outcome: 'successful' | 'total'): GuidellmBenchmark['successful'] {
  const picked: Partial<Record<MetricName, Distribution>> = {};
  for (const name of METRICS) {
    const found = each.metrics[name]?.[outcome];
    if (found) picked[name] = found;
  }
  return picked;
}
