import assert from 'node:assert/strict';
import { array, assert as check, integer, property } from 'fast-check';
import { nearestRank } from '../../../src/benchmarks/readers/merge-latency.ts';

const once = (value: number): { value: number; weight: number } => ({ value, weight: 1 });

describe('merged percentiles', () => {
  it('are measured values', () => {
    assert.equal(nearestRank([], 99), null);
    assert.equal(nearestRank([7].map(once), 1), 7);
    assert.equal(nearestRank([1, 2, 3, 4].map(once), 50), 2);
    assert.equal(nearestRank([1, 2, 3, 4].map(once), 99), 4);
    assert.equal(nearestRank([1, 2, 3, 4].map(once), 0), 1);
  });

  it('a weight stands for that many observations', () => {
    const observations = array(
      integer({ min: 0, max: 9 }).chain((value) => integer({ min: 0, max: 5 }).map((weight) => ({ value, weight }))),
      { maxLength: 12 },
    );
    check(
      property(observations, integer({ min: 0, max: 100 }), (list, percent) => {
        const sorted = list.toSorted((a, b) => a.value - b.value);
        const repeated = sorted.flatMap(({ value, weight }) => Array.from({ length: weight }, () => once(value)));
        assert.equal(nearestRank(sorted, percent), nearestRank(repeated, percent));
      }),
    );
  });
});
