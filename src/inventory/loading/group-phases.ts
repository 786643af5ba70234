import { orderOf } from './phases.ts';
import type { LoadingPhase } from './types.ts';

/** A pod of a group and what its own log told. */
export interface Member {
  readonly key: string;
  readonly name: string;
  readonly rank: number | undefined;
  /** False for a pod whose log is not read: one too many, or not open yet. */
  readonly read: boolean;
  readonly own: LoadingPhase | undefined;
}

/**
 * The phases of a group's pods that are not ready. Only the group's first rank draws the bars of the weights, so a pod
 * that has joined and says no more loads them too, as far as the first rank is; from the end of the weights on each pod speaks
 * for itself again.
 */
export function groupPhases(members: readonly Member[]): ReadonlyMap<string, LoadingPhase> {
  const leader = members.toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0)).find(({ own }) => own !== undefined);
  return new Map(
    members.flatMap((member) => {
      const phase =
        leader?.own === undefined || leader === member ? member.own : inferred(member, leader.name, leader.own);
      return phase === undefined ? [] : [[member.key, phase] as const];
    }),
  );
}

function inferred(member: Member, leader: string, of: LoadingPhase): LoadingPhase | undefined {
  if (!member.read) return { ...of, inferredFrom: leader };
  const { own } = member;
  // A pod that has not begun does not load because another one does.
  if (own === undefined || orderOf(own.phase) < orderOf('distributed') || orderOf(own.phase) >= orderOf('weights'))
    return own;
  if (orderOf(of.phase) <= orderOf(own.phase)) return own;
  if (orderOf(of.phase) <= orderOf('weights')) return { ...of, inferredFrom: leader };
  // The first rank is done with the weights and this one has not said so.
  return { phase: 'weights', since: own.since, inferredFrom: leader };
}
