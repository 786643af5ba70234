import type * as vscode from 'vscode';
import type { Workbench } from '../compose.ts';
import type { AccessKeys } from './access-keys.ts';
import type { Buttons } from './commands/run.ts';
import type { ErrorReporter } from './errors.ts';
import type { EvidenceDocuments } from './evidence-documents.ts';
import type { JobCenter } from './jobs.ts';
import type { Memory } from './memory.ts';
import type { PlanDocuments } from './plan-documents.ts';
import type { RunProgress } from './run-progress.ts';
import type { Session } from './session.ts';
import type { PokerTerminals } from './terminals/poker-terminals.ts';
import type { RemoteTraceList } from './trees/remote-traces.ts';
import type { TreeChoices } from './trees/tree-choices.ts';
import type { Trees } from './trees/views.ts';
import type { Panels } from './webviews/panels.ts';

/** What commands work with: the features and the window's own parts. */
export interface Host {
  readonly workbench: Workbench;
  readonly output: vscode.LogOutputChannel;
  readonly session: Session;
  readonly access: AccessKeys;
  readonly jobs: JobCenter;
  readonly errors: ErrorReporter;
  readonly memory: Memory;
  readonly trees: Trees;
  readonly treeChoices: TreeChoices;
  readonly remoteTraces: RemoteTraceList;
  readonly runProgress: RunProgress;
  readonly shells: PokerTerminals;
  readonly plans: PlanDocuments;
  readonly evidence: EvidenceDocuments;
  readonly panels: Panels;
  /** Tells what was done, in the status bar; for what ended at once. */
  say(message: string): void;
  /** Tells of what ended after minutes, with the next steps as buttons. */
  offer(message: string, next: Buttons): void;
}
