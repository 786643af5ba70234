import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { nextRollout, type GroupState, type RolloutInput } from '../../../src/demo/controllers/lws/rollout.ts';

/** A slow model of what happens to the groups: the StatefulSet follows partition and replicas, then groups become ready one by one. */
interface World {
  wanted: number;
  wantedBefore: number;
  replicas: number;
  partition: number;
  groups: GroupState[];
}

function input(world: World, maxUnavailable: number, maxSurge: number, templateChanged = false): RolloutInput {
  return {
    wanted: world.wanted,
    wantedBefore: world.wantedBefore,
    replicas: world.replicas,
    partition: world.partition,
    templateChanged,
    maxUnavailable,
    maxSurge,
    states: world.groups,
  };
}

function obey(world: World, next: { partition: number; replicas: number }): void {
  world.partition = next.partition;
  world.replicas = next.replicas;
  world.wantedBefore = world.wanted;
  world.groups.length = Math.min(world.groups.length, next.replicas);
  while (world.groups.length < next.replicas) world.groups.push({ ready: false, updated: true });
  // The StatefulSet replaces outdated leaders from the partition on.
  world.groups = world.groups.map((group, index) =>
    index >= world.partition && !group.updated ? { ready: false, updated: true } : group,
  );
}

describe('rolling update of groups', () => {
  it('does nothing at rest', () => {
    const states = [
      { ready: true, updated: true },
      { ready: true, updated: true },
    ];
    assert.deepEqual(
      nextRollout({
        wanted: 2,
        wantedBefore: 2,
        replicas: 2,
        partition: 0,
        templateChanged: false,
        maxUnavailable: 1,
        maxSurge: 0,
        states,
      }),
      { partition: 0, replicas: 2 },
    );
  });

  it('begins with all groups held, and a surge at the end', () => {
    const states = [
      { ready: true, updated: false },
      { ready: true, updated: false },
    ];
    assert.deepEqual(
      nextRollout({
        wanted: 2,
        wantedBefore: 2,
        replicas: 2,
        partition: 0,
        templateChanged: true,
        maxUnavailable: 1,
        maxSurge: 0,
        states,
      }),
      { partition: 2, replicas: 2 },
    );
    assert.deepEqual(
      nextRollout({
        wanted: 2,
        wantedBefore: 2,
        replicas: 2,
        partition: 0,
        templateChanged: true,
        maxUnavailable: 1,
        maxSurge: 1,
        states,
      }),
      { partition: 2, replicas: 3 },
    );
  });

  it('ends with all groups new, never more down than allowed, whatever becomes ready first', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 2 }),
        fc.array(fc.nat(20), { minLength: 60, maxLength: 60 }),
        (wanted, maxUnavailable, maxSurge, order) => {
          const world: World = {
            wanted,
            wantedBefore: wanted,
            replicas: wanted,
            partition: 0,
            groups: Array.from({ length: wanted }, () => ({ ready: true, updated: false })),
          };
          obey(world, nextRollout(input(world, maxUnavailable, maxSurge, true)));
          for (const choice of order) {
            obey(world, nextRollout(input(world, maxUnavailable, maxSurge)));
            const ready = world.groups.filter((group) => group.ready).length;
            assert.ok(ready >= wanted - maxUnavailable, `${ready} of ${wanted} ready`);
            assert.ok(world.groups.length <= wanted + Math.min(maxSurge, wanted));
            const waiting = world.groups.flatMap((group, index) => (group.ready ? [] : [index]));
            const chosen = waiting[choice % Math.max(waiting.length, 1)];
            if (chosen !== undefined) world.groups[chosen] = { ready: true, updated: true };
          }
          assert.deepEqual(
            world.groups,
            Array.from({ length: wanted }, () => ({ ready: true, updated: true })),
          );
          assert.deepEqual([world.partition, world.replicas], [0, wanted]);
        },
      ),
    );
  });
});
