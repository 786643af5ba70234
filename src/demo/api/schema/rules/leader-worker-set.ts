import { at, isObject, numberAt, stringAt } from '../../../../base/json.ts';
import { immutable, invalid } from '../field-errors.ts';
import type { Json, Violation } from '../types.ts';
import { dns1035LabelErrors } from './names.ts';

/** What the webhook of the LeaderWorkerSet controller refuses of a set that its defaults were written to. */
export function leaderWorkerSetViolations(set: Json): Violation[] {
  const replicas = numberAt(set, 'spec', 'replicas') ?? 1;
  const size = numberAt(set, 'spec', 'leaderWorkerTemplate', 'size') ?? 1;
  // The set's name becomes that of a service.
  const name = stringAt(set, 'metadata', 'name') ?? '';
  return [
    ...dns1035LabelErrors(name).map((error) => invalid('metadata.name', name, error)),
    ...(replicas < 0 ? [invalid('spec.replicas', replicas, 'replicas must be equal or greater than 0')] : []),
    ...(size < 1 ? [invalid('spec.leaderWorkerTemplate.size', size, 'size must be equal or greater than 1')] : []),
    ...(replicas * size > MAX_PODS
      ? [invalid('spec.replicas', replicas, `the product of replicas and worker replicas must not exceed ${MAX_PODS}`)]
      : []),
    ...rolloutViolations(at(set, 'spec', 'rolloutStrategy', 'rollingUpdateConfiguration'), replicas),
    ...subGroupViolations(set, size),
  ];
}

const MAX_PODS = 2_147_483_647;
const ROLLOUT = 'spec.rolloutStrategy.rollingUpdateConfiguration';

function rolloutViolations(rollout: unknown, replicas: number): Violation[] {
  if (!isObject(rollout)) return [];
  const { maxUnavailable = 0, maxSurge = 0, partition = 0 } = rollout;
  const stuck =
    replicas !== 0 && scaled(maxUnavailable, replicas, Math.floor) === 0 && scaled(maxSurge, replicas, Math.ceil) === 0;
  return [
    ...countViolations(maxUnavailable, `${ROLLOUT}.maxUnavailable`),
    ...countViolations(maxSurge, `${ROLLOUT}.maxSurge`),
    ...(typeof partition === 'number' && partition < 0
      ? [invalid(`${ROLLOUT}.partition`, partition, 'must be greater than or equal to 0')]
      : []),
    ...(stuck ? [invalid(`${ROLLOUT}.maxUnavailable`, maxUnavailable, 'must not be 0 when `maxSurge` is 0')] : []),
  ];
}

const PERCENT = /^(\d+)%$/;

/** A number of groups, or how many of a hundred. */
function countViolations(count: unknown, path: string): Violation[] {
  if (typeof count === 'number') return count < 0 ? [invalid(path, count, 'must be greater than or equal to 0')] : [];
  const percent = PERCENT.exec(String(count))?.[1];
  if (percent === undefined)
    return [
      invalid(
        path,
        count,
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      ),
    ];
  return Number(percent) > 100 ? [invalid(path, count, 'must not be greater than 100%')] : [];
}

function scaled(count: unknown, of: number, round: (value: number) => number): number {
  return typeof count === 'number' ? count : round((Number(PERCENT.exec(String(count))?.[1] ?? 0) * of) / 100);
}

const EXCLUSIVE = 'leaderworkerset.sigs.k8s.io/subgroup-exclusive-topology';
const SUB_GROUP_SIZE = 'spec.leaderWorkerTemplate.SubGroupPolicy.subGroupSize';

function subGroupViolations(set: Json, size: number): Violation[] {
  const policy = at(set, 'spec', 'leaderWorkerTemplate', 'subGroupPolicy');
  const groupSize = numberAt(policy, 'subGroupSize');
  if (groupSize === undefined) {
    const exclusive = stringAt(set, 'metadata', 'annotations', EXCLUSIVE);
    return exclusive === undefined
      ? []
      : [
          invalid(
            `metadata.annotations.${EXCLUSIVE}`,
            exclusive,
            'cannot have subgroup-exclusive-topology without subGroupSize set',
          ),
        ];
  }
  const refused = (why: string): Violation => invalid(SUB_GROUP_SIZE, groupSize, why);
  if (groupSize < 1) return [refused('subGroupSize must be equal or greater than 1')];
  const withoutLeader = (size - 1) % groupSize === 0;
  return [
    ...(size % groupSize === 0 || withoutLeader ? [] : [refused('size or size - 1 must be divisible by subGroupSize')]),
    ...(size < groupSize ? [refused('subGroupSize cannot be larger than size')] : []),
    ...(stringAt(policy, 'subGroupPolicyType') === 'LeaderExcluded' && !withoutLeader
      ? [refused('size-1 must be divisible by subGroupSize when using LeaderExcluded')]
      : []),
  ];
}

/** Groups are made for their subgroups; that cannot be changed under them. */
export function leaderWorkerSetUpdateViolations(set: Json, old: Json): Violation[] {
  const size = (object: Json): unknown => at(object, 'spec', 'leaderWorkerTemplate', 'subGroupPolicy', 'subGroupSize');
  if (size(set) === size(old)) return [];
  if (size(old) === undefined)
    return [invalid(SUB_GROUP_SIZE, size(set), 'cannot enable subGroupSize after the lws is already created')];
  if (size(set) === undefined) return [invalid(SUB_GROUP_SIZE, size(old), 'cannot remove subGroupSize after enabled')];
  return [immutable(SUB_GROUP_SIZE, size(set))];
}
