import type { Disposable } from '../base/disposables.ts';
import type { LongCall } from '../deployment/types.ts';
import type { ClusterRef } from '../kube/types.ts';
import type { Warning } from '../inventory/types.ts';
import type { ErrorCode } from '../base/errors.ts';

export type ResultTool = 'guidellm' | 'vllm-bench' | 'lm_eval' | 'inference-perf' | 'llm-d-benchmark' | 'inferencex';
export type ResultFormat = 'json' | 'jsonl' | 'stdout';

/** Milliseconds. What a file does not say is null, never 0. */
export interface LatencyStats {
  readonly mean: number | null;
  readonly median: number | null;
  readonly std: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly [percentile: `p${string}`]: number | null;
}

export interface RequestCounts {
  readonly successful: number | null;
  readonly errored: number | null;
  readonly incomplete: number | null;
}

/** One load level of one run: a row of the table, a point of a chart. Throughputs are per second. */
export interface ResultPoint {
  readonly label: string;
  readonly model: string | null;
  readonly concurrency: number | null;
  /** Requests per second asked for; `inf` when the tool sent as fast as it could. */
  readonly request_rate: number | 'inf' | null;
  readonly requests: RequestCounts;
  readonly duration_s: number | null;
  readonly request_throughput: number | null;
  readonly output_token_throughput: number | null;
  readonly total_token_throughput: number | null;
  readonly prompt_tokens: number | null;
  readonly output_tokens: number | null;
  readonly ttft_ms: LatencyStats | null;
  /** Time per output token as the tool defines it: see `docs/benchmarks.md`. */
  readonly tpot_ms: LatencyStats | null;
  readonly itl_ms: LatencyStats | null;
  readonly e2e_ms: LatencyStats | null;
}

export interface Score {
  readonly task: string;
  readonly metric: string;
  readonly filter: string | null;
  readonly value: number;
  readonly stderr: number | null;
  readonly n: number | null;
}

export interface ResultFile {
  readonly path: string;
  readonly tool: ResultTool;
  readonly format: ResultFormat;
  readonly tool_version: string | null;
  readonly points: readonly ResultPoint[];
  readonly scores: readonly Score[];
  readonly warnings: readonly Warning[];
}

export interface FileError {
  readonly path: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

export interface ResultsReport {
  readonly files: readonly ResultFile[];
  readonly errors: readonly FileError[];
}

export interface WorkerResult {
  readonly index: number;
  readonly path: string;
  readonly requests: RequestCounts;
  readonly output_tokens: number | null;
  /** tok/s of the worker's own file, successful requests and all requests. */
  readonly output_token_throughput: number | null;
  readonly output_token_throughput_total: number | null;
  readonly window: { readonly start_s: number; readonly end_s: number } | null;
}

/** Milliseconds over all workers. */
export interface MergedLatency {
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p99: number | null;
  /** `merged` from raw samples, or `not-mergeable`: then the percentiles are null. */
  readonly method: 'merged' | 'not-mergeable';
}

/** The JSON of `llmdw agg N`. */
export interface AggregateReport {
  readonly workers: readonly WorkerResult[];
  readonly missing: readonly number[];
  readonly requests: RequestCounts;
  readonly output_tokens: number | null;
  readonly throughput: {
    readonly sum_of_means: number | null;
    readonly over_union: number | null;
    readonly in_common_window: number | null;
    readonly union_window_s: number | null;
    readonly common_window_s: number | null;
    /** common / union, 0 to 1. */
    readonly overlap: number | null;
  };
  readonly ttft_ms: MergedLatency;
  readonly tpot_ms: MergedLatency;
  readonly itl_ms: MergedLatency;
  readonly e2e_ms: MergedLatency;
  readonly warnings: readonly Warning[];
  readonly errors: readonly FileError[];
}

/** Parallel workers: each one's own figures, and all of them as one. */
export interface WorkersReport {
  readonly report: ResultsReport;
  readonly aggregate: AggregateReport;
}

// --- Running

export interface BenchmarkParameter {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly kind: 'integer' | 'integers' | 'string' | 'pod';
  readonly default: string;
}

export interface BenchmarkRecipe {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Where it runs: a command in the poker pod, or an Indexed Job. */
  readonly where: 'poker' | 'job';
  readonly parameters: readonly BenchmarkParameter[];
}

export interface BenchmarkRequest {
  readonly cluster: ClusterRef;
  readonly recipe: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly deployment?: string;
}

export interface BenchmarkService extends Disposable {
  recipes(): Promise<readonly BenchmarkRecipe[]>;
  /** Starts a run and answers its id at once; the ledger tells how it goes. The run survives a reload where it runs in the cluster. */
  start(request: BenchmarkRequest, call: LongCall): Promise<string>;
  /** Resolves when the run has ended, whatever its outcome. */
  wait(runId: string, signal: AbortSignal): Promise<void>;
  cancel(runId: string): Promise<void>;
  /** Adopts runs that a reloaded window left behind: those still running in the cluster go on, the others are closed with what they have. */
  resume(signal: AbortSignal): Promise<void>;
  /** Result points of runs, in the order asked for. */
  results(runIds: readonly string[]): Promise<readonly RunResults[]>;
}

export interface RunResults {
  readonly runId: string;
  readonly label: string;
  readonly report: ResultsReport;
  /** What charts and tables show: the files' points, or for parallel workers the one point of all of them. */
  readonly points: readonly ResultPoint[];
  /** Present for a run of several workers. */
  readonly aggregate: AggregateReport | undefined;
  readonly gpus: number | null;
}
