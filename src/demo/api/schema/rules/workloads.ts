import { isObject, stringAt } from '../../../../base/json.ts';
import { forbidden, immutable, invalid, notSupported, required } from '../field-errors.ts';
import { equalJson } from '../json.ts';
import type { Json, Violation } from '../types.ts';
import { alwaysRestarted, templateViolations } from './pod.ts';
import { selectorMatches, selectorViolations } from './selector.ts';

/** The order of the rules is the server's: clients show the causes as they come. */
export function validateDeployment(deployment: Json): Violation[] {
  const spec = specOf(deployment);
  return [
    ...negative(spec, ['replicas']),
    ...replicated(spec, 'deployment'),
    ...deploymentStrategy(spec['strategy']),
    ...negative(spec, ['minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds']),
  ];
}

export function validateReplicaSet(replicaSet: Json): Violation[] {
  const spec = specOf(replicaSet);
  return [...negative(spec, ['replicas', 'minReadySeconds']), ...replicated(spec, 'deployment')];
}

export function validateStatefulSet(statefulSet: Json): Violation[] {
  const spec = specOf(statefulSet);
  return [...negative(spec, ['replicas', 'minReadySeconds']), ...replicated(spec, 'statefulset')];
}

export function validateDaemonSet(daemonSet: Json): Violation[] {
  const spec = specOf(daemonSet);
  const { selector, template } = spec;
  return [
    ...selectorViolations(selector, 'spec.selector'),
    ...(isEmptySelector(selector) ? [] : matchesTemplate(spec, 'spec.template')),
    ...(isEmptySelector(selector)
      ? [invalid('spec.selector', selector, 'empty selector is invalid for daemonset')]
      : []),
    ...templateViolations(template, 'spec.template'),
    ...alwaysRestarted(template, 'spec.template'),
    ...negative(spec, ['minReadySeconds', 'revisionHistoryLimit']),
  ];
}

export function validateJob(job: Json): Violation[] {
  const spec = specOf(job);
  return [
    ...jobSpecViolations(spec, 'spec'),
    ...(isObject(spec['selector'])
      ? selectorViolations(spec['selector'], 'spec.selector')
      : [required('spec.selector')]),
    ...matchesTemplate(spec, 'spec.template'),
  ];
}

export function validateCronJob(cronJob: Json): Violation[] {
  const spec = specOf(cronJob);
  const schedule = stringAt(spec, 'schedule') ?? '';
  return [
    ...(schedule === '' || CRON.test(schedule)
      ? []
      : [invalid('spec.schedule', schedule, 'expected exactly 5 fields')]),
    ...jobSpecViolations(specOf(isObject(spec['jobTemplate']) ? spec['jobTemplate'] : {}), 'spec.jobTemplate.spec'),
    ...negative(spec, ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit']),
    ...(schedule === '' ? [required('spec.schedule')] : []),
  ];
}

/** Five fields, or a name for them. */
const CRON = /^(?:@\w+(?: \S+)?|\S+(?:\s+\S+){4})$/;

function jobSpecViolations(spec: Json, path: string): Violation[] {
  const indexed = spec['completionMode'] === 'Indexed';
  return [
    ...negative(
      spec,
      [
        'parallelism',
        'completions',
        'activeDeadlineSeconds',
        'backoffLimit',
        'ttlSecondsAfterFinished',
        'backoffLimitPerIndex',
        'maxFailedIndexes',
      ],
      path,
    ),
    ...(indexed && spec['completions'] === undefined
      ? [required(`${path}.completions`, 'when completion mode is Indexed')]
      : []),
    ...(indexed
      ? []
      : ['backoffLimitPerIndex', 'maxFailedIndexes']
          .filter((field) => spec[field] !== undefined)
          .map((field) => invalid(`${path}.${field}`, spec[field], 'requires indexed completion mode'))),
    ...templateViolations(spec['template'], `${path}.template`),
    ...endingPolicy(stringAt(spec['template'], 'spec', 'restartPolicy') ?? '', `${path}.template.spec.restartPolicy`),
  ];
}

/** Pods of a job come to an end. */
function endingPolicy(policy: string, path: string): Violation[] {
  if (policy === 'OnFailure' || policy === 'Never') return [];
  return policy === '' || policy === 'Always'
    ? [required(path, 'valid values: "OnFailure", "Never"')]
    : [notSupported(path, policy, ['OnFailure', 'Never'])];
}

export function validateSelectorUpdate(object: Json, old: Json): Violation[] {
  const now = specOf(object)['selector'];
  return equalJson(now, specOf(old)['selector']) ? [] : [immutable('spec.selector', now)];
}

const STATEFUL_MUTABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

export function validateStatefulSetUpdate(statefulSet: Json, old: Json): Violation[] {
  const frozen = (spec: Json): Json =>
    Object.fromEntries(Object.entries(spec).filter(([key]) => !STATEFUL_MUTABLE.includes(key)));
  if (equalJson(frozen(specOf(statefulSet)), frozen(specOf(old)))) return [];
  return [
    forbidden(
      'spec',
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ),
  ];
}

export function validateJobUpdate(job: Json, old: Json): Violation[] {
  const now = specOf(job);
  const before = specOf(old);
  // An indexed job may grow and shrink with its parallelism; a suspended one may still get another template.
  const elastic = now['completionMode'] === 'Indexed' && now['completions'] === now['parallelism'];
  const frozen = [
    'selector',
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
    ...(elastic ? [] : ['completions']),
    ...(before['suspend'] === true ? [] : ['template']),
  ];
  return frozen
    .filter((field) => !equalJson(now[field], before[field]))
    .map((field) => immutable(`spec.${field}`, now[field]));
}

function specOf(object: Json): Json {
  return isObject(object['spec']) ? object['spec'] : {};
}

function negative(spec: Json, fields: readonly string[], path = 'spec'): Violation[] {
  return fields.flatMap((field) => {
    const value = spec[field];
    return typeof value === 'number' && value < 0
      ? [invalid(`${path}.${field}`, value, 'must be greater than or equal to 0')]
      : [];
  });
}

function replicated(spec: Json, kind: string): Violation[] {
  const { selector, template } = spec;
  const empty = isEmptySelector(selector);
  return [
    ...(isObject(selector) ? selectorViolations(selector, 'spec.selector') : [required('spec.selector')]),
    ...(empty ? [invalid('spec.selector', selector, `empty selector is invalid for ${kind}`)] : []),
    ...(empty ? [] : matchesTemplate(spec, 'spec.template')),
    ...templateViolations(template, 'spec.template'),
    ...alwaysRestarted(template, 'spec.template'),
  ];
}

function isEmptySelector(selector: unknown): boolean {
  return isObject(selector) && Object.values(selector).every((part) => !part || Object.keys(part).length === 0);
}

/** A selector that is not there selects nothing. */
function matchesTemplate(spec: Json, path: string): Violation[] {
  const { selector, template } = spec;
  const metadata = isObject(template) && isObject(template['metadata']) ? template['metadata'] : {};
  const labels = isObject(metadata['labels']) ? metadata['labels'] : {};
  return selectorMatches(selector, labels)
    ? []
    : [invalid(`${path}.metadata.labels`, labels, '`selector` does not match template `labels`')];
}

function deploymentStrategy(strategy: unknown): Violation[] {
  if (!isObject(strategy)) return [];
  const { type, rollingUpdate } = strategy;
  if (type === 'Recreate' && rollingUpdate !== undefined)
    return [forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'")];
  if (!isObject(rollingUpdate)) return [];
  const none = (value: unknown): boolean => value === 0 || value === '0%';
  return none(rollingUpdate['maxUnavailable']) && none(rollingUpdate['maxSurge'])
    ? [
        invalid(
          'spec.strategy.rollingUpdate.maxUnavailable',
          rollingUpdate['maxUnavailable'],
          'may not be 0 when `maxSurge` is 0',
        ),
      ]
    : [];
}
