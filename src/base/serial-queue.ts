import { setImmediate as nextTurn } from 'node:timers/promises';

/** Does pieces of work one after the other, each in a turn of the event loop of its own, so that none adds to another's. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  do<T>(work: () => T): Promise<T> {
    const done = this.#last.then(() => nextTurn()).then(work);
    // One that fails tells whoever asked for it, not the next one.
    this.#last = done.catch(() => undefined);
    return done;
  }
}
