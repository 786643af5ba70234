import assert from 'node:assert/strict';
import type { Clock } from '../../../src/base/clock.ts';
import { Liveness } from '../../../src/kube/http/liveness.ts';
import { ManualClock } from './manual-clock.ts';

/** A machine whose wall clock may be set, or go on while everything else sleeps. */
class SleepyClock extends ManualClock implements Clock {
  slept = 0;

  override now(): number {
    return super.now() + this.slept;
  }
}

describe('liveness of a connection', () => {
  let clock: SleepyClock;
  let silences: number;
  let liveness: Liveness;

  beforeEach(() => {
    clock = new SleepyClock();
    silences = 0;
    liveness = new Liveness(clock, 90_000, () => {
      silences += 1;
    });
  });

  it('ends after silence, once', () => {
    clock.advance(89_000);
    assert.equal(silences, 0);
    clock.advance(6000);
    assert.equal(silences, 1);
    clock.advance(600_000);
    assert.equal(silences, 1);
    assert.deepEqual(clock.waiting, []);
  });

  it('goes on for as long as something is heard', () => {
    for (let minute = 0; minute < 10; minute += 1) {
      clock.advance(60_000);
      liveness.heard();
    }
    assert.equal(silences, 0);
  });

  it('ends with the next beat when the wall clock alone says so: the machine slept', () => {
    clock.slept = 3_600_000;
    clock.advance(5000);
    assert.equal(silences, 1);
  });

  it('does not mind a wall clock that is set back', () => {
    clock.slept = -3_600_000;
    clock.advance(60_000);
    assert.equal(silences, 0);
    clock.advance(35_000);
    assert.equal(silences, 1);
  });

  it('is silent after dispose', () => {
    liveness.dispose();
    clock.advance(600_000);
    assert.equal(silences, 0);
    assert.deepEqual(clock.waiting, []);
  });
});
