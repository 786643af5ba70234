import type { Disposable } from '../base/disposables.ts';
import type { Event } from '../base/events.ts';
import type { Lease } from '../base/lease.ts';
import type { WorkspaceFiles } from '../base/workspace-files.ts';

export type RunState = 'starting' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'lost';

/** `results/<id>/run.json`: what ran, against what, with which results. Holds no secret. */
export interface RunRecord {
  readonly id: string;
  readonly kind: 'benchmark' | 'profile';
  readonly recipe: string;
  readonly label: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly context: string;
  readonly namespace: string;
  readonly deployment: string | null;
  readonly model: string | null;
  readonly gpus: number | null;
  /** What was run, as arguments. */
  readonly command: readonly string[];
  /** Where it ran in the cluster, for people; what is done there goes by its `RunPlace`. */
  readonly pod: string | null;
  readonly job: string | null;
  readonly state: RunState;
  /** Somebody, perhaps in another window, asked for its end: what ends now was cancelled and did not fail. */
  readonly cancelAsked?: boolean | undefined;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** One line that says how it went: figures, or why it failed and what to do. */
  readonly summary: string | null;
  /** Result files in the run's folder. */
  readonly files: readonly string[];
  readonly baseline: boolean;
}

/**
 * Where a run that is under way is in the cluster. It is kept apart from its record, in the user's storage: only what this
 * workspace started is followed, cancelled or deleted, whatever a record says.
 */
export interface RunPlace {
  readonly context: string;
  readonly server: string;
  readonly namespace: string;
  /** Null until it is started. */
  readonly runsIn: RunObject | null;
}

/** The poker pod that runs it, or the Job that does. */
export interface RunObject {
  readonly kind: 'Pod' | 'Job';
  readonly name: string;
  /** Null while it is being made. */
  readonly uid: string | null;
}

/** A run, and the right to follow it. */
export interface OwnedRun {
  readonly record: RunRecord;
  readonly lease: Lease;
}

/** The workspace's memory of runs, on disk, in plain files. */
export interface RunLedger extends Disposable {
  /** Newest first. One that seems to be under way and was not started from this workspace is answered as lost, and says so. */
  list(): Promise<readonly RunRecord[]>;
  get(id: string): Promise<RunRecord | undefined>;
  /** Makes the folder and its `run.json`; the run is this process's until it gives it back. `server` is the cluster's. */
  create(record: Omit<RunRecord, 'id'>, server: string): Promise<OwnedRun>;
  update(id: string, change: Partial<Omit<RunRecord, 'id'>>): Promise<RunRecord>;
  /** Of all processes that see a run one follows it and writes beside its record. Undefined while another one does. */
  take(id: string): Promise<Lease | undefined>;
  /** Waits until the run is given back, or its owner has died. */
  waitToOwn(id: string, signal: AbortSignal): Promise<Lease>;
  /** Undefined for a run that has ended, or was not started from this workspace. */
  place(id: string): Promise<RunPlace | undefined>;
  /** Notes what runs it, and in its record, too. */
  keepPlace(id: string, runsIn: RunObject, change?: Partial<Omit<RunRecord, 'id'>>): Promise<void>;
  folder(id: string): string;
  /** To write in the run's folder. */
  files(id: string): WorkspaceFiles;
  remove(id: string): Promise<void>;
  readonly onDidChange: Event<void>;
}
