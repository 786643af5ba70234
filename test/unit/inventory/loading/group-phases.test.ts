import assert from 'node:assert/strict';
import { groupPhases, type Member } from '../../../../src/inventory/loading/group-phases.ts';
import type { LoadingPhase } from '../../../../src/inventory/loading/types.ts';

const leaderAt = (own: LoadingPhase): Member => ({ key: 'ns/d-0', name: 'd-0', rank: 0, read: true, own });
const worker = (own: LoadingPhase | undefined, read = true): Member => ({
  key: 'ns/d-0-1',
  name: 'd-0-1',
  rank: 1,
  read,
  own,
});
const joined: LoadingPhase = { phase: 'distributed', since: 1 };

describe('phases of a group', () => {
  it('take the weights of silent ranks from the first rank', () => {
    const phases = groupPhases([worker(joined), leaderAt({ phase: 'weights', percent: 61, since: 5 })]);
    assert.deepEqual(phases.get('ns/d-0-1'), { phase: 'weights', percent: 61, since: 5, inferredFrom: 'd-0' });
    assert.equal(phases.get('ns/d-0')?.inferredFrom, undefined);
  });

  it('do not take a silent rank further than the weights: it would say that they are loaded', () => {
    assert.deepEqual(groupPhases([leaderAt({ phase: 'compiling', since: 9 }), worker(joined)]).get('ns/d-0-1'), {
      phase: 'weights',
      since: 1,
      inferredFrom: 'd-0',
    });
  });

  it('leave a rank that speaks, or has not begun, to its own words', () => {
    const compiling: LoadingPhase = { phase: 'compiling', since: 3 };
    const leader = leaderAt({ phase: 'graphs', percent: 40, since: 9 });
    assert.deepEqual(groupPhases([leader, worker(compiling)]).get('ns/d-0-1'), compiling);
    assert.equal(groupPhases([leader, worker(undefined)]).has('ns/d-0-1'), false);
  });

  it('tell a rank whose log is not read by its group', () => {
    assert.deepEqual(groupPhases([leaderAt({ phase: 'graphs', since: 9 }), worker(undefined, false)]).get('ns/d-0-1'), {
      phase: 'graphs',
      since: 9,
      inferredFrom: 'd-0',
    });
  });
});
