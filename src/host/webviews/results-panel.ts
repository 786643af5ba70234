import type * as vscode from 'vscode';
import { abortable } from '../../base/clock.ts';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { toWorkbenchError } from '../../base/errors.ts';
import { Latest, whileVisible } from '../../base/latest.ts';
import type { Workbench } from '../../compose.ts';
import {
  FROM_RESULTS,
  type FromResults,
  type RunFigures,
  type RunItem,
  type ToResults,
} from '../../protocol/results.ts';
import { isActive } from '../../runs/active.ts';
import type { RunRecord } from '../../runs/types.ts';
import { run } from '../commands/run.ts';
import { copyText } from './copy-text.ts';
import { saveFile } from './save-file.ts';
import { WebPanel } from './web-panel.ts';

export interface ResultsPanelOptions {
  readonly workbench: Workbench;
  readonly dist: vscode.Uri;
  readonly panel: vscode.WebviewPanel;
  readonly chosen: readonly string[];
  readonly onError: (error: unknown) => void;
}

/** Runs in one chart and table; follows the ledger while it can be seen. */
export class ResultsPanel implements Disposable {
  readonly #workbench: Workbench;
  readonly #web: WebPanel<ToResults, FromResults>;
  readonly #owned = new DisposableStore();
  readonly #picture = this.#owned.add(
    new Latest<ToResults>(
      (signal) => this.#read(signal),
      (picture) => this.#web.post(picture),
    ),
  );
  #chosen: readonly string[];
  /** The page's own number of its latest choice. */
  #turn = 0;

  constructor({ workbench, dist, panel, chosen, onError }: ResultsPanelOptions) {
    this.#workbench = workbench;
    this.#chosen = chosen;
    this.#web = this.#owned.add(
      new WebPanel<ToResults, FromResults>({
        panel,
        dist,
        bundle: 'results',
        incoming: FROM_RESULTS,
        receive: (message) => this.#receive(message),
        onError,
      }),
    );
    this.#owned.add(
      whileVisible(panel, () => {
        void this.#picture.ask();
        return workbench.runs.onDidChange(() => void this.#picture.ask());
      }),
    );
  }

  /** Brings the panel to the front with these runs. */
  async choose(runIds: readonly string[]): Promise<void> {
    this.#chosen = runIds;
    this.#web.panel.reveal();
    await this.#picture.ask();
  }

  get whenReady(): Promise<void> {
    return this.#web.whenReady;
  }

  onDidDispose(listener: () => void): void {
    this.#web.onDidDispose(() => {
      this.#owned.dispose();
      listener();
    });
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async #receive(message: FromResults): Promise<void> {
    switch (message.type) {
      case 'ready':
        return;
      case 'choose':
        this.#chosen = message.runIds;
        this.#turn = message.turn;
        await this.#picture.ask();
        return;
      case 'again':
        await this.#picture.ask();
        return;
      case 'pin':
        await run('llmd.pinBaseline', message.runId);
        return;
      case 'run':
        await run('llmd.runBenchmark');
        return;
      case 'copy':
        await copyText(message);
        return;
      case 'save':
        await saveFile(
          this.#workbench.workspace,
          message.name,
          Buffer.from(message.data, message.encoding === 'base64' ? 'base64' : 'utf8'),
        );
    }
  }

  /** A failure is part of the picture. */
  async #read(signal: AbortSignal): Promise<ToResults> {
    const turn = this.#turn;
    try {
      const records = (await this.#workbench.runs.list()).filter((run) => run.kind === 'benchmark' && !isActive(run));
      const known = new Set(records.map((record) => record.id));
      const chosen = this.#chosen.filter((id) => known.has(id));
      const results = await abortable(this.#workbench.benchmarks.results(chosen), signal);
      const figures = results.map((result): RunFigures => ({
        id: result.runId,
        gpus: result.gpus,
        points: result.points,
        aggregate: result.aggregate ?? null,
        errors: result.report.errors,
        warnings: result.report.files.flatMap((file) => file.warnings),
      }));
      return { type: 'state', turn, runs: records.map(runItem), chosen, figures };
    } catch (error) {
      const failure = toWorkbenchError(error, 'read the results');
      return { type: 'failed', message: failure.message, hint: failure.hint ?? '' };
    }
  }
}

function runItem(run: RunRecord): RunItem {
  return {
    id: run.id,
    label: run.label,
    startedAt: run.startedAt,
    recipe: run.recipe,
    deployment: run.deployment,
    model: run.model,
    summary: run.summary,
    baseline: run.baseline,
  };
}
