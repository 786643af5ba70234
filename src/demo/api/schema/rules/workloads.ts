import { at, isObject, numberAt, stringAt } from '../../../../base/json.ts';
import { forbidden, immutable, invalid, notSupported, required } from '../field-errors.ts';
import { equalJson } from '../json.ts';
import type { Json, Violation } from '../types.ts';
import { alwaysRestarted, templateViolations } from './pod.ts';
import { selectorMatches, selectorViolations } from './selector.ts';

export function validateDeployment(deployment: Json): Violation[] {
  const spec = specOf(deployment);
  return [...replicated(spec, 'deployment'), ...negative(spec, ['replicas', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds']), ...deploymentStrategy(spec['strategy'])];
}

export function validateReplicaSet(replicaSet: Json): Violation[] {
  const spec = specOf(replicaSet);
  return [...replicated(spec, 'deployment'), ...negative(spec, ['replicas', 'minReadySeconds'])];
}

export function validateStatefulSet(statefulSet: Json): Violation[] {
  const spec = specOf(statefulSet);
  return [...replicated(spec, 'statefulset'), ...negative(spec, ['replicas', 'minReadySeconds'])];
}

export function validateDaemonSet(daemonSet: Json): Violation[] {
  return replicated(specOf(daemonSet), 'daemonset');
}

export function validateJob(job: Json): Violation[] {
  const spec = specOf(job);
  const template = spec['template'];
  const policy = stringAt(template, 'spec', 'restartPolicy');
  const indexed = spec['completionMode'] === 'Indexed';
  return [
    ...negative(spec, ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished']),
    ...(indexed && spec['completions'] === undefined ? [required('spec.completions', 'when completion mode is Indexed')] : []),
    ...templateViolations(template, 'spec.template'),
    ...(policy === 'OnFailure' || policy === 'Never' ? [] : [notSupported('spec.template.spec.restartPolicy', policy ?? '', ['OnFailure', 'Never'])]),
    ...matchesTemplate(spec),
  ];
}

const MAX_PODS = 2_147_483_647;

export function validateLeaderWorkerSet(set: Json): Violation[] {
  const replicas = numberAt(set, 'spec', 'replicas') ?? 1;
  const size = numberAt(set, 'spec', 'leaderWorkerTemplate', 'size') ?? 1;
  const rolling = at(set, 'spec', 'rolloutStrategy', 'rollingUpdateConfiguration');
  const none = (value: unknown): boolean => value === 0 || value === '0%';
  const stuck = replicas > 0 && none(at(rolling, 'maxUnavailable')) && none(at(rolling, 'maxSurge'));
  return [
    ...(replicas < 0 ? [invalid('spec.replicas', replicas, 'replicas must be equal or greater than 0')] : []),
    ...(size < 1 ? [invalid('spec.leaderWorkerTemplate.size', size, 'size must be equal or greater than 1')] : []),
    ...(replicas * size > MAX_PODS ? [invalid('spec.replicas', replicas, `the product of replicas and worker replicas must not exceed ${MAX_PODS}`)] : []),
    ...(stuck ? [invalid('spec.rolloutStrategy.rollingUpdateConfiguration.maxUnavailable', at(rolling, 'maxUnavailable'), 'must not be 0 when `maxSurge` is 0')] : []),
    ...subGroupViolations(set, size),
  ];
}

function subGroupViolations(set: Json, size: number): Violation[] {
  const policy = at(set, 'spec', 'leaderWorkerTemplate', 'subGroupPolicy');
  const groupSize = numberAt(policy, 'subGroupSize');
  if (groupSize === undefined) return [];
  const refused = (why: string): Violation => invalid('spec.leaderWorkerTemplate.SubGroupPolicy.subGroupSize', groupSize, why);
  if (groupSize < 1) return [refused('subGroupSize must be equal or greater than 1')];
  const withoutLeader = (size - 1) % groupSize === 0;
  return [
    ...(size % groupSize === 0 || withoutLeader ? [] : [refused('size or size - 1 must be divisible by subGroupSize')]),
    ...(size < groupSize ? [refused('subGroupSize cannot be larger than size')] : []),
    ...(stringAt(policy, 'subGroupPolicyType') === 'LeaderExcluded' && !withoutLeader ? [refused('size-1 must be divisible by subGroupSize when using LeaderExcluded')] : []),
  ];
}

export function validateSelectorUpdate(object: Json, old: Json): Violation[] {
  const now = specOf(object)['selector'];
  return equalJson(now, specOf(old)['selector']) ? [] : [immutable('spec.selector', now)];
}

const STATEFUL_MUTABLE = ['replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy', 'minReadySeconds'];

export function validateStatefulSetUpdate(statefulSet: Json, old: Json): Violation[] {
  const frozen = (spec: Json): Json => Object.fromEntries(Object.entries(spec).filter(([key]) => !STATEFUL_MUTABLE.includes(key)));
  if (equalJson(frozen(specOf(statefulSet)), frozen(specOf(old)))) return [];
  return [forbidden('spec', "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")];
}

export function validateJobUpdate(job: Json, old: Json): Violation[] {
  const now = specOf(job);
  const before = specOf(old);
  // An indexed job may grow and shrink with its parallelism; a suspended one may still get another template.
  const elastic = now['completionMode'] === 'Indexed' && now['completions'] === now['parallelism'];
  const frozen = ['selector', 'completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'maxFailedIndexes', ...(elastic ? [] : ['completions']), ...(before['suspend'] === true ? [] : ['template'])];
  return frozen.filter((field) => !equalJson(now[field], before[field])).map((field) => immutable(`spec.${field}`, now[field]));
}

/** Groups are made for their subgroups; that cannot be changed under them. */
export function validateLeaderWorkerSetUpdate(set: Json, old: Json): Violation[] {
  const size = (object: Json): unknown => at(object, 'spec', 'leaderWorkerTemplate', 'subGroupPolicy', 'subGroupSize');
  if (size(set) === size(old)) return [];
  const path = 'spec.leaderWorkerTemplate.SubGroupPolicy.subGroupSize';
  if (size(old) === undefined) return [invalid(path, size(set), 'cannot enable subGroupSize after the lws is already created')];
  if (size(set) === undefined) return [invalid(path, size(old), 'cannot remove subGroupSize after enabled')];
  return [immutable(path, size(set))];
}

function specOf(object: Json): Json {
  return isObject(object['spec']) ? object['spec'] : {};
}

function negative(spec: Json, fields: readonly string[]): Violation[] {
  return fields.flatMap((field) => {
    const value = spec[field];
    return typeof value === 'number' && value < 0 ? [invalid(`spec.${field}`, value, 'must be greater than or equal to 0')] : [];
  });
}

function replicated(spec: Json, kind: string): Violation[] {
  const { selector, template } = spec;
  const empty = isObject(selector) && Object.values(selector).every((part) => !part || Object.keys(part).length === 0);
  return [
    ...(isObject(selector) ? selectorViolations(selector, 'spec.selector') : [required('spec.selector')]),
    ...(empty ? [invalid('spec.selector', selector, `empty selector is invalid for ${kind}`)] : []),
    ...(empty ? [] : matchesTemplate(spec)),
    ...templateViolations(template, 'spec.template'),
    ...alwaysRestarted(template, 'spec.template'),
  ];
}

function matchesTemplate(spec: Json): Violation[] {
  const { selector, template } = spec;
  if (!isObject(selector)) return [];
  const metadata = isObject(template) && isObject(template['metadata']) ? template['metadata'] : {};
  const labels = isObject(metadata['labels']) ? metadata['labels'] : {};
  return selectorMatches(selector, labels) ? [] : [invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')];
}

function deploymentStrategy(strategy: unknown): Violation[] {
  if (!isObject(strategy)) return [];
  const { type, rollingUpdate } = strategy;
  if (type === 'Recreate' && rollingUpdate !== undefined) return [forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'")];
  if (!isObject(rollingUpdate)) return [];
  const none = (value: unknown): boolean => value === 0 || value === '0%';
  return none(rollingUpdate['maxUnavailable']) && none(rollingUpdate['maxSurge'])
    ? [invalid('spec.strategy.rollingUpdate.maxUnavailable', rollingUpdate['maxUnavailable'], 'may not be 0 when `maxSurge` is 0')]
    : [];
}
