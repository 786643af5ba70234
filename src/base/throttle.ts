import type { Clock } from './clock.ts';
import type { Disposable } from './disposables.ts';

export interface Pace {
  /** From the start of one turn to the next at least so long, in ms. */
  readonly everyMs: number;
  /** A turn that computed for long is followed by a pause of so many times as long, so that the work never fills the event loop. */
  readonly restTimes: number;
}

/** Work that waits for others in between may answer how long it computed itself, in ms; else its whole time counts. */
export type Work = () => void | Promise<void> | Promise<number | undefined>;

/**
 * Does work that was asked for any number of times: at once when it has not been done lately, else when its next turn
 * comes. A single change is never kept waiting, and a storm of them costs no more than a turn a span.
 */
export class Throttle implements Disposable {
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #work: Work;
  #timer: Disposable | undefined;
  #working = false;
  #again = false;
  #nextAt = Number.NEGATIVE_INFINITY;
  #disposed = false;

  /** `work` handles its own errors: one that is thrown is thrown on. */
  constructor(clock: Clock, pace: Pace, work: Work) {
    this.#clock = clock;
    this.#pace = pace;
    this.#work = work;
  }

  /** Asks for a turn; what has been asked for and is still to come counts for all. */
  ask(): void {
    if (this.#working) this.#again = true;
    else if (!this.#disposed)
      this.#timer ??= this.#clock.setTimer(
        Math.max(0, this.#nextAt - this.#clock.monotonic()),
        () => void this.#turn(),
      );
  }

  dispose(): void {
    this.#disposed = true;
    this.#timer?.dispose();
    this.#timer = undefined;
  }

  async #turn(): Promise<void> {
    this.#timer = undefined;
    const started = this.#clock.monotonic();
    this.#working = true;
    let computedMs: number | undefined;
    try {
      const working = this.#work();
      if (working) computedMs = (await working) ?? undefined;
    } finally {
      const now = this.#clock.monotonic();
      this.#working = false;
      this.#nextAt = Math.max(started + this.#pace.everyMs, now + (computedMs ?? now - started) * this.#pace.restTimes);
      if (this.#again) {
        this.#again = false;
        this.ask();
      }
    }
  }
}
