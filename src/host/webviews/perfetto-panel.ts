import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { Disposable } from '../../base/disposables.ts';
import { isAbort, toWorkbenchError } from '../../base/errors.ts';
import type { Workbench } from '../../compose.ts';
import { FROM_PERFETTO, type FromPerfetto, type ToPerfetto } from '../../protocol/perfetto.ts';
import type { ServedTrace } from '../../traces/types.ts';
import { run } from '../commands/run.ts';
import type { TracePanelOptions } from './trace-summary-panel.ts';
import { WebPanel } from './web-panel.ts';

/** One trace in the Perfetto UI, served from loopback for as long as the panel is open. */
export class PerfettoPanel implements Disposable {
  readonly #workbench: Workbench;
  readonly #options: TracePanelOptions;
  #web: WebPanel<ToPerfetto, FromPerfetto> | undefined;
  #served: ServedTrace | undefined;
  readonly #opening = new AbortController();

  constructor(options: TracePanelOptions) {
    this.#workbench = options.workbench;
    this.#options = options;
    options.panel.onDidDispose(() => this.#release());
    void this.#open();
  }

  reveal(): void {
    this.#options.panel.reveal();
  }

  onDidDispose(listener: () => void): void {
    this.#options.panel.onDidDispose(listener);
  }

  dispose(): void {
    this.#release();
    this.#options.panel.dispose();
  }

  #release(): void {
    this.#opening.abort();
    this.#served?.dispose();
    this.#served = undefined;
    this.#web?.dispose();
  }

  /** The page's policy names the origin that it may frame, so the page is made once the trace is served. */
  async #open(): Promise<void> {
    const { path } = this.#options;
    try {
      const served = await this.#workbench.traces.serve(path, { dark: isDark(), signal: this.#opening.signal });
      if (this.#opening.signal.aborted) {
        served.dispose();
        return;
      }
      this.#served = served;
      const { frame, origin } = await outsideAddress(served.url);
      if (this.#opening.signal.aborted) return;
      this.#show([origin], { type: 'frame', path, url: frame, title: served.title, ui: served.ui });
    } catch (error) {
      // A panel that was closed meanwhile shows nothing any more: to fill it would throw.
      if (this.#opening.signal.aborted || isAbort(error)) return;
      const failure = toWorkbenchError(error, `open ${basename(path)}`);
      this.#workbench.logger.error(`open ${path} in Perfetto`, failure);
      this.#show([], { type: 'failed', path, message: failure.message, hint: failure.hint ?? '' });
    }
  }

  #show(frames: readonly string[], first: ToPerfetto): void {
    const { panel, dist, path, onError } = this.#options;
    this.#web = new WebPanel<ToPerfetto, FromPerfetto>({
      panel,
      dist,
      bundle: 'perfetto',
      incoming: FROM_PERFETTO,
      frames,
      first,
      onError,
      async receive(message) {
        if (message.type === 'summary') await run('llmd.showTraceSummary', path);
        if (message.type === 'again') {
          panel.dispose();
          await run('llmd.openTrace', path);
        }
      },
    });
  }
}

/**
 * The address under which the window reaches a loopback server of the extension host: the same on a desktop, a tunnel or proxy
 * elsewhere. Only the authority is mapped; the path is appended as text, because a Uri would encode it again.
 */
async function outsideAddress(loopback: string): Promise<{ readonly frame: string; readonly origin: string }> {
  const { origin, pathname } = new URL(loopback);
  const outside = (await vscode.env.asExternalUri(vscode.Uri.parse(origin))).toString(true);
  const frame = outside.replace(/\/$/, '') + pathname;
  return { frame, origin: new URL(frame).origin };
}

function isDark(): boolean {
  const { kind } = vscode.window.activeColorTheme;
  return kind === vscode.ColorThemeKind.Dark || kind === vscode.ColorThemeKind.HighContrast;
}
