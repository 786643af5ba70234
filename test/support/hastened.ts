import type { Clock } from '../../src/base/clock.ts';

/** A clock whose timers run so many times as fast; what it tells is the time that it is. */
export function hastened(clock: Clock, times: number): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimer: (ms, fire) => clock.setTimer(ms / times, fire),
  };
}
