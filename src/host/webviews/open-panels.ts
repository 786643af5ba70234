import * as vscode from 'vscode';
import type { Disposable } from '../../base/disposables.ts';
import { fitLine } from '../../base/fit-text.ts';
import type { Workbench } from '../../compose.ts';
import { LIVE_FIGURES_MEMORY, type Lines } from '../../protocol/live-figures.ts';
import { RESULTS_MEMORY } from '../../protocol/results.ts';
import { TRACE_MEMORY } from '../../protocol/trace-summary.ts';
import { LiveFiguresPanel } from './live-figures-panel.ts';
import { NodeTablePanel } from './node-table-panel.ts';
import type { Panels, PanelsOptions, PanelView } from './panels.ts';
import { PerfettoPanel } from './perfetto-panel.ts';
import { ResultsPanel } from './results-panel.ts';
import { traceTitle } from './trace-title.ts';
import { TraceSummaryPanel } from './trace-summary-panel.ts';
import { fillWhenTrusted } from './trust-page.ts';

/** A tab is no wider. */
const TITLE_LENGTH = 120;

/** The panels that are open, and what it takes to open one. */
export class OpenPanels implements Panels, Disposable {
  readonly #options: PanelsOptions;
  readonly #workbench: Workbench;
  readonly #dist: vscode.Uri;
  readonly #media: vscode.Uri;
  readonly #onError: (error: unknown) => void;
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
  }

  restore(view: PanelView, panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    // Nodes are of the person's own cluster; what the others show is of the folder.
    if (view === 'llmd.nodeTable') this.#adoptNodeTable(panel);
    else fillWhenTrusted(this.#workbench.trust, panel, () => this.#fill(view, panel, state));
    return Promise.resolve();
  }

  async showNodeTable(): Promise<NodeTablePanel> {
    const open = this.#nodeTable;
    open?.reveal();
    const shown = open ?? this.#adoptNodeTable(this.#create('llmd.nodeTable', 'Nodes'));
    await shown.whenReady;
    return shown;
  }

  async showLiveFigures(): Promise<void> {
    if (this.#liveFigures) this.#liveFigures.reveal();
    else await this.#adoptLiveFigures(this.#create('llmd.liveFigures', 'Live Figures'), undefined).whenReady;
  }

  async showResults(runIds: readonly string[]): Promise<void> {
    if (this.#results) await this.#results.choose(runIds);
    else await this.#adoptResults(this.#create('llmd.results', 'Benchmark Results'), runIds).whenReady;
  }

  async showTraceSummary(path: string): Promise<void> {
    const open = this.#summaries.get(path);
    if (open) open.reveal();
    else await this.#adoptSummary(this.#create('llmd.traceSummary', `Summary: ${traceTitle(path)}`), path).whenReady;
  }

  openPerfetto(path: string): Promise<void> {
    const open = this.#perfetto.get(path);
    if (open) open.reveal();
    else this.#adoptPerfetto(this.#create('llmd.perfetto', traceTitle(path), true), path);
    return Promise.resolve();
  }

  dispose(): void {
    this.#nodeTable?.dispose();
    this.#liveFigures?.dispose();
    this.#results?.dispose();
    for (const panel of [...this.#summaries.values(), ...this.#perfetto.values()]) panel.dispose();
  }

  #fill(view: Exclude<PanelView, 'llmd.nodeTable'>, panel: vscode.WebviewPanel, state: unknown): void {
    switch (view) {
      case 'llmd.liveFigures':
        this.#adoptLiveFigures(panel, LIVE_FIGURES_MEMORY.safeParse(state).data?.lines ?? undefined);
        break;
      case 'llmd.results':
        this.#adoptResults(panel, RESULTS_MEMORY.safeParse(state).data?.chosen ?? []);
        break;
      case 'llmd.traceSummary':
      case 'llmd.perfetto': {
        const memory = TRACE_MEMORY.safeParse(state);
        if (!memory.success) panel.dispose();
        else if (view === 'llmd.traceSummary') this.#adoptSummary(panel, memory.data.path);
        else this.#adoptPerfetto(panel, memory.data.path);
      }
    }
  }

  #create(viewType: PanelView, title: string, retain = false): vscode.WebviewPanel {
    return vscode.window.createWebviewPanel(viewType, fitLine(title, TITLE_LENGTH), vscode.ViewColumn.Active, {
      enableScripts: true,
      enableFindWidget: true,
      retainContextWhenHidden: retain,
    });
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
    const results = new ResultsPanel({
      workbench: this.#workbench,
      dist: this.#dist,
      panel,
      chosen,
      onError: this.#onError,
    });
    this.#results = results;
    results.onDidDispose(() => {
      if (this.#results === results) this.#results = undefined;
    });
    return results;
  }

  #adoptSummary(panel: vscode.WebviewPanel, path: string): TraceSummaryPanel {
    this.#setIcon(panel);
    const summary = new TraceSummaryPanel({
      workbench: this.#workbench,
      dist: this.#dist,
      panel,
      path,
      onError: this.#onError,
    });
    this.#summaries.set(path, summary);
    summary.onDidDispose(() => this.#summaries.delete(path));
    return summary;
  }

  #adoptPerfetto(panel: vscode.WebviewPanel, path: string): void {
    this.#setIcon(panel);
    const perfetto = new PerfettoPanel({
      workbench: this.#workbench,
      dist: this.#dist,
      panel,
      path,
      onError: this.#onError,
    });
    this.#perfetto.set(path, perfetto);
    perfetto.onDidDispose(() => this.#perfetto.delete(path));
  }

  #setIcon(panel: vscode.WebviewPanel): void {
    panel.iconPath = vscode.Uri.joinPath(this.#media, 'icon.png');
  }
}
