import { stringAt, type Json } from './objects.ts';

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** The list with this condition set. Its transition time moves only when its status does; `extra` are fields of the kind (observedGeneration). */
export function withCondition(
  conditions: readonly unknown[],
  condition: Condition,
  now: number,
  extra: Json = {},
): readonly unknown[] {
  const at = conditions.findIndex((one) => stringAt(one, 'type') === condition.type);
  const before = conditions[at];
  const lastTransitionTime =
    stringAt(before, 'status') === condition.status ? stringAt(before, 'lastTransitionTime') : undefined;
  const next = { ...condition, ...extra, lastTransitionTime: lastTransitionTime ?? timestamp(now) };
  return at < 0 ? [...conditions, next] : conditions.with(at, next);
}

/** The same, with the time of the last change of reason or message, as deployments have it. */
export function withUpdatedCondition(
  conditions: readonly unknown[],
  condition: Condition,
  now: number,
): readonly unknown[] {
  const before = conditions.find((one) => stringAt(one, 'type') === condition.type);
  const same = (['status', 'reason', 'message'] as const).every(
    (field) => stringAt(before, field) === condition[field],
  );
  const lastUpdateTime = same ? stringAt(before, 'lastUpdateTime') : undefined;
  return withCondition(conditions, condition, now, { lastUpdateTime: lastUpdateTime ?? timestamp(now) });
}

/** RFC 3339 to the second. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
