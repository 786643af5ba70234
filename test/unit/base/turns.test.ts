import assert from 'node:assert/strict';
import { Turns } from '../../../src/base/turns.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const pace = { everyMs: 60, restTimes: 3 };

/** Lets promises that are settled have their say. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('do at once what was not done lately', async () => {
    const clock = new ManualClock();
    let done = 0;
    const turns = new Turns(clock, pace, () => {
      done += 1;
    });
    turns.ask();
    clock.advance(0);
    assert.equal(done, 1);
    await settle();
    clock.advance(60);
    turns.ask();
    clock.advance(0);
    assert.equal(done, 2);
  });

  it('take what is asked within a span together, at its end', async () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const turns = new Turns(clock, pace, () => {
      at.push(clock.monotonic());
    });
    for (let ms = 0; ms < 110; ms += 10) {
      turns.ask();
      turns.ask();
      clock.advance(10);
      await settle();
    }
    assert.deepEqual(at, [0, 60]);
  });

  it('rest after work that took long', async () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const turns = new Turns(clock, pace, () => {
      at.push(clock.monotonic());
      clock.stall(100);
    });
    turns.ask();
    clock.advance(0);
    await settle();
    turns.ask();
    clock.advance(1000);
    assert.deepEqual(at, [0, 400]);
  });

  it('rest no longer for what was only waited for, where the work tells what it computed', async () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const waiting = Promise.withResolvers<number>();
    const turns = new Turns(clock, pace, () => {
      at.push(clock.monotonic());
      return waiting.promise;
    });
    turns.ask();
    clock.advance(100);
    waiting.resolve(20);
    await settle();
    turns.ask();
    clock.advance(1000);
    assert.deepEqual(at, [0, 160]);
  });

  it('wait for work that is under way, and do it again for what was asked meanwhile', async () => {
    const clock = new ManualClock();
    const working: (() => void)[] = [];
    const turns = new Turns(clock, pace, () => new Promise<void>((resolve) => working.push(resolve)));
    turns.ask();
    clock.advance(0);
    turns.ask();
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
    const turns = new Turns(clock, pace, () => {
      done += 1;
    });
    turns.ask();
    turns.dispose();
    turns.ask();
    clock.advance(1000);
    assert.equal(done, 0);
  });
});
