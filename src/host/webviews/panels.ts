import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { fitLine } from '../../base/fit-text.ts';
import type { Workbench } from '../../compose.ts';
import { LIVE_FIGURES_MEMORY, type Lines } from '../../protocol/live-figures.ts';
import { RESULTS_MEMORY } from '../../protocol/results.ts';
import { TRACE_MEMORY } from '../../protocol/trace-summary.ts';
import type { Memory } from '../memory.ts';
import type { Session } from '../session.ts';
import { LiveFiguresPanel } from './live-figures-panel.ts';
import { NodeTablePanel } from './node-table-panel.ts';
import { PerfettoPanel } from './perfetto-panel.ts';
import { ResultsPanel } from './results-panel.ts';
import { traceTitle } from './trace-title.ts';
import { fillWhenTrusted } from './trust-page.ts';
import { TraceSummaryPanel } from './trace-summary-panel.ts';

const NODE_TABLE = 'llmd.nodeTable';
const LIVE_FIGURES = 'llmd.liveFigures';
const RESULTS = 'llmd.results';
const TRACE_SUMMARY = 'llmd.traceSummary';
const PERFETTO = 'llmd.perfetto';

/** A tab is no wider. */
const TITLE_LENGTH = 120;

export interface PanelsOptions {
  readonly workbench: Workbench;
  readonly session: Session;
  readonly memory: Memory;
  readonly onError: (error: unknown) => void;
}

/** The webview panels: one for nodes, one for live figures, one for results, one a trace for summaries and for Perfetto; all come back after a reload. */
export class Panels implements Disposable {
  readonly #options: PanelsOptions;
  readonly #workbench: Workbench;
  readonly #dist: vscode.Uri;
  readonly #media: vscode.Uri;
  readonly #onError: (error: unknown) => void;
  readonly #owned = new DisposableStore();
  readonly #summaries = new Map<string, TraceSummaryPanel>();
  readonly #perfetto = new Map<string, PerfettoPanel>();
  #nodeTable: NodeTablePanel | undefined;
  #liveFigures: LiveFiguresPanel | undefined;
  #results: ResultsPanel | undefined;

  constructor(options: PanelsOptions) {
    const { workbench, onError } = options;
    this.#options = options;
    this.#workbench = workbench;
    this.#dist = vscode.Uri.file(workbench.assets.dist);
    this.#media = vscode.Uri.file(workbench.assets.media);
    this.#onError = onError;
    this.#restore(NODE_TABLE, (panel) => void this.#adoptNodeTable(panel));
    this.#restore(LIVE_FIGURES, (panel, state) => {
      const memory = LIVE_FIGURES_MEMORY.safeParse(state);
      this.#adoptLiveFigures(panel, memory.success ? (memory.data.lines ?? undefined) : undefined);
    });
    this.#restore(RESULTS, (panel, state) => {
      const memory = RESULTS_MEMORY.safeParse(state);
      this.#adoptResults(panel, memory.success ? memory.data.chosen : []);
    });
    this.#restore(TRACE_SUMMARY, (panel, state) => {
      const memory = TRACE_MEMORY.safeParse(state);
      if (memory.success) this.#adoptSummary(panel, memory.data.path);
      else panel.dispose();
    });
    this.#restore(PERFETTO, (panel, state) => {
      const memory = TRACE_MEMORY.safeParse(state);
      if (memory.success) this.#adoptPerfetto(panel, memory.data.path);
      else panel.dispose();
    });
  }

  /** Resolves when the page runs. */
  async showNodeTable(): Promise<NodeTablePanel> {
    const open = this.#nodeTable;
    open?.reveal();
    const shown = open ?? this.#adoptNodeTable(this.#create(NODE_TABLE, 'Nodes'));
    await shown.whenReady;
    return shown;
  }

  /** Resolves when the page runs. */
  async showLiveFigures(): Promise<void> {
    if (this.#liveFigures) this.#liveFigures.reveal();
    else await this.#adoptLiveFigures(this.#create(LIVE_FIGURES, 'Live Figures'), undefined).whenReady;
  }

  /** Resolves when the page runs. */
  async showResults(runIds: readonly string[]): Promise<void> {
    if (this.#results) await this.#results.choose(runIds);
    else await this.#adoptResults(this.#create(RESULTS, 'Benchmark Results'), runIds).whenReady;
  }

  /** Resolves when the page runs; the summary itself follows. */
  async showTraceSummary(path: string): Promise<void> {
    const open = this.#summaries.get(path);
    if (open) open.reveal();
    else await this.#adoptSummary(this.#create(TRACE_SUMMARY, `Summary: ${traceTitle(path)}`), path).whenReady;
  }

  openPerfetto(path: string): Promise<void> {
    const open = this.#perfetto.get(path);
    if (open) open.reveal();
    else this.#adoptPerfetto(this.#create(PERFETTO, traceTitle(path), true), path);
    return Promise.resolve();
  }

  dispose(): void {
    this.#owned.dispose();
    this.#nodeTable?.dispose();
    this.#liveFigures?.dispose();
    this.#results?.dispose();
    for (const panel of [...this.#summaries.values(), ...this.#perfetto.values()]) panel.dispose();
  }

  #create(viewType: string, title: string, retain = false): vscode.WebviewPanel {
    return vscode.window.createWebviewPanel(viewType, fitLine(title, TITLE_LENGTH), vscode.ViewColumn.Active, { enableScripts: true, enableFindWidget: true, retainContextWhenHidden: retain });
  }

  #restore(viewType: string, adopt: (panel: vscode.WebviewPanel, state: unknown) => void): void {
    const workbench = this.#workbench;
    this.#owned.add(
      vscode.window.registerWebviewPanelSerializer(viewType, {
        deserializeWebviewPanel(panel, state: unknown) {
          // Nodes are of the person's own cluster; what the others show is of the folder.
          if (viewType === NODE_TABLE) adopt(panel, state);
          else fillWhenTrusted(workbench.trust, panel, () => adopt(panel, state));
          return Promise.resolve();
        },
      }),
    );
  }

  #adoptNodeTable(panel: vscode.WebviewPanel): NodeTablePanel {
    this.#setIcon(panel);
    const { workbench, session, memory, onError } = this.#options;
    const table = new NodeTablePanel({ workbench, session, memory, dist: this.#dist, panel, onError });
    this.#nodeTable = table;
    table.onDidDispose(() => {
      if (this.#nodeTable === table) this.#nodeTable = undefined;
    });
    return table;
  }

  #adoptLiveFigures(panel: vscode.WebviewPanel, lines: Lines | undefined): LiveFiguresPanel {
    this.#setIcon(panel);
    const { workbench, session, onError } = this.#options;
    const figures = new LiveFiguresPanel({ workbench, session, dist: this.#dist, panel, lines, onError });
    this.#liveFigures = figures;
    figures.onDidDispose(() => {
      if (this.#liveFigures === figures) this.#liveFigures = undefined;
    });
    return figures;
  }

  #adoptResults(panel: vscode.WebviewPanel, chosen: readonly string[]): ResultsPanel {
    this.#setIcon(panel);
    const results = new ResultsPanel({ workbench: this.#workbench, dist: this.#dist, panel, chosen, onError: this.#onError });
    this.#results = results;
    results.onDidDispose(() => {
      if (this.#results === results) this.#results = undefined;
    });
    return results;
  }

  #adoptSummary(panel: vscode.WebviewPanel, path: string): TraceSummaryPanel {
    this.#setIcon(panel);
    const summary = new TraceSummaryPanel({ workbench: this.#workbench, dist: this.#dist, panel, path, onError: this.#onError });
    this.#summaries.set(path, summary);
    summary.onDidDispose(() => this.#summaries.delete(path));
    return summary;
  }

  #adoptPerfetto(panel: vscode.WebviewPanel, path: string): void {
    this.#setIcon(panel);
    const perfetto = new PerfettoPanel({ workbench: this.#workbench, dist: this.#dist, panel, path, onError: this.#onError });
    this.#perfetto.set(path, perfetto);
    perfetto.onDidDispose(() => this.#perfetto.delete(path));
  }

  #setIcon(panel: vscode.WebviewPanel): void {
    panel.iconPath = vscode.Uri.joinPath(this.#media, 'icon.png');
  }
}
