import type { Disposable } from '../../base/disposables.ts';
import type { WorkbenchError } from '../../base/errors.ts';
import type { Event } from '../../base/events.ts';
import type { Role } from '../types.ts';
import type { PickerReading } from './readings.ts';

/** How a pod's metrics are reached: through the API server's proxy, or through a port-forward. */
export type RouteName = 'api-proxy' | 'port-forward';

/** One page of metrics: a port of one very pod. */
export interface MetricsTarget {
  /** `namespace/name:port`. */
  readonly id: string;
  /** `namespace/name`. */
  readonly podKey: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  /** Restarts of the container that serves; those of a sidecar leave its counters alone. */
  readonly restarts: number;
  readonly port: number;
  readonly kind: 'server' | 'picker';
  readonly deployment: string;
  readonly role: Role;
  /** Index of its group inside the role. */
  readonly group: number;
}

/** What one engine, a data-parallel rank, does now. Undefined: its server does not tell, or has not been asked twice yet. */
export interface RankFigures {
  readonly port: number;
  /** The engine's number among the data-parallel ranks of its group. */
  readonly engine: string;
  readonly running: number | undefined;
  readonly waiting: number | undefined;
  /** 0 to 1. */
  readonly kvCacheUse: number | undefined;
  /** Tokens a second over the last 15 s. */
  readonly generationRate: number | undefined;
  readonly promptRate: number | undefined;
  /** Prompt tokens looked up in the prefix cache in the last minute, and those found there. */
  readonly prefixQueries: number | undefined;
  readonly prefixHits: number | undefined;
}

/** Why the figures of a pod are missing or incomplete. */
export interface ScrapeFailure {
  readonly port: number;
  readonly error: WorkbenchError;
  /** Wall time in ms of the first failure in a row. */
  readonly since: number;
  /** Wall time in ms before which it is not asked again. */
  readonly nextAt: number;
}

export interface PodFigures {
  readonly ranks: readonly RankFigures[];
  readonly picker: PickerReading | undefined;
  readonly failures: readonly ScrapeFailure[];
  /** Undefined when none of its ports answered. */
  readonly route: RouteName | undefined;
}

export type LiveState =
  /** Switched off. */
  | { readonly kind: 'off' }
  /** Switched on, and nobody looks. */
  | { readonly kind: 'idle' }
  /** The first round is on its way. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly targets: number; readonly answered: number }
  /** Nothing can be asked at all: no cluster, or no permission. Tried again by itself. */
  | { readonly kind: 'failed'; readonly error: WorkbenchError };

export interface LiveSnapshot {
  readonly state: LiveState;
  /** By pod key; only pods that are asked now. */
  readonly pods: ReadonlyMap<string, PodFigures>;
}

export type ChartFigure =
  | 'generationRate'
  | 'promptRate'
  | 'running'
  | 'waiting'
  | 'kvCacheUse'
  | 'prefixHitRate'
  | 'queue';

/** One line of the charts: a rank, a role of a deployment, or an endpoint picker. */
export interface ChartLine {
  readonly id: string;
  readonly label: string;
  readonly kind: 'rank' | 'role' | 'picker';
  /** A value a round; null is a gap. A figure that the line does not have is empty. */
  readonly figures: Readonly<Record<ChartFigure, readonly (number | null)[]>>;
}

export interface LiveChart {
  /** Wall time in ms of each round, the oldest first. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  /** Two rounds further apart than this have a gap between them. */
  readonly gapMs: number;
}

/** Live figures from the servers' own metrics. Asks only while switched on and while somebody holds a lease. */
export interface LiveFigures extends Disposable {
  readonly snapshot: LiveSnapshot;
  /** After each round, and when it is switched or another cluster is chosen. */
  readonly onDidChange: Event<void>;
  lease(): Disposable;
  /** The settings changed. */
  reconfigure(): void;
  /** The last 15 minutes; pauses in which nobody looked are gaps. */
  chart(lines: 'rank' | 'role'): LiveChart;
  /** Ranks that would have a line of their own. */
  readonly rankCount: number;
}
