import type { Disposable } from '../../../base/disposables.ts';
import { errorText } from '../../../base/errors.ts';
import type { Logger } from '../../../base/logger.ts';

/** Handles keys one after the other outside the change that named them; a key that is named twice before its turn is handled once. */
export class Worker<Key> implements Disposable {
  readonly #waiting = new Map<string, Key>();
  readonly #identify: (key: Key) => string;
  readonly #handle: (key: Key) => void;
  readonly #logger: Logger;
  #scheduled: NodeJS.Immediate | undefined;
  #disposed = false;

  constructor(identify: (key: Key) => string, handle: (key: Key) => void, logger: Logger) {
    this.#identify = identify;
    this.#handle = handle;
    this.#logger = logger;
  }

  add(key: Key): void {
    if (this.#disposed) return;
    this.#waiting.set(this.#identify(key), key);
    this.#scheduled ??= setImmediate(() => this.#run());
  }

  dispose(): void {
    this.#disposed = true;
    this.#waiting.clear();
    clearImmediate(this.#scheduled);
  }

  #run(): void {
    this.#scheduled = undefined;
    const keys = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const key of keys) {
      try {
        this.#handle(key);
      } catch (error) {
        this.#logger.error(`${this.#identify(key)}: ${errorText(error)}`, error);
      }
    }
  }
}
