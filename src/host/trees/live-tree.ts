import * as vscode from 'vscode';
import { systemClock } from '../../base/clock.ts';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { toWorkbenchError } from '../../base/errors.ts';
import { fitLine } from '../../base/fit-text.ts';
import { loadPart } from '../../base/parts.ts';
import { Throttle } from '../../base/throttle.ts';
import { showViewProgress } from '../notifications.ts';
import type { Row } from './row.ts';
import { TREE_PACE } from './row-index.ts';
import { RowTree, type RowElement } from './row-tree.ts';

export interface TreeContent {
  readonly rows: readonly Row[];
  /** Beside the view's title: the headline figure and how fresh it is. */
  readonly description: string;
  /** Above the rows: what the figures leave out. */
  readonly message?: string | undefined;
  /** True while the first answer is on its way: shows the view's progress bar. */
  readonly loading?: boolean;
  /** Time that it took to make this, without any waiting. */
  readonly computedMs?: number;
}

export const NOTHING: TreeContent = { rows: [], description: '' };

export interface LiveTreeOptions {
  readonly id: string;
  /** Loads what makes the content, when the view is first seen. */
  readonly load: () => Promise<() => Promise<TreeContent>>;
  /** What keeps the content fresh; held only while the view can be seen. */
  readonly whileVisible: () => Disposable;
  readonly onError: (error: unknown) => void;
}

/** A tree view that works only while it is visible and shows many changes at once. */
export class LiveTree implements Disposable {
  readonly view: vscode.TreeView<RowElement>;
  readonly tree = new RowTree();
  readonly #options: LiveTreeOptions;
  readonly #owned = new DisposableStore();
  readonly #throttle = new Throttle(systemClock, TREE_PACE, () => this.#run());
  #content: (() => Promise<TreeContent>) | undefined;
  #loading: Promise<() => Promise<TreeContent>> | undefined;
  #lease: Disposable | undefined;
  #loaded: (() => void) | undefined;

  constructor(options: LiveTreeOptions) {
    this.#options = options;
    this.view = vscode.window.createTreeView(options.id, {
      treeDataProvider: this.tree,
      showCollapseAll: true,
      canSelectMany: true,
    });
    this.#owned.add(this.tree);
    this.#owned.add(this.view);
    this.#owned.add(this.view.onDidChangeVisibility(({ visible }) => this.#setVisible(visible)));
    this.#setVisible(this.view.visible);
  }

  /** Loads what makes the content; a failure is told when the view is seen. */
  prepare(): void {
    this.#load().catch(() => undefined);
  }

  /** Shows what is there now, soon. Costs nothing while the view is hidden. */
  update(): void {
    if (this.view.visible && this.#content) this.#throttle.ask();
  }

  /** The same, and loads what could not be loaded before. */
  refresh(): void {
    if (this.view.visible) void this.#begin();
  }

  dispose(): void {
    this.#throttle.dispose();
    this.#loaded?.();
    this.#lease?.dispose();
    this.#owned.dispose();
  }

  #setVisible(visible: boolean): void {
    if (visible) {
      this.#lease ??= this.#options.whileVisible();
      void this.#begin();
    } else {
      this.#lease?.dispose();
      this.#lease = undefined;
    }
  }

  /** Loading is no turn's work: a long first turn would be followed by a long pause. */
  async #begin(): Promise<void> {
    try {
      this.#content = await this.#load();
      this.update();
    } catch (error) {
      this.#fail(error);
    }
  }

  #load(): Promise<() => Promise<TreeContent>> {
    this.#loading ??= loadPart(this.#options.load).catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  /** Answers how long it computed, where the content tells. */
  async #run(): Promise<number | undefined> {
    try {
      const content = await this.#content?.();
      if (!content) return undefined;
      const started = performance.now();
      this.tree.show(content.rows);
      this.view.description = fitLine(content.description);
      this.view.message = fitLine(content.message ?? '');
      this.#showProgress(content.loading ?? false);
      return content.computedMs === undefined ? undefined : content.computedMs + performance.now() - started;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #fail(error: unknown): void {
    const { message, hint } = toWorkbenchError(error, 'show this view');
    this.view.message = fitLine([message, hint].filter((line) => line !== undefined).join('. '));
    this.#options.onError(error);
  }

  #showProgress(loading: boolean): void {
    if (!loading) {
      this.#loaded?.();
      this.#loaded = undefined;
    } else if (this.#loaded === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#loaded = resolve;
      showViewProgress(this.#options.id, promise);
    }
  }
}
