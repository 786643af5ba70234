import { arrayAt, at, numberAt, stringAt } from '../../../base/json.ts';
import { fromV1 } from '../catalogue/autoscaler-conversion.ts';
import type { ApiObject } from '../base/object.ts';
import { ageOf, count, none, orNone, pairs, selectorCell, templateCells, type Printer } from './cells.ts';
import { age, humanDuration } from './duration.ts';

export const workloadCells: Readonly<Record<string, Printer>> = {
  'deployments.apps': (deployment, now) => [
    deployment.metadata.name,
    `${count(deployment, 'status', 'readyReplicas')}/${count(deployment, 'spec', 'replicas')}`,
    count(deployment, 'status', 'updatedReplicas'),
    count(deployment, 'status', 'availableReplicas'),
    ageOf(deployment, now),
    ...templateCells(at(deployment, 'spec', 'template')),
    selectorCell(at(deployment, 'spec', 'selector')),
  ],
  'replicasets.apps': replicaCells,
  replicationcontrollers: replicaCells,
  'statefulsets.apps': (set, now) => [
    set.metadata.name,
    `${count(set, 'status', 'readyReplicas')}/${count(set, 'spec', 'replicas')}`,
    ageOf(set, now),
    ...templateCells(at(set, 'spec', 'template')),
  ],
  'daemonsets.apps': (set, now) => [
    set.metadata.name,
    count(set, 'status', 'desiredNumberScheduled'),
    count(set, 'status', 'currentNumberScheduled'),
    count(set, 'status', 'numberReady'),
    count(set, 'status', 'updatedNumberScheduled'),
    count(set, 'status', 'numberAvailable'),
    pairs(at(set, 'spec', 'template', 'spec', 'nodeSelector')),
    ageOf(set, now),
    ...templateCells(at(set, 'spec', 'template')),
    selectorCell(at(set, 'spec', 'selector')),
  ],
  'jobs.batch': (job, now) => [
    job.metadata.name,
    jobStatus(job),
    jobCompletions(job),
    jobDuration(job, now),
    ageOf(job, now),
    ...templateCells(at(job, 'spec', 'template')),
    selectorCell(at(job, 'spec', 'selector')),
  ],
  'cronjobs.batch': (job, now) => [
    job.metadata.name,
    stringAt(job, 'spec', 'schedule') ?? '',
    orNone(stringAt(job, 'spec', 'timeZone')),
    goBool(at(job, 'spec', 'suspend') === true),
    arrayAt(job, 'status', 'active').length,
    stringAt(job, 'status', 'lastScheduleTime') === undefined
      ? none
      : age(stringAt(job, 'status', 'lastScheduleTime'), now),
    ageOf(job, now),
    ...templateCells(at(job, 'spec', 'jobTemplate', 'spec', 'template')),
    selectorCell(at(job, 'spec', 'jobTemplate', 'spec', 'selector')),
  ],
  'controllerrevisions.apps': (revision, now) => [
    revision.metadata.name,
    controllerCell(revision),
    String(count(revision, 'revision')),
    ageOf(revision, now),
  ],
  'poddisruptionbudgets.policy': (budget, now) => [
    budget.metadata.name,
    budgetValue(at(budget, 'spec', 'minAvailable')),
    budgetValue(at(budget, 'spec', 'maxUnavailable')),
    count(budget, 'status', 'disruptionsAllowed'),
    ageOf(budget, now),
  ],
  'horizontalpodautoscalers.autoscaling': (scaler, now) => [
    scaler.metadata.name,
    `${stringAt(scaler, 'spec', 'scaleTargetRef', 'kind') ?? ''}/${stringAt(scaler, 'spec', 'scaleTargetRef', 'name') ?? ''}`,
    targetsCell(scaler),
    String(numberAt(scaler, 'spec', 'minReplicas') ?? '<unset>'),
    count(scaler, 'spec', 'maxReplicas'),
    count(scaler, 'status', 'currentReplicas'),
    ageOf(scaler, now),
  ],
};

/** As fmt prints it into a cell of text. */
function goBool(value: boolean): string {
  return value ? 'True' : 'False';
}

/** What an autoscaler compares: nobody measures it here. */
function targetsCell(scaler: ApiObject): string {
  const metrics = arrayAt(scaler.apiVersion === 'autoscaling/v1' ? fromV1(scaler) : scaler, 'spec', 'metrics');
  const targets = metrics.map((metric) => {
    const source = ['resource', 'containerResource', 'pods', 'object', 'external']
      .map((key) => at(metric, key))
      .find((found) => found !== undefined);
    const share = numberAt(source, 'target', 'averageUtilization');
    const name = stringAt(source, 'name');
    const wanted =
      share === undefined
        ? (stringAt(source, 'target', 'averageValue') ?? stringAt(source, 'target', 'value') ?? '')
        : `${share}%`;
    return `${name === undefined ? '' : `${name}: `}<unknown>/${wanted}`;
  });
  if (targets.length === 0) return none;
  const more = targets.length - shownTargets;
  return `${targets.slice(0, shownTargets).join(', ')}${more > 0 ? ` + ${more} more...` : ''}`;
}

const shownTargets = 2;

function replicaCells(set: ApiObject, now: number): readonly unknown[] {
  const selector = at(set, 'spec', 'selector');
  return [
    set.metadata.name,
    count(set, 'spec', 'replicas'),
    count(set, 'status', 'replicas'),
    count(set, 'status', 'readyReplicas'),
    ageOf(set, now),
    ...templateCells(at(set, 'spec', 'template')),
    set.kind === 'ReplicationController' ? pairs(selector) : selectorCell(selector),
  ];
}

function jobStatus(job: ApiObject): string {
  const holds = (type: string): boolean =>
    arrayAt(job, 'status', 'conditions').some(
      (condition) => stringAt(condition, 'type') === type && stringAt(condition, 'status') === 'True',
    );
  if (holds('Complete')) return 'Complete';
  if (holds('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (holds('Suspended')) return 'Suspended';
  if (holds('FailureTarget')) return 'FailureTarget';
  if (holds('SuccessCriteriaMet')) return 'SuccessCriteriaMet';
  return 'Running';
}

function jobCompletions(job: ApiObject): string {
  const succeeded = count(job, 'status', 'succeeded');
  const completions = numberAt(job, 'spec', 'completions');
  if (completions !== undefined) return `${succeeded}/${completions}`;
  const parallelism = numberAt(job, 'spec', 'parallelism') ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: ApiObject, now: number): string {
  const started = stringAt(job, 'status', 'startTime');
  if (started === undefined) return '';
  const ended = stringAt(job, 'status', 'completionTime');
  return humanDuration((ended === undefined ? now : Date.parse(ended)) - Date.parse(started));
}

function controllerCell(object: ApiObject): string {
  const owner = (object.metadata.ownerReferences ?? []).find((reference) => reference.controller === true);
  if (owner === undefined) return none;
  const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.slice(0, owner.apiVersion.indexOf('/'))}` : '';
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
}

function budgetValue(value: unknown): string {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : 'N/A';
}
