import { float } from '../python-json.ts';
import type { Benchmark } from './benchmark.ts';
import type { GuidellmOptions } from './options.ts';
import { strategyJson, type ReportInput } from './report-common.ts';

type Json = Readonly<Record<string, unknown>>;

export const PHASE: Json = { percent: null, value: null, mode: 'prefer_duration' };

export const ENVIRONMENT: Json = {
  str: '<guidellm.scheduler.environments.NonDistributedEnvironment object at 0x7fd4fe5d11d0>',
  type: 'NonDistributedEnvironment',
  class: 'NonDistributedEnvironment',
  module: 'guidellm.scheduler.environments',
  attributes: { run_errors: [] },
};

/** The arguments of the whole run, at the file's top. */
export function argumentsV05({ options, model }: ReportInput): Json {
  const path = options.outputPath ?? 'benchmarks.json';
  const slash = path.lastIndexOf('/');
  return {
    target: options.target,
    data: [options.dataText],
    profile: options.profile,
    rate: options.rates.length === 0 ? null : options.rates.map(float),
    backend: 'openai_http',
    backend_kwargs: null,
    model,
    processor: model,
    processor_args: null,
    data_args: [],
    data_samples: -1,
    data_column_mapper: 'generative_column_mapper',
    data_request_formatter: options.chat ? 'chat_completions' : 'text_completions',
    data_collator: 'generative',
    data_sampler: null,
    data_num_workers: 1,
    dataloader_kwargs: null,
    random_seed: options.seed,
    outputs: [path.slice(slash + 1)],
    output_dir: slash < 0 ? '.' : path.slice(0, Math.max(1, slash)),
    sample_requests: options.sampleRequests ?? null,
    warmup: null,
    cooldown: null,
    rampup: float(options.rampupSeconds),
    prefer_response_metrics: true,
    max_seconds: options.maxSeconds ?? null,
    max_requests: options.maxRequests ?? null,
    max_errors: options.maxErrors ?? null,
    max_error_rate: null,
    max_global_error_rate: null,
    over_saturation: null,
  };
}

export function benchmarkConfigV05(input: ReportInput, benchmark: Benchmark, runId: string): Json {
  const { options, model } = input;
  return {
    id_: benchmark.id,
    run_id: runId,
    run_index: benchmark.index,
    strategy: strategyJson(options, benchmark.run.strategy),
    constraints: constraintInitializers(options),
    sample_requests: options.sampleRequests ?? null,
    warmup: PHASE,
    cooldown: PHASE,
    prefer_response_metrics: true,
    profile: profileJson(input),
    requests: {
      data: `['${options.dataText}']`,
      data_args: '[]',
      data_samples: -1,
      preprocessors: ['GenerativeColumnMapper', 'GenerativeChatCompletionsRequestFormatter'],
      collator: 'GenerativeRequestCollator',
      sampler: 'None',
      num_workers: 1,
      random_seed: options.seed,
    },
    backend: {
      target: options.target,
      model,
      timeout: float(60),
      http2: true,
      follow_redirects: true,
      verify: false,
      openai_paths: {
        health: 'health',
        models: 'v1/models',
        text_completions: 'v1/completions',
        chat_completions: 'v1/chat/completions',
        audio_transcriptions: 'v1/audio/transcriptions',
        audio_translations: 'v1/audio/translations',
      },
      validate_backend: { method: 'GET', url: `${options.target}/health` },
    },
    environment: ENVIRONMENT,
  };
}

function profileJson({ options, benchmarks }: ReportInput): Json {
  const strategies = benchmarks.map((benchmark) => strategyJson(options, benchmark.run.strategy));
  return {
    type_: options.profile === 'constant' || options.profile === 'poisson' ? 'async' : options.profile,
    completed_strategies: strategies,
    constraints: {
      ...(options.maxRequests === undefined ? {} : { max_requests: options.maxRequests }),
      ...(options.maxSeconds === undefined ? {} : { max_seconds: options.maxSeconds }),
    },
    rampup_duration: float(options.rampupSeconds),
    ...(options.profile === 'concurrent' ? { streams: options.rates } : { rate: options.rates.map(float) }),
    strategy_types: benchmarks.map((benchmark) => benchmark.run.strategy.kind),
  };
}

function constraintInitializers(options: GuidellmOptions): Json {
  return {
    ...(options.maxRequests === undefined
      ? {}
      : { max_requests: { type_: 'max_number', max_num: options.maxRequests, current_index: 0 } }),
    ...(options.maxSeconds === undefined
      ? {}
      : { max_seconds: { type_: 'max_duration', max_duration: options.maxSeconds, current_index: 0 } }),
  };
}
