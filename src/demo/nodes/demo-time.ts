import { sleep, type Clock } from '../../base/clock.ts';
import type { DemoTime } from './types.ts';

/** Simulated time over a clock. `speed` 10 makes 10 s pass in one. */
export function demoTime(clock: Clock, speed: number): DemoTime {
  return {
    now: () => clock.now(),
    pass: (seconds, signal) => sleep(clock, (seconds * 1000) / speed, signal),
  };
}
