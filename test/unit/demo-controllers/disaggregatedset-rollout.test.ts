import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { nextStep, type RoleProgress } from '../../../src/demo/controllers/disaggregatedset/rollout.ts';

const role = (initial: number, target: number, maxSurge = 1, maxUnavailable = 0): RoleProgress => ({
  initial,
  old: initial,
  current: 0,
  target,
  maxSurge,
  maxUnavailable,
});

/** Every step of a rollout whose groups all become ready. */
function walk(start: readonly RoleProgress[]): readonly (readonly RoleProgress[])[] {
  const states = [start];
  for (let state = start; states.length < 2000; states.push(state)) {
    const step = nextStep(state);
    if (step === undefined) return states;
    state = state.map((each, at) => ({ ...each, old: step.old[at] ?? 0, current: step.current[at] ?? 0 }));
  }
  assert.fail(`no end: ${JSON.stringify(start)}`);
}

const counts = (states: readonly (readonly RoleProgress[])[]): readonly (readonly string[])[] =>
  states.map((state) => state.map(({ old, current }) => `${old}>${current}`));

describe('rollout over several roles', () => {
  it('is over where it has nothing to do', () => {
    assert.equal(nextStep([{ initial: 2, old: 0, current: 2, target: 2, maxSurge: 1, maxUnavailable: 0 }]), undefined);
  });

  it('makes one of the new before it gives up one of the old', () => {
    assert.deepEqual(counts(walk([role(1, 1), role(1, 1)])), [
      ['1>0', '1>0'],
      ['1>1', '1>1'],
      ['0>1', '0>1'],
    ]);
  });

  it('moves all roles along together', () => {
    assert.deepEqual(counts(walk([role(1, 1), role(2, 2)])), [
      ['1>0', '2>0'],
      ['1>1', '2>1'],
      ['1>1', '1>1'],
      ['1>1', '1>2'],
      ['0>1', '0>2'],
    ]);
  });

  it('ends, within the surge and without more missing than allowed, and never leaves a revision with a part of its roles', () => {
    const anyRole = fc
      .record({
        initial: fc.integer({ min: 1, max: 6 }),
        target: fc.integer({ min: 1, max: 6 }),
        maxSurge: fc.integer({ min: 0, max: 3 }),
        maxUnavailable: fc.integer({ min: 0, max: 3 }),
      })
      .filter(({ maxSurge, maxUnavailable }) => maxSurge + maxUnavailable > 0)
      .map(({ initial, target, maxSurge, maxUnavailable }) => role(initial, target, maxSurge, maxUnavailable));
    fc.assert(
      fc.property(fc.array(anyRole, { minLength: 2, maxLength: 4 }), (start) => {
        const states = walk(start);
        for (const state of states) {
          assert.equal(new Set(state.map(({ old }) => old === 0)).size, 1, JSON.stringify(counts(states)));
          for (const { initial, old, current, target, maxSurge, maxUnavailable } of state) {
            assert.ok(old <= initial && current <= target);
            // The last old group of a role stays beyond the surge until its revision ends as a whole.
            assert.ok(
              old + current <= Math.max(initial, target + maxSurge) || old === 1,
              `surge: ${JSON.stringify(counts(states))}`,
            );
            if (initial >= target)
              assert.ok(old + current >= target - maxUnavailable, `missing: ${JSON.stringify(counts(states))}`);
          }
        }
        assert.ok(states.at(-1)?.every(({ old, current, target }) => old === 0 && current === target));
      }),
      { numRuns: 1000 },
    );
  });
});
