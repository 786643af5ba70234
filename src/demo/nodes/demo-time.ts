import { sleep, type Clock } from '../../base/clock.ts';
import type { DemoTime } from './types.ts';

/** Timers can't be set further ahead than this. */
const longestTimerMs = 2 ** 31 - 1;

/** Simulated time over a clock. `speed` 10 makes 10 s pass in one. */
export function demoTime(clock: Clock, speed: number): DemoTime {
  return {
    now: () => clock.now(),
    async pass(seconds, signal) {
      let left = (seconds * 1000) / speed;
      for (; left > longestTimerMs; left -= longestTimerMs) await sleep(clock, longestTimerMs, signal);
      await sleep(clock, left, signal);
    },
  };
}
