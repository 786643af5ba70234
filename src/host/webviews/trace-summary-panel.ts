import { basename } from 'node:path';
import type * as vscode from 'vscode';
import { abortable } from '../../base/clock.ts';
import { disposable, DisposableStore, type Disposable } from '../../base/disposables.ts';
import { toWorkbenchError } from '../../base/errors.ts';
import { Latest, whileVisible } from '../../base/latest.ts';
import type { Workbench } from '../../compose.ts';
import { FROM_TRACE_SUMMARY, type FromTraceSummary, type ToTraceSummary } from '../../protocol/trace-summary.ts';
import { run } from '../commands/run.ts';
import { traceView } from './trace-view.ts';
import { copyText } from './copy-text.ts';
import { WebPanel } from './web-panel.ts';

export interface TracePanelOptions {
  readonly workbench: Workbench;
  readonly dist: vscode.Uri;
  readonly panel: vscode.WebviewPanel;
  readonly path: string;
  readonly onError: (error: unknown) => void;
}

/** The summary of one trace, read when it is first seen. Closing the panel ends the reading. */
export class TraceSummaryPanel implements Disposable {
  readonly #workbench: Workbench;
  readonly #path: string;
  readonly #web: WebPanel<ToTraceSummary, FromTraceSummary>;
  readonly #owned = new DisposableStore();
  readonly #picture = this.#owned.add(
    new Latest<ToTraceSummary>(
      (signal) => this.#read(signal),
      (picture) => this.#web.post(picture),
    ),
  );

  constructor({ workbench, dist, panel, path, onError }: TracePanelOptions) {
    this.#workbench = workbench;
    this.#path = path;
    this.#web = new WebPanel<ToTraceSummary, FromTraceSummary>({
      panel,
      dist,
      bundle: 'trace-summary',
      incoming: FROM_TRACE_SUMMARY,
      receive: (message) => this.#receive(message),
      onError,
    });
    this.#web.onDidDispose(() => this.#owned.dispose());
    let read: Promise<void> | undefined;
    this.#owned.add(
      whileVisible(panel, () => {
        read ??= this.#picture.ask();
        return disposable(() => undefined);
      }),
    );
  }

  get whenReady(): Promise<void> {
    return this.#web.whenReady;
  }

  reveal(): void {
    this.#web.panel.reveal();
  }

  onDidDispose(listener: () => void): void {
    this.#web.onDidDispose(listener);
  }

  dispose(): void {
    this.#owned.dispose();
    this.#web.dispose();
  }

  async #receive(message: FromTraceSummary): Promise<void> {
    switch (message.type) {
      case 'ready':
        return;
      case 'perfetto':
        await run('llmd.openTrace', this.#path);
        return;
      case 'again':
        await this.#picture.ask();
        return;
      case 'copy':
        await copyText(message);
    }
  }

  /** A failure is part of the picture. */
  async #read(signal: AbortSignal): Promise<ToTraceSummary> {
    const name = basename(this.#path);
    this.#web.post({ type: 'reading', path: this.#path, name });
    try {
      const summary = await abortable(this.#workbench.traces.summary(this.#path, signal), signal);
      return { type: 'summary', trace: traceView(summary) };
    } catch (error) {
      const failure = toWorkbenchError(error, `summarise ${name}`);
      if (!signal.aborted) this.#workbench.logger.error(`summarise ${this.#path}`, failure);
      return { type: 'failed', path: this.#path, message: failure.message, hint: failure.hint ?? '' };
    }
  }
}
