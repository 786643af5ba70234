import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { onFirstCall } from '../../base/parts.ts';
import type { Workbench } from '../../compose.ts';
import type { Memory } from '../memory.ts';
import type { Session } from '../session.ts';
import type { NodeTablePanel } from './node-table-panel.ts';

/** The kinds of panels, by the names that package.json knows them by. */
const PANEL_VIEWS = [
  'llmd.nodeTable',
  'llmd.liveFigures',
  'llmd.results',
  'llmd.traceSummary',
  'llmd.perfetto',
] as const;

export type PanelView = (typeof PANEL_VIEWS)[number];

export interface PanelsOptions {
  readonly workbench: Workbench;
  readonly session: Session;
  readonly memory: Memory;
  readonly onError: (error: unknown) => void;
}

/** The webview panels: one for nodes, one for live figures, one for results, one a trace for summaries and for Perfetto; all come back after a reload. */
export interface Panels {
  /** Resolves when the page runs. */
  showNodeTable(): Promise<NodeTablePanel>;
  /** Resolves when the page runs. */
  showLiveFigures(): Promise<void>;
  /** Resolves when the page runs. */
  showResults(runIds: readonly string[]): Promise<void>;
  /** Resolves when the page runs; the summary itself follows. */
  showTraceSummary(path: string): Promise<void>;
  openPerfetto(path: string): Promise<void>;
  /** Takes over a panel that a reload left, with what its page remembers. */
  restore(view: PanelView, panel: vscode.WebviewPanel, state: unknown): Promise<void>;
}

/** Their code is loaded when the first one is opened or comes back. */
export function createPanels(options: PanelsOptions): Panels & Disposable {
  return onFirstCall<Panels & Disposable>(async () => new (await import('./open-panels.ts')).OpenPanels(options));
}

/** Lets VS Code bring panels back after a reload. One that cannot come back stays, empty, for the next reload. */
export function restorePanels(panels: Panels, onError: (error: unknown) => void): Disposable {
  const owned = new DisposableStore();
  for (const view of PANEL_VIEWS) {
    owned.add(
      vscode.window.registerWebviewPanelSerializer(view, {
        deserializeWebviewPanel: (panel, state: unknown) => panels.restore(view, panel, state).catch(onError),
      }),
    );
  }
  return owned;
}
