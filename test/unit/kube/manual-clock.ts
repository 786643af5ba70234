import type { Clock } from '../../../src/base/clock.ts';
import { disposable, type Disposable } from '../../../src/base/disposables.ts';

interface Timer {
  readonly at: number;
  readonly ms: number;
  readonly fire: () => void;
}

/** Time that passes when the test says so. Timers fire in order. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  setTimer(ms: number, fire: () => void): Disposable {
    const timer = { at: this.#now + ms, ms, fire };
    this.#timers.add(timer);
    return disposable(() => this.#timers.delete(timer));
  }

  /** Lengths of the timers that wait, shortest first. */
  get waiting(): readonly number[] {
    return [...this.#timers].map(({ ms }) => ms).sort((a, b) => a - b);
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.fire();
    }
    this.#now = end;
  }
}
