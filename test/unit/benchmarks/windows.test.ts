import assert from 'node:assert/strict';
import { array, assert as check, integer, property, tuple } from 'fast-check';
import { commonWindow, shareInside, unionSeconds, type Window } from '../../../src/benchmarks/readers/windows.ts';

const windows = array(
  tuple(integer({ min: 0, max: 60 }), integer({ min: 0, max: 30 })).map(([start_s, length]): Window => ({
    start_s,
    end_s: start_s + length,
  })),
  { minLength: 1, maxLength: 6 },
);

/** Whole seconds counted one by one. */
function seconds(list: readonly Window[], open: (count: number) => boolean): number {
  let total = 0;
  for (let second = 0; second < 90; second += 1) {
    if (open(list.filter(({ start_s, end_s }) => start_s <= second && second < end_s).length)) total += 1;
  }
  return total;
}

describe('windows', () => {
  it('the union counts every second that some window is open, once', () => {
    check(
      property(windows, (list) =>
        assert.equal(
          unionSeconds(list),
          seconds(list, (count) => count > 0),
        ),
      ),
    );
  });

  it('the common window counts the seconds that all windows are open', () => {
    check(
      property(windows, (list) => {
        const common = commonWindow(list);
        assert.equal(
          common ? common.end_s - common.start_s : 0,
          seconds(list, (count) => count === list.length),
        );
      }),
    );
  });

  it('neither depends on the order', () => {
    check(
      property(windows, (list) => {
        const turned = list.toReversed();
        assert.equal(unionSeconds(turned), unionSeconds(list));
        assert.deepEqual(commonWindow(turned), commonWindow(list));
      }),
    );
  });

  it('the shares of a span in neighbouring windows add up to one', () => {
    check(
      property(
        integer({ min: 0, max: 20 }),
        integer({ min: 1, max: 20 }),
        integer({ min: 0, max: 40 }),
        (start_s, length, border) => {
          const span = { start_s, end_s: start_s + length };
          const total =
            shareInside(span, { start_s: -1, end_s: border }) + shareInside(span, { start_s: border, end_s: 99 });
          assert.ok(Math.abs(total - 1) < 1e-12);
        },
      ),
    );
  });
});
