import type { LongCall } from '../deployment/types.ts';
import type { ClusterRef } from '../kube/types.ts';

/** One API server of one model-server pod, on its own port and not the routing proxy's. */
export interface ProfileTarget {
  readonly pod: string;
  readonly ip: string;
  readonly port: number;
}

export interface ProfileOutcome {
  readonly target: ProfileTarget;
  readonly ok: boolean;
  /** Why it failed and what to do; undefined when it went well. */
  readonly reason: string | undefined;
}

export interface ProfileRequest {
  readonly cluster: ClusterRef;
  readonly targets: readonly ProfileTarget[];
  /** Seconds between start and stop. */
  readonly seconds: number;
}

/** Profilers that a closed window had left on, and that are off now. */
export interface EndedProfile {
  readonly cluster: ClusterRef;
  readonly servers: number;
}

export interface ProfilingService {
  /** Targets of one pod, or of every decode rank of a deployment. */
  targets(
    cluster: ClusterRef,
    selection: { readonly pod: string } | { readonly allDecode: string | undefined },
    signal: AbortSignal,
  ): Promise<readonly ProfileTarget[]>;
  /** Starts on all in parallel, waits, stops on all in parallel (also when cancelled or when a start failed). */
  profile(request: ProfileRequest, call: LongCall): Promise<readonly ProfileOutcome[]>;
  /**
   * Stops the profiler of every running model server of mine, whoever started it; profiles of this window end before their time.
   * Answers those whose profiler was on, or could not be asked.
   */
  stop(cluster: ClusterRef, call: LongCall): Promise<readonly ProfileOutcome[]>;
  /** Stops what windows that were closed or killed have left on. What cannot be reached now is tried by the next window. */
  endLeftBehind(signal: AbortSignal): Promise<readonly EndedProfile[]>;
}
