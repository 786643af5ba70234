import type * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { whileVisible } from '../../base/latest.ts';
import type { Workbench } from '../../compose.ts';
import {
  FROM_LIVE_FIGURES,
  type FromLiveFigures,
  type Lines,
  type ToLiveFigures,
} from '../../protocol/live-figures.ts';
import { run } from '../commands/run.ts';
import type { Session } from '../session.ts';
import { featureSettings } from '../settings.ts';
import { liveFiguresPicture } from './live-figures-picture.ts';
import { copyText } from './copy-text.ts';
import { saveFile } from './save-file.ts';
import { WebPanel } from './web-panel.ts';

export interface LiveFiguresPanelOptions {
  readonly workbench: Workbench;
  readonly session: Session;
  readonly dist: vscode.Uri;
  readonly panel: vscode.WebviewPanel;
  /** What the person chose before; undefined: whichever suits the number of ranks. */
  readonly lines: Lines | undefined;
  readonly onError: (error: unknown) => void;
}

const HELP = { toggle: 'llmd.toggleLiveFigures', deploy: 'llmd.deploy', context: 'llmd.selectContext' } as const;

/** The last 15 minutes of my model servers. Asks for figures while it can be seen, and only then. */
export class LiveFiguresPanel implements Disposable {
  readonly #options: LiveFiguresPanelOptions;
  readonly #web: WebPanel<ToLiveFigures, FromLiveFigures>;
  readonly #owned = new DisposableStore();
  #lines: Lines | undefined;

  constructor(options: LiveFiguresPanelOptions) {
    const { panel, dist, onError } = options;
    this.#options = options;
    this.#lines = options.lines;
    this.#web = this.#owned.add(
      new WebPanel<ToLiveFigures, FromLiveFigures>({
        panel,
        dist,
        bundle: 'live-figures',
        incoming: FROM_LIVE_FIGURES,
        receive: (message) => this.#receive(message),
        onError,
      }),
    );
    this.#owned.add(whileVisible(panel, () => this.#follow()));
  }

  get whenReady(): Promise<void> {
    return this.#web.whenReady;
  }

  reveal(): void {
    this.#web.panel.reveal();
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

  #follow(): Disposable {
    const { session, workbench } = this.#options;
    const { live } = workbench;
    const following = new DisposableStore();
    following.add(session.onDidChange(() => this.#show()));
    following.add(live.onDidChange(() => this.#show()));
    following.add(live.lease());
    // Where nothing changes any more, also what changed while nobody saw it.
    this.#show();
    return following;
  }

  #show(): void {
    const { workbench, session } = this.#options;
    const { live } = workbench;
    this.#web.post(
      liveFiguresPicture({
        snapshot: live.snapshot,
        chart: (lines) => live.chart(lines),
        rankCount: live.rankCount,
        lines: this.#lines,
        intervalSeconds: featureSettings().liveFiguresSeconds ?? 5,
        connected: session.connection.kind === 'ready' || session.connection.kind === 'loading',
      }),
    );
  }

  async #receive(message: FromLiveFigures): Promise<void> {
    switch (message.type) {
      case 'ready':
        return;
      case 'lines':
        this.#lines = message.lines;
        this.#show();
        return;
      case 'help':
        await run(HELP[message.help]);
        return;
      case 'copy':
        await copyText(message);
        return;
      case 'save':
        await saveFile(this.#options.workbench.workspace, 'live-figures.csv', Buffer.from(message.text, 'utf8'));
    }
  }
}
