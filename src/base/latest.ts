import { DisposableStore, type Disposable } from './disposables.ts';

/**
 * Work that is asked for again before it is done: one at a time, and the latest request counts. What is overtaken has its
 * signal fired, and is not shown; where it can't be ended, as a write to disk, the next one comes after it. Whoever asked gets the outcome of the
 * first work that began after they asked and was not overtaken, so one that fails fails for its own askers alone.
 */
export class Latest<T> implements Disposable {
  readonly #work: (signal: AbortSignal) => Promise<T>;
  readonly #show: (result: T) => void;
  #running: AbortController | undefined;
  #asked: PromiseWithResolvers<void> | undefined;
  #disposed = false;

  constructor(work: (signal: AbortSignal) => Promise<T>, show: (result: T) => void = () => undefined) {
    this.#work = work;
    this.#show = show;
  }

  ask(): Promise<void> {
    if (this.#disposed) return Promise.resolve();
    this.#asked ??= Promise.withResolvers();
    const { promise } = this.#asked;
    if (this.#running) this.#running.abort();
    else void this.#turns();
    return promise;
  }

  /** Nothing is begun or shown any more. */
  dispose(): void {
    this.#disposed = true;
    this.#running?.abort();
    this.#asked?.resolve();
    this.#asked = undefined;
  }

  async #turns(): Promise<void> {
    let askers: PromiseWithResolvers<void>[] = [];
    while (this.#asked) {
      askers.push(this.#asked);
      this.#asked = undefined;
      this.#running = new AbortController();
      const outcome = this.#turn(this.#running.signal);
      await Promise.allSettled([outcome]);
      // Asked for again meanwhile: they all wait for that.
      if (this.#asked) continue;
      for (const { resolve } of askers) resolve(outcome);
      askers = [];
    }
    this.#running = undefined;
  }

  async #turn(signal: AbortSignal): Promise<void> {
    try {
      const result = await this.#work(signal);
      if (!signal.aborted) this.#show(result);
    } catch (error) {
      if (!this.#disposed) throw error;
    }
  }
}

/** What can be seen or not: a panel of the window. */
export interface Viewed {
  readonly visible: boolean;
  readonly onDidChangeViewState: (listener: () => void) => Disposable;
}

/** Holds what `follow` starts for as long as the view is visible; starts it again each time it becomes visible. */
export function whileVisible(view: Viewed, follow: () => Disposable): Disposable {
  const owned = new DisposableStore();
  let following: Disposable | undefined;
  const look = (): void => {
    if (view.visible) following ??= follow();
    else {
      following?.dispose();
      following = undefined;
    }
  };
  owned.add(view.onDidChangeViewState(look));
  owned.add({ dispose: () => following?.dispose() });
  look();
  return owned;
}
