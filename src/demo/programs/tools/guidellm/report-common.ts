import { float } from '../python-json.ts';
import type { Benchmark } from './benchmark.ts';
import type { GuidellmOptions, Strategy } from './options.ts';

type Json = Readonly<Record<string, unknown>>;

export interface ReportInput {
  readonly options: GuidellmOptions;
  readonly model: string;
  readonly benchmarks: readonly Benchmark[];
}

/** 0.7.2 began to write `config` in place of `args`, and some more figures. */
export function isV07(version: string): boolean {
  return Number(version.split('.')[1]) >= 7;
}

export function progress(options: GuidellmOptions, done: number, end: number): Json {
  const total = options.maxRequests;
  return {
    remaining_requests: total === undefined ? null : float(Math.max(0, total - done)),
    total_requests: total === undefined ? null : float(total),
    remaining_duration: options.maxSeconds === undefined ? null : float(0),
    total_duration: options.maxSeconds === undefined ? null : float(options.maxSeconds),
    stop_time: float(end),
  };
}

export function workers(strategy: Strategy): number {
  switch (strategy.kind) {
    case 'synchronous':
      return 1;
    case 'concurrent':
      return strategy.streams;
    case 'throughput':
      return strategy.maxConcurrency;
    case 'constant':
    case 'poisson':
      return 10;
  }
}

/** A strategy as both versions write it. */
export function strategyJson(options: GuidellmOptions, strategy: Strategy): Json {
  const common = {
    type_: strategy.kind,
    worker_count: Math.min(10, workers(strategy)),
    max_concurrency: strategy.kind === 'constant' || strategy.kind === 'poisson' ? null : workers(strategy),
  };
  switch (strategy.kind) {
    case 'synchronous':
      return common;
    case 'concurrent':
      return { ...common, streams: strategy.streams, rampup_duration: float(options.rampupSeconds) };
    case 'throughput':
      return { ...common, rampup_duration: float(options.rampupSeconds) };
    case 'constant':
      return { ...common, rate: float(strategy.rate) };
    case 'poisson':
      return { ...common, rate: float(strategy.rate), random_seed: options.seed };
  }
}

/** What each constraint said when the benchmark ended. */
export function constraintStates(options: GuidellmOptions, done: number, end: number): Json {
  const v07 = isV07(options.version);
  const state = {
    request_queuing: 'stop',
    request_processing: 'stop_local',
    ...(v07 ? { stopping_scope: 'current' } : {}),
    progress: progress(options, done, end),
  };
  return {
    ...(options.maxRequests === undefined
      ? {}
      : {
          max_requests: {
            ...state,
            metadata: {
              [v07 ? 'max_requests' : 'max_number']: options.maxRequests,
              create_exceeded: done >= options.maxRequests,
              processed_exceeded: done >= options.maxRequests,
              created_requests: done,
              processed_requests: done,
              remaining_requests: Math.max(0, options.maxRequests - done),
              stop_time: float(end),
            },
          },
        }),
    ...(options.maxSeconds === undefined
      ? {}
      : {
          max_seconds: {
            ...state,
            metadata: { max_duration: options.maxSeconds, duration_exceeded: true, stop_time: float(end) },
          },
        }),
  };
}
