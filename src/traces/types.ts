import type { Disposable } from '../base/disposables.ts';
import type { FileError } from '../benchmarks/types.ts';
import type { LongCall } from '../deployment/types.ts';
import type { ClusterRef } from '../kube/types.ts';

/** Integer nanoseconds; bigint where a value may exceed 2^53 (epoch times), else number. JSON carries both as plain integers. */
export type Nanoseconds = number | bigint;

export interface DeviceSummary {
  readonly gpu_events: number;
  readonly span_ns: number;
  readonly busy_ns: number;
  readonly idle_ns: number;
  readonly sum_dur_ns: number;
  readonly compute_ns: number;
  readonly comm_ns: number;
  readonly memcpy_ns: number;
  readonly overlap_comm_compute_ns: number;
  readonly exposed_comm_ns: number;
  readonly exposed_memcpy_ns: number;
}

export interface StreamSummary {
  readonly events: number;
  readonly busy_ns: number;
  readonly starts_before_previous_end: number;
}

export interface KernelSummary {
  readonly name: string;
  readonly count: number;
  readonly total_ns: number;
  readonly min_ns: number;
  readonly max_ns: number;
  readonly comm: boolean;
}

export interface StepSpan {
  readonly name: string;
  readonly ts_ns: Nanoseconds;
  readonly dur_ns: number;
}

export interface TraceMeta {
  readonly rank: number | null;
  readonly world_size: number | null;
  readonly backend: string | null;
  readonly baseTimeNanoseconds: Nanoseconds | null;
  readonly displayTimeUnit: string | null;
  readonly trace_id: string | null;
  readonly device0: string | null;
}

/** One file of `llmdw trace summary`. Definitions: `docs/traces.md`. */
export interface TraceSummary {
  readonly path: string;
  readonly file_bytes: number;
  readonly json_bytes: number;
  readonly events: number;
  readonly events_by_cat: Readonly<Record<string, number>>;
  readonly events_by_ph: Readonly<Record<string, number>>;
  readonly meta: TraceMeta;
  readonly first_ts_ns?: Nanoseconds;
  readonly last_end_ns?: Nanoseconds;
  readonly devices: Readonly<Record<string, DeviceSummary>>;
  readonly streams: Readonly<Record<string, StreamSummary>>;
  readonly kernels_distinct: number;
  readonly kernels: readonly KernelSummary[];
  readonly kernel_total_ns: number;
  readonly max_gpu_events_per_correlation: number;
  readonly graph_launches: number;
  readonly steps: { readonly user_annotation: readonly StepSpan[]; readonly gpu_user_annotation: readonly StepSpan[] };
  /** What the reader had to skip, in words; empty for a sound file. */
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

export interface TraceSummaryReport {
  readonly files: readonly TraceSummary[];
  readonly errors: readonly FileError[];
}

// --- Where traces are

/** A trace file inside a pod. `complete` is false while the profiler still writes it. */
export interface RemoteTrace {
  readonly pod: string;
  readonly container: string;
  readonly path: string;
  readonly bytes: number;
  /** Seconds since the epoch. */
  readonly modified: number;
  readonly complete: boolean;
}

export interface RemoteTraces {
  readonly traces: readonly RemoteTrace[];
  /** Pods that could not be read, each with why. */
  readonly errors: readonly { readonly pod: string; readonly message: string; readonly hint: string }[];
}

export interface LocalTrace {
  readonly path: string;
  readonly pod: string;
  readonly bytes: number;
  readonly rank: number | null;
}

/** `traces/<n>/`. */
export interface TraceSet {
  readonly n: number;
  readonly folder: string;
  readonly deployment: string | null;
  readonly copiedAt: string | null;
  readonly traces: readonly LocalTrace[];
}

export interface CopyOutcome {
  readonly n: number;
  readonly folder: string;
  readonly copied: readonly { readonly trace: RemoteTrace; readonly file: string }[];
  readonly failed: readonly { readonly trace: RemoteTrace; readonly message: string; readonly hint: string }[];
}

/** A trace served to a panel over loopback HTTP; gone when disposed. */
export interface ServedTrace extends Disposable {
  /** `http://127.0.0.1:<port>/<token>/` : append relative paths only. */
  readonly url: string;
  readonly title: string;
  /** Which UI frames it: our own copy, the public site, or none. */
  readonly ui: 'bundled' | 'public';
}

export interface TraceService extends Disposable {
  remote(cluster: ClusterRef, signal: AbortSignal): Promise<RemoteTraces>;
  /** Copies by ranged, checksummed, resumable chunks, several pods at once, into the next free `traces/<n>/<pod>/`. */
  copy(cluster: ClusterRef, traces: readonly RemoteTrace[], call: LongCall): Promise<CopyOutcome>;
  local(): Promise<readonly TraceSet[]>;
  summary(path: string, signal: AbortSignal): Promise<TraceSummary>;
  /** One report a call: unreadable files are entries of `errors`. */
  summaries(paths: readonly string[], signal: AbortSignal): Promise<TraceSummaryReport>;
  /** Serves a trace and the Perfetto UI. Refuses a cut file with what to do. */
  serve(path: string, options: { readonly dark: boolean; readonly signal: AbortSignal }): Promise<ServedTrace>;
}
