import { disposable, type Disposable } from '../../src/base/disposables.ts';
import type { Clock } from '../../src/base/clock.ts';

interface Timer {
  /** Monotonic ms. */
  readonly at: number;
  readonly fire: () => void;
  handle: NodeJS.Timeout;
}

/** The system's clock, which can leap: what takes minutes in life takes none in a test, and sockets go on as they do. */
export class LeapClock implements Clock {
  readonly #timers = new Set<Timer>();
  #wallAhead = 0;
  #monotonicAhead = 0;

  now(): number {
    return Date.now() + this.#wallAhead;
  }

  monotonic(): number {
    return performance.now() + this.#monotonicAhead;
  }

  setTimer(ms: number, fire: () => void): Disposable {
    const timer: Timer = { at: this.monotonic() + ms, fire, handle: setTimeout(() => this.#fire(timer), ms) };
    this.#timers.add(timer);
    return disposable(() => this.#forget(timer));
  }

  /** Time passes at once, on both clocks: every timer that falls due fires, late and together, as after the sleep of a Mac. */
  leap(ms: number): void {
    this.#wallAhead += ms;
    this.#monotonicAhead += ms;
    const now = this.monotonic();
    for (const timer of [...this.#timers].sort((one, other) => one.at - other.at)) {
      clearTimeout(timer.handle);
      timer.handle = setTimeout(() => this.#fire(timer), Math.max(0, timer.at - now));
    }
  }

  /** Only the wall clock moves, forwards or back: somebody set it, or a Linux machine slept, whose timers stand still meanwhile. */
  step(ms: number): void {
    this.#wallAhead += ms;
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    timer.fire();
  }

  #forget(timer: Timer): void {
    clearTimeout(timer.handle);
    this.#timers.delete(timer);
  }
}
