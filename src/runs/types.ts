import type { Disposable } from '../base/disposables.ts';
import type { Event } from '../base/events.ts';
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
  /** Where it runs in the cluster, so that a reloaded window finds it again. */
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

/** The workspace's memory of runs, on disk, in plain files. */
export interface RunLedger extends Disposable {
  /** Newest first. */
  list(): Promise<readonly RunRecord[]>;
  get(id: string): Promise<RunRecord | undefined>;
  /** Makes the folder and its `run.json`. */
  create(record: Omit<RunRecord, 'id'>): Promise<RunRecord>;
  update(id: string, change: Partial<Omit<RunRecord, 'id'>>): Promise<RunRecord>;
  folder(id: string): string;
  /** To write in the run's folder. */
  files(id: string): WorkspaceFiles;
  remove(id: string): Promise<void>;
  readonly onDidChange: Event<void>;
}
