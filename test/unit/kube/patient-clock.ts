import { systemClock, type Clock } from '../../../src/base/clock.ts';
import { disposable, type Disposable } from '../../../src/base/disposables.ts';

/** The limits of a call (to connect, to the first byte, to the end), and the beat by which a connection is judged. */
const LIMITS: ReadonlySet<number> = new Set([5000, 10_000, 30_000, 60_000]);

/** The pauses between attempts pass at once, and the limits of calls never strike: a slow machine changes nothing. */
export class PatientClock implements Clock {
  now(): number {
    return systemClock.now();
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  setTimer(ms: number, fire: () => void): Disposable {
    if (LIMITS.has(ms)) return disposable(() => {});
    const handle = setImmediate(fire);
    return disposable(() => clearImmediate(handle));
  }
}
