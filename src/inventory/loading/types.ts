import type { Disposable } from '../../base/disposables.ts';
import type { Event } from '../../base/events.ts';
import type { LogLine } from '../../kube/streams/types.ts';

/** What a model server goes through from its first line to its first answer, in order. */
export const PHASES = [
  'starting',
  'distributed',
  'downloading',
  'weights',
  'compiling',
  'kv-cache',
  'graphs',
  'serving',
] as const;

export type PhaseName = (typeof PHASES)[number];

/** How far a rank is, as its own log says it. */
export interface LoadingPhase {
  /** `downloading` is from the order to load the model to the first shard: vLLM says nothing of a download until it ended. */
  readonly phase: PhaseName;
  /** Of this phase, 0 to 100, where a progress bar tells it. */
  readonly percent?: number;
  /** Seconds to the end of this phase, as the progress bar itself reckons; never an estimate of ours. */
  readonly remainingSeconds?: number;
  readonly detail?: string;
  /** How long the processes of the pod have heard nothing of each other, where that is no part of the phase. */
  readonly stalledSeconds?: number;
  /** When the phase began by the kubelet's clock, ms since the epoch. */
  readonly since: number;
  /** The pod whose log tells it, where this one prints nothing of its own. */
  readonly inferredFrom?: string;
}

/** The log of one pod with its place in the group. */
export interface RankLog {
  readonly pod: string;
  readonly rank: number | undefined;
  /** What Kubernetes says of the container's end: `OOMKilled`, `Error (exit code 1)`. */
  readonly exit?: string | undefined;
  readonly lines: readonly LogLine[];
}

/** The line that began a failure, as far as the logs tell. */
export interface Cause {
  /** A few words: `CUDA out of memory`. */
  readonly title: string;
  readonly hint: string;
  /** `echo`: only followers of a cause were found; the cause itself is in no log that was read. */
  readonly certainty: 'root' | 'echo';
  readonly pod: string;
  readonly rank: number | undefined;
  /** `EngineCore_DP0`; undefined where the line names no process, or Kubernetes told the cause. */
  readonly process: string | undefined;
  readonly time: string;
  readonly line: string;
}

/** What is kept of a crash, so that it outlives its pods. */
export interface Evidence {
  readonly namespace: string;
  /** Pods that crashed together, in the order in which they were seen. */
  readonly pods: readonly string[];
  /** When it was noticed, ms since the epoch. */
  readonly at: number;
  readonly cause: Cause | undefined;
  readonly logs: readonly RankLog[];
  /** Where it was written; undefined without a workspace or when writing failed. */
  readonly file: string | undefined;
}

export interface Crash {
  /** How often this pod, or the ones of its name before it, crashed. */
  readonly times: number;
  readonly evidence: Evidence;
}

/** Follows the logs of my model servers that are not ready, while somebody holds a lease and only then. */
export interface LoadWatcher extends Disposable {
  /** By pod key (`namespace/name`). */
  readonly snapshot: ReadonlyMap<string, LoadingPhase>;
  /** By pod key; kept when the pod is replaced. */
  readonly crashes: ReadonlyMap<string, Crash>;
  /** At most twice a second. */
  readonly onDidChange: Event<void>;
  lease(): Disposable;
}
