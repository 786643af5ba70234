import type { Clock } from '../../src/base/clock.ts';

/** A clock that stands still until it is advanced; timers fire in order of their time. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly fire: () => void }>();

  now(): number {
    return 1_700_000_000_000 + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  setTimer(ms: number, fire: () => void): { dispose(): void } {
    const timer = { at: this.#now + ms, fire };
    this.#timers.add(timer);
    return { dispose: () => this.#timers.delete(timer) };
  }

  get waiting(): number {
    return this.#timers.size;
  }

  /** Passes time, firing what falls due on the way. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#timers].filter((timer) => timer.at <= end).sort((left, right) => left.at - right.at)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
    }
    this.#now = end;
  }

  /** Passes time as a stalled event loop does: what fell due fires late, at the end. */
  stall(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }
}
