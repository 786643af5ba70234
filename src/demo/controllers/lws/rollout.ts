import type { Rollout } from './sets.ts';

/** One group as a rolling update sees it. */
export interface GroupState {
  readonly ready: boolean;
  readonly updated: boolean;
}

export interface RolloutInput {
  /** Groups that the set wants. */
  readonly wanted: number;
  /** How many it wanted when the leaders' set was written last. */
  readonly wantedBefore: number;
  /** Of the leaders' StatefulSet, as it is. */
  readonly replicas: number;
  readonly partition: number;
  /** The template differs from the one that the leaders' set has: a rolling update begins. */
  readonly templateChanged: boolean;
  readonly maxUnavailable: number;
  readonly maxSurge: number;
  readonly states: readonly GroupState[];
}

/**
 * How far a rolling update may go now. Groups are updated from the last to the first, at most `maxUnavailable` of them
 * down at a time; surge groups are added at the end while it lasts.
 */
export function nextRollout(input: RolloutInput): Rollout {
  const maxSurge = Math.min(input.maxSurge, input.wanted);
  const burst = input.wanted + maxSurge;
  // Surge groups are given back one by one as the last groups become ready.
  const replicasFor = (unready: number): number =>
    unready <= maxSurge ? input.wanted + Math.max(unready - 1, 0) : burst;
  if (input.templateChanged)
    return { partition: Math.min(input.wanted, input.replicas), replicas: replicasFor(input.wanted) };
  if (input.partition === 0 && input.replicas === input.wanted) return { partition: 0, replicas: input.wanted };

  const unready =
    input.states.slice(0, input.wanted).filter((state) => !state.ready || !state.updated).length +
    Math.max(input.wanted - input.states.length, 0);
  if (input.wantedBefore !== input.wanted)
    return { partition: Math.min(input.partition, burst), replicas: replicasFor(unready) };
  const step = input.maxUnavailable + maxSurge - (burst - input.replicas);
  return { partition: nextPartition(input, step), replicas: replicasFor(unready) };
}

function nextPartition({ states, replicas, partition: current }: RolloutInput, step: number): number {
  const behind = states.toReversed().findIndex((state) => !state.ready || !state.updated);
  const done = behind < 0 ? states.length : behind;
  const reach = Math.max(replicas - done - step, 0);
  // Groups that are down anyway below the reach count against what may be down.
  let partition = reach + states.slice(0, reach).filter((state) => !state.ready).length;
  // A group that is down or updated already costs nothing.
  while (partition > 0 && costsNothing(states[partition - 1])) partition -= 1;
  return Math.min(partition, current);
}

function costsNothing(state: GroupState | undefined): boolean {
  return state === undefined || !state.ready || state.updated;
}
