import type * as vscode from 'vscode';
import { EventEmitter } from './vscode-recorder.ts';

/** Everything that was begun has had its turn. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A webview panel without a page: the test is the page. What is done to a closed one throws, as VS Code does it. */
export class RecordedPanel {
  /** What reached the page, newest last. */
  readonly posted: unknown[] = [];
  /** What was tried on the closed panel. */
  readonly tooLate: unknown[] = [];
  visible = true;
  readonly title = 'Panel';
  readonly webview: object;
  readonly #said = new EventEmitter<unknown>();
  readonly #seen = new EventEmitter<void>();
  readonly #closed = new EventEmitter<void>();
  readonly onDidChangeViewState = this.#seen.event;
  readonly onDidDispose = this.#closed.event;
  #page = false;
  #disposed = false;

  constructor() {
    const open = (wanted: unknown): void => {
      if (!this.#disposed) return;
      this.tooLate.push(wanted);
      throw new Error('Webview is disposed');
    };
    this.webview = {
      set options(options: unknown) {
        open(options);
      },
      set html(html: string) {
        open(html);
      },
      cspSource: 'https://webview.invalid',
      asWebviewUri: (uri: unknown) => uri,
      onDidReceiveMessage: this.#said.event,
      postMessage: (message: unknown): Promise<boolean> => {
        open(message);
        if (this.#page) this.posted.push(message);
        return Promise.resolve(this.#page);
      },
    };
  }

  /** As the extension is given it. */
  get asPanel(): vscode.WebviewPanel {
    return this as unknown as vscode.WebviewPanel;
  }

  says(message: { readonly type: string; readonly [part: string]: unknown }): void {
    if (message.type === 'ready') this.#page = true;
    this.#said.fire(message);
  }

  /** The page is gone while nobody sees it, and starts again afterwards. */
  hide(): void {
    this.#page = false;
    this.visible = false;
    this.#seen.fire();
  }

  reveal(): void {
    if (this.visible) return;
    this.visible = true;
    this.#seen.fire();
    this.says({ type: 'ready' });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#page = false;
    this.visible = false;
    this.#closed.fire();
  }
}
