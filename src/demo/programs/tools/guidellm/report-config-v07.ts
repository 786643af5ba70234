import { float } from '../python-json.ts';
import type { Benchmark } from './benchmark.ts';
import type { GuidellmOptions } from './options.ts';
import { ENVIRONMENT, PHASE } from './report-config-v05.ts';
import { strategyJson, type ReportInput } from './report-common.ts';

type Json = Readonly<Record<string, unknown>>;

const LOADER: Json = { kind: 'pytorch', samples: -1, shuffle: false, num_workers: 1 };

const ROUTES = [
  'health',
  'v1/models',
  'v1/completions',
  'v1/chat/completions',
  'v1/embeddings',
  'v1/responses',
  'v1/audio/transcriptions',
  'v1/audio/translations',
  'pooling',
];

/** The specification of the whole run, at the file's top. */
export function configV07({ options, model, benchmarks }: ReportInput): Json {
  const { data } = options;
  return {
    metadata: { labels: {} },
    spec: {
      backend: backend(options, model),
      profile: profile(options),
      constraints: constraints(options),
      tokenizer: { kind: 'huggingface_auto', model, load_kwargs: {} },
      data: [
        {
          kind: 'synthetic_text',
          load_kwargs: {},
          prompt_tokens: data.promptTokens,
          prompt_tokens_stdev: spread(data.promptTokens, data.promptSpread),
          prompt_tokens_min: null,
          prompt_tokens_max: null,
          output_tokens: data.outputTokens,
          output_tokens_stdev: spread(data.outputTokens, data.outputSpread),
          output_tokens_min: null,
          output_tokens_max: null,
          ...Object.fromEntries(
            ['delay', 'tool_response_tokens']
              .flatMap((name) => [name, `${name}_stdev`, `${name}_min`, `${name}_max`])
              .map((name) => [name, null]),
          ),
          turns: 1,
          tool_call_turns: [],
          tools: null,
          server_tool_call_turns: [],
          prefix_buckets: null,
        },
      ],
      data_column_mapper: { kind: 'generative_column_mapper', column_mappings: null },
      data_preprocessors: [{ kind: 'encode_media', audio_kwargs: {}, image_kwargs: {}, video_kwargs: {} }],
      data_finalizer: { kind: 'generative', tool_call_mode: 'client' },
      data_loader: LOADER,
      seed: { kind: 'static', value: options.seed },
      outputs: [{ kind: 'json', path: options.outputPath ?? 'benchmarks.json' }],
      metrics: { kind: 'generative', sample_size: null, prefer_response_metrics: true },
    },
    benchmarks: benchmarks.map(() => null),
  };
}

export function benchmarkConfigV07({ options, model }: ReportInput, benchmark: Benchmark, runId: string): Json {
  return {
    id_: benchmark.id,
    run_id: runId,
    run_index: benchmark.index,
    strategy: strategyJson(options, benchmark.run.strategy),
    constraints: Object.fromEntries(
      constraints(options).map((constraint) => [
        constraint['kind'],
        { type_: constraint['kind'], args: constraint, current_index: 0 },
      ]),
    ),
    sample_size: null,
    warmup: PHASE,
    cooldown: PHASE,
    prefer_response_metrics: true,
    profile: profile(options),
    requests: LOADER,
    backend: backend(options, model),
    environment: ENVIRONMENT,
  };
}

function backend(options: GuidellmOptions, model: string): Json {
  return {
    kind: 'openai_http',
    target: options.target,
    model,
    request_format: options.chat ? '/v1/chat/completions' : '/v1/completions',
    api_key: null,
    api_routes: Object.fromEntries(ROUTES.map((route) => [`/${route}`, route])),
    timeout: null,
    timeout_connect: float(5),
    http2: true,
    follow_redirects: true,
    verify: false,
    validate_backend: true,
    stream: true,
    extras: null,
    max_tokens: null,
    server_history: false,
    tool_call_missing_behavior: 'error_stop',
    multiturn_reasoning: false,
  };
}

function profile(options: GuidellmOptions): Json {
  const rampup = { rampup_duration: float(options.rampupSeconds), warmup: PHASE, cooldown: PHASE };
  return {
    kind: options.profile,
    ...rampup,
    ...(options.profile === 'concurrent' ? { streams: options.rates } : { rate: options.rates.map(float) }),
  };
}

function constraints(options: GuidellmOptions): readonly (Json & { readonly kind: string })[] {
  return [
    ...(options.maxRequests === undefined
      ? []
      : [{ kind: 'max_requests', stopping_scope: 'current', count: options.maxRequests }]),
    ...(options.maxSeconds === undefined
      ? []
      : [{ kind: 'max_duration', stopping_scope: 'current', seconds: options.maxSeconds }]),
  ];
}

function spread(tokens: number, share: number): number | null {
  return share === 0 ? null : Math.round(tokens * share);
}
