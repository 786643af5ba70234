import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import type * as z from 'zod';
import { pageHtml } from './html.ts';

export interface WebPanelOptions<ToPage extends { readonly type: string }, FromPage extends { readonly type: string }> {
  readonly panel: vscode.WebviewPanel;
  /** Folder of the bundles. */
  readonly dist: vscode.Uri;
  /** Name of the page's bundle in `dist/webview`. */
  readonly bundle: string;
  readonly incoming: z.ZodType<FromPage>;
  readonly frames?: readonly string[];
  /** Called with every message but `ready`, which the panel answers itself. */
  readonly receive: (message: FromPage) => Promise<void> | void;
  readonly onError: (error: unknown) => void;
  /** What the page shows first. */
  readonly first?: ToPage;
}

/** A webview panel with typed, checked messages. A page that (re)starts says `ready` and gets the latest picture. */
export class WebPanel<
  ToPage extends { readonly type: string },
  FromPage extends { readonly type: string },
> implements Disposable {
  readonly panel: vscode.WebviewPanel;
  readonly #owned = new DisposableStore();
  readonly #started = Promise.withResolvers<void>();
  /** The page runs and was given its picture; also when the panel was closed before. */
  readonly whenReady: Promise<void> = this.#started.promise;
  #latest: (() => ToPage) | undefined;
  #ready = false;

  constructor(options: WebPanelOptions<ToPage, FromPage>) {
    const { panel, dist, bundle, frames } = options;
    this.panel = panel;
    const { first } = options;
    this.#latest = first && (() => first);
    const { webview } = panel;
    webview.options = { enableScripts: true, localResourceRoots: [dist] };
    this.#owned.add(
      webview.onDidReceiveMessage((raw: unknown) => {
        const parsed = options.incoming.safeParse(raw);
        if (!parsed.success) {
          options.onError(parsed.error);
          return;
        }
        if (parsed.data.type === 'ready') this.#start();
        else Promise.resolve(options.receive(parsed.data)).catch(options.onError);
      }),
    );
    this.#owned.add(panel.onDidDispose(() => this.#end()));
    const uri = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, 'webview', file)).toString();
    webview.html = pageHtml({
      title: panel.title,
      cspSource: webview.cspSource,
      script: uri(`${bundle}.js`),
      style: uri(`${bundle}.css`),
      ...(frames ? { frames } : {}),
    });
  }

  /** Shows this picture now, or as soon as the page is there. An older one that was never shown is dropped. */
  post(message: ToPage): void {
    this.update(message, () => message);
  }

  /** Tells a page that runs what changed of its picture; one that starts later is given the whole of it. */
  update(change: ToPage, whole: () => ToPage): void {
    this.#latest = whole;
    if (this.#ready) void this.panel.webview.postMessage(change);
  }

  onDidDispose(listener: () => void): void {
    this.#owned.add(this.panel.onDidDispose(listener));
  }

  dispose(): void {
    this.#end();
    this.#owned.dispose();
    this.panel.dispose();
  }

  /** What comes after it is told to nobody: a closed webview throws. */
  #end(): void {
    this.#ready = false;
    this.#started.resolve();
  }

  #start(): void {
    this.#ready = true;
    if (this.#latest) void this.panel.webview.postMessage(this.#latest());
    this.#started.resolve();
  }
}
