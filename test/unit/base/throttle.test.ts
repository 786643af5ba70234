import assert from 'node:assert/strict';
import { Throttle } from '../../../src/base/throttle.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const pace = { everyMs: 60, restTimes: 3 };

/** Lets promises that are settled have their say. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('throttles', () => {
  it('do at once what was not done lately', async () => {
    const clock = new ManualClock();
    let done = 0;
    const throttle = new Throttle(clock, pace, () => {
      done += 1;
    });
    throttle.ask();
    clock.advance(0);
    assert.equal(done, 1);
    await settle();
    clock.advance(60);
    throttle.ask();
    clock.advance(0);
    assert.equal(done, 2);
  });

  it('take what is asked within a span together, at its end', async () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const throttle = new Throttle(clock, pace, () => {
      at.push(clock.monotonic());
    });
    for (let ms = 0; ms < 110; ms += 10) {
      throttle.ask();
      throttle.ask();
      clock.advance(10);
      await settle();
    }
    assert.deepEqual(at, [0, 60]);
  });

  it('rest after work that took long', async () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const throttle = new Throttle(clock, pace, () => {
      at.push(clock.monotonic());
      clock.stall(100);
    });
    throttle.ask();
    clock.advance(0);
    await settle();
    throttle.ask();
    clock.advance(1000);
    assert.deepEqual(at, [0, 400]);
  });

  it('rest no longer for what was only waited for, where the work tells what it computed', async () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const waiting = Promise.withResolvers<number>();
    const throttle = new Throttle(clock, pace, () => {
      at.push(clock.monotonic());
      return waiting.promise;
    });
    throttle.ask();
    clock.advance(100);
    waiting.resolve(20);
    await settle();
    throttle.ask();
    clock.advance(1000);
    assert.deepEqual(at, [0, 160]);
  });

  it('wait for work that is under way, and do it again for what was asked meanwhile', async () => {
    const clock = new ManualClock();
    const working: (() => void)[] = [];
    const throttle = new Throttle(clock, pace, () => new Promise<void>((resolve) => working.push(resolve)));
    throttle.ask();
    clock.advance(0);
    throttle.ask();
    clock.advance(1000);
    assert.equal(working.length, 1);
    working[0]?.();
    await settle();
    clock.advance(3000);
    assert.equal(working.length, 2);
  });

  it('do nothing once disposed', () => {
    const clock = new ManualClock();
    let done = 0;
    const throttle = new Throttle(clock, pace, () => {
      done += 1;
    });
    throttle.ask();
    throttle.dispose();
    throttle.ask();
    clock.advance(1000);
    assert.equal(done, 0);
  });
});
