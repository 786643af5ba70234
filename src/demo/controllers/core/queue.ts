import type { Clock } from '../../../base/clock.ts';
import { disposable, type Disposable } from '../../../base/disposables.ts';
import { errorText, isWorkbenchError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/logger.ts';

const FIRST_RETRY_MS = 5;
const LAST_RETRY_MS = 10_000;
/** The event loop belongs to the API server too: so long at a stretch, then a pause. */
const SLICE_MS = 8;

export interface QueueOptions {
  /** Names the controller in the log. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Brings one object closer to its desired state. Called again after a change, a time it asked for, or a failure. */
  readonly reconcile: (key: string) => void;
}

/** Keys to be reconciled, each once however often it was named, with back-off after failures. */
export class ReconcileQueue implements Disposable {
  readonly #options: QueueOptions;
  readonly #due = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, Timer>();
  #turn: NodeJS.Immediate | undefined;
  #disposed = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  add(key: string): void {
    if (this.#disposed) return;
    this.#due.add(key);
    this.#turn ??= setImmediate(() => this.#run());
  }

  /** Names the key again after a time, unless an earlier one is set already. */
  addAfter(key: string, ms: number): void {
    if (this.#disposed) return;
    const at = this.#options.clock.now() + ms;
    const set = this.#timers.get(key);
    if (set !== undefined && set.at <= at) return;
    set?.dispose();
    const timer = this.#options.clock.setTimer(Math.max(ms, 0), () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { at, dispose: () => timer.dispose() });
  }

  dispose(): void {
    this.#disposed = true;
    clearImmediate(this.#turn);
    for (const timer of this.#timers.values()) timer.dispose();
    this.#timers.clear();
    this.#due.clear();
  }

  #run(): void {
    this.#turn = undefined;
    const until = this.#options.clock.monotonic() + SLICE_MS;
    for (const key of this.#due) {
      this.#due.delete(key);
      this.#reconcile(key);
      if (this.#options.clock.monotonic() > until) break;
    }
    if (this.#due.size > 0 && !this.#disposed) this.#turn ??= setImmediate(() => this.#run());
  }

  #reconcile(key: string): void {
    try {
      this.#options.reconcile(key);
      this.#failures.delete(key);
    } catch (error) {
      const failures = this.#failures.get(key) ?? 0;
      this.#failures.set(key, failures + 1);
      // Someone else wrote or deleted in between: looking again is all there is to do.
      const level = isWorkbenchError(error, 'conflict', 'not-found') ? 'debug' : 'warn';
      this.#options.logger[level](`${this.#options.name}: ${key}: ${errorText(error)}`);
      this.addAfter(key, Math.min(FIRST_RETRY_MS * 2 ** failures, LAST_RETRY_MS));
    }
  }
}

interface Timer extends Disposable {
  readonly at: number;
}

/** A signal's firing disposes. */
export function disposeOnAbort(signal: AbortSignal, target: Disposable): Disposable {
  const stop = (): void => target.dispose();
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return disposable(() => signal.removeEventListener('abort', stop));
}
