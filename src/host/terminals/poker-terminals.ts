import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { isWorkbenchError } from '../../base/errors.ts';
import { fitLine } from '../../base/fit-text.ts';
import { terminalText } from '../../base/terminal-text.ts';
import type { LongCall } from '../../deployment/types.ts';
import type { ClusterRef } from '../../kube/types.ts';
import type { Endpoint, PokerService } from '../../poker/types.ts';
import { placeOf } from '../../kube/place.ts';

/** One shell a poker pod, named after it, used again while it lives. */
export class PokerTerminals implements Disposable {
  readonly #poker: PokerService;
  readonly #open = new Map<string, vscode.Terminal>();
  readonly #owned = new DisposableStore();
  readonly #onLost: (cluster: ClusterRef) => void;

  /** `onLost` hears of a shell that ended although nobody closed it: mostly because its pod is gone. */
  constructor(poker: PokerService, onLost: (cluster: ClusterRef) => void) {
    this.#poker = poker;
    this.#onLost = onLost;
  }

  async show(cluster: ClusterRef, deployment: string | undefined, call: LongCall): Promise<void> {
    const key = `${cluster.server} ${placeOf(cluster)}`;
    const open = this.#open.get(key);
    if (open?.exitStatus === undefined && open) {
      open.show();
      return;
    }
    await this.#poker.start(cluster, call);
    call.progress({ message: 'opening the shell' });
    const shell = await this.#poker.shell(cluster, await this.#endpoint(cluster, deployment, call.signal), call.signal);
    const terminal = vscode.window.createTerminal({
      name: fitLine(shell.title),
      shellPath: shell.file,
      shellArgs: [...shell.args],
      env: { ...shell.env },
      message: terminalText(shell.greeting),
      iconPath: new vscode.ThemeIcon('vm-active'),
      isTransient: true,
    });
    this.#open.set(key, terminal);
    const closing = this.#owned.add(
      vscode.window.onDidCloseTerminal((closed) => {
        if (closed !== terminal) return;
        closing.dispose();
        this.#open.delete(key);
        if (closed.exitStatus?.reason === vscode.TerminalExitReason.Process && closed.exitStatus.code !== 0)
          this.#onLost(cluster);
      }),
    );
    terminal.show();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  /** A shell is of use before a deployment answers; its greeting then says so. */
  async #endpoint(
    cluster: ClusterRef,
    deployment: string | undefined,
    signal: AbortSignal,
  ): Promise<Endpoint | undefined> {
    try {
      return await this.#poker.endpoint(cluster, deployment, signal);
    } catch (error) {
      if (isWorkbenchError(error, 'not-ready', 'not-found', 'resource-absent')) return undefined;
      throw error;
    }
  }
}
