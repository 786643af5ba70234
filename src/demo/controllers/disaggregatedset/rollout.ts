/** Groups of one role while its set goes from old revisions to a new one. */
export interface RoleProgress {
  /** Of the old revisions when the rollout began. */
  readonly initial: number;
  /** Of the old revisions now. */
  readonly old: number;
  /** Of the new revision now. */
  readonly current: number;
  /** Of the new revision at the end; 0 for a role that is gone from the set. */
  readonly target: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** How many groups each role is to have next, in the order of the roles. */
export interface RolloutStep {
  readonly old: readonly number[];
  readonly current: readonly number[];
}

/**
 * The next step of a rollout over several roles, undefined when it is over. All roles move together along a line from
 * old to new, so that prefill and decode of one revision are always there in about their proportion. A step makes new
 * groups where the surge allows it, else it gives up old ones.
 */
export function nextStep(roles: readonly RoleProgress[]): RolloutStep | undefined {
  const steps = Math.max(1, ...roles.map((role) => Math.ceil(Math.max(role.initial, role.target) / batch(role))));
  const old = roles.map((role) => role.old);
  const current = roles.map((role) => role.current);
  if (roles.every((role) => role.current >= role.target))
    return old.every((count) => count === 0) ? undefined : { old: roles.map(() => 0), current };
  const grown = grownBy(roles, steps);
  if (
    differs(grown, current) &&
    roles.every((role, at) => role.target === 0 || role.old + (grown[at] ?? 0) <= role.target + role.maxSurge)
  )
    return { old, current: grown };
  const drained = together(roles, current, drainedBy(roles, steps));
  if (differs(drained, old)) return { old: drained, current };
  // Neither fits alone: as many old ones go as the new ones need room.
  const forced = together(
    roles,
    grown,
    roles.map((role, at) =>
      Math.max(
        kept(role, grown[at] ?? 0),
        Math.min(role.old, Math.max(0, role.target + role.maxSurge - (grown[at] ?? 0))),
      ),
    ),
  );
  return differs(forced, old) || differs(grown, current) ? { old: forced, current: grown } : undefined;
}

/** Groups that one step may make or give up. */
function batch({ maxSurge, maxUnavailable }: RoleProgress): number {
  return maxSurge > 0 ? maxSurge : Math.max(1, maxUnavailable);
}

function grownBy(roles: readonly RoleProgress[], steps: number): readonly number[] {
  const reached = Math.min(
    steps,
    ...roles.map((role) => (role.target === 0 ? steps : Math.floor((role.current * steps) / role.target))),
  );
  return roles.map((role) =>
    Math.max(role.current, Math.min(role.target, Math.ceil(((reached + 1) * role.target) / steps))),
  );
}

function drainedBy(roles: readonly RoleProgress[], steps: number): readonly number[] {
  const reached = Math.max(
    0,
    ...roles.map((role) => (role.initial === 0 ? 0 : Math.floor(((role.initial - role.old) * steps) / role.initial))),
  );
  return roles.map((role) => {
    const wanted = Math.max(0, role.initial - Math.floor(((reached + 1) * role.initial) / steps));
    return Math.min(role.old, Math.max(wanted, kept(role, role.current)));
  });
}

/** Old groups that must stay so that no more than `maxUnavailable` are missing. A role that grows has none to lose. */
function kept(role: RoleProgress, current: number): number {
  return role.initial >= role.target ? Math.max(0, role.target - role.maxUnavailable - current) : 0;
}

/** A revision without one of its roles serves nobody: its roles end together, or none of them does yet. */
function together(
  roles: readonly RoleProgress[],
  current: readonly number[],
  old: readonly number[],
): readonly number[] {
  const left = old.filter((_count, at) => (roles[at]?.initial ?? 0) > 0);
  if (left.every((count) => count > 0) || left.every((count) => count === 0)) return old;
  const mayEnd = roles.every((role, at) => kept(role, current[at] ?? 0) === 0);
  return old.map((count, at) => (mayEnd ? 0 : (roles[at]?.initial ?? 0) > 0 ? Math.max(1, count) : count));
}

function differs(one: readonly number[], other: readonly number[]): boolean {
  return one.some((count, at) => count !== other[at]);
}
