import type { Job, Pod } from '../../../kube/model/kinds.ts';
import type { Disposable } from '../../../base/disposables.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import { timestamp, withCondition, type Condition } from '../core/conditions.ts';
import { withCounts, writeStatus } from '../core/counts.ts';
import type { EventRecorder } from '../core/events.ts';
import {
  annotationsOf,
  arrayAt,
  at,
  controllerOf,
  isObject,
  isTerminating,
  jsonAt,
  keyOf,
  numberAt,
  splitKey,
  statusOf,
  stringAt,
  templateOf,
  type Json,
  type NewObject,
} from '../core/objects.ts';
import { queueChanged, queueOwners } from '../core/owners.ts';
import { conditionOf, hasEnded, isReady } from '../../../kube/model/pod.ts';
import { isActive, phaseOf } from '../core/pods.ts';
import type { ReconcileQueue } from '../core/queue.ts';
import { createPod, podOf } from '../core/template.ts';
import { formatIndexes, parseIndexes } from './job-indexes.ts';

const INDEX = 'batch.kubernetes.io/job-completion-index';
/** Holds a finished pod until it is counted. */
const TRACKING = 'batch.kubernetes.io/job-tracking';
const FIRST_RETRY_MS = 10_000;
const LAST_RETRY_MS = 600_000;

/** Runs pods until enough have succeeded or too many have failed. */
export class JobController {
  readonly #cluster: Cluster;
  readonly #jobs: Collection;
  readonly #pods: Collection;
  readonly #events: EventRecorder;
  readonly #queue: ReconcileQueue;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#jobs = cluster.kind('jobs');
    this.#pods = cluster.kind('pods');
    this.#events = cluster.recorder('job-controller');
    this.#queue = cluster.queue('job', (key) => this.#reconcile(key));
  }

  start(): Disposable[] {
    return [queueChanged(this.#jobs, this.#queue), queueOwners(this.#pods, 'Job', this.#queue)];
  }

  #reconcile(key: string): void {
    const job = this.#jobs.byKey(key);
    this.#releaseOrphans(key, job);
    if (job === undefined) return;
    if (isTerminating(job) || isDone(job)) {
      for (const pod of this.#pods.controlledBy(job)) this.#release(pod);
      if (!isTerminating(job)) this.#expire(job);
      return;
    }
    const started =
      at(job, 'spec', 'suspend') === true || stringAt(job, 'status', 'startTime') !== undefined
        ? job
        : writeStatus(this.#jobs, job, { ...statusOf(job), startTime: timestamp(this.#cluster.now()) });
    const tally = this.#count(started);
    const verdict = verdictOf(started, tally, this.#cluster.now());
    if (verdict) this.#stop(started, tally, verdict);
    else if (at(started, 'spec', 'suspend') === true) this.#suspend(started, tally);
    else this.#run(started, tally);
  }

  /** Adds up the pods that have finished since, and lets them go once the sum is in the status. */
  #count(job: Job): Tally {
    const pods = this.#pods.controlledBy(job);
    const fresh = pods.filter((pod) => isTracked(pod) && (hasEnded(pod) || isLost(pod)));
    const succeeded = fresh.filter((pod) => phaseOf(pod) === 'Succeeded');
    const failed = fresh.filter((pod) => phaseOf(pod) !== 'Succeeded');
    const indexes = parseIndexes(stringAt(job, 'status', 'completedIndexes'));
    for (const pod of succeeded) indexes.add(indexOf(pod));
    const active = pods.filter(isActive);
    return {
      active,
      fresh,
      indexes,
      succeeded: isIndexed(job) ? indexes.size : (numberAt(job, 'status', 'succeeded') ?? 0) + succeeded.length,
      failed: (numberAt(job, 'status', 'failed') ?? 0) + failed.length,
      lastFailure: Math.max(0, ...pods.filter((pod) => phaseOf(pod) === 'Failed').map(finishedAt)),
      restarts: active.reduce((sum, pod) => sum + restartsOf(pod), 0),
      terminating: pods.filter((pod) => isTerminating(pod) && !hasEnded(pod)).length,
    };
  }

  #run(job: Job, tally: Tally): void {
    const parallelism = numberAt(job, 'spec', 'parallelism') ?? 1;
    const completions = numberAt(job, 'spec', 'completions');
    // Without a number of completions, the first success ends the starting of more.
    const useful =
      completions === undefined
        ? tally.succeeded > 0
          ? tally.active.length
          : parallelism
        : Math.min(parallelism, completions - tally.succeeded);
    const surplus = tally.active.slice(Math.max(useful, 0));
    for (const pod of surplus) this.#pods.delete(pod);
    // A pod that is on its way out still holds its place where only failed ones are replaced.
    const holding = stringAt(job, 'spec', 'podReplacementPolicy') === 'Failed' ? tally.terminating : 0;
    const missing = useful - tally.active.length - holding;
    const waitMs = missing > 0 ? this.#retryIn(tally) : 0;
    if (waitMs > 0) this.#queue.addAfter(keyOf(job), waitMs);
    const created = missing > 0 && waitMs <= 0 ? this.#start(job, tally, missing) : [];
    this.#write(
      job,
      { ...tally, active: [...tally.active.slice(0, Math.max(useful, 0)), ...created] },
      (conditions, now) =>
        conditions.some((one) => stringAt(one, 'type') === 'Suspended')
          ? withCondition(
              conditions,
              { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' },
              now,
            )
          : conditions,
    );
    const deadline = numberAt(job, 'spec', 'activeDeadlineSeconds');
    if (deadline !== undefined)
      this.#queue.addAfter(keyOf(job), startedAt(job) + deadline * 1000 - this.#cluster.now());
  }

  #start(job: Job, tally: Tally, missing: number): KubeObject[] {
    if (!isIndexed(job)) return Array.from({ length: missing }, () => this.#createPod(job, undefined));
    const taken = new Set([...tally.indexes, ...tally.active.map(indexOf)]);
    const completions = numberAt(job, 'spec', 'completions') ?? 0;
    const open = Array.from({ length: completions }, (_, index) => index).filter((index) => !taken.has(index));
    return open.slice(0, missing).map((index) => this.#createPod(job, index));
  }

  #createPod(job: Job, index: number | undefined): KubeObject {
    const pod = createPod(this.#pods, this.#events, job, jobPod(job, index));
    this.#events.record(job, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    return pod;
  }

  /** Failures in a row are answered by longer and longer waits. */
  #retryIn(tally: Tally): number {
    if (tally.failed === 0 || tally.lastFailure === 0) return 0;
    const pause = Math.min(FIRST_RETRY_MS * 2 ** (tally.failed - 1), LAST_RETRY_MS);
    return tally.lastFailure + pause - this.#cluster.now();
  }

  /** The outcome stands at once as its target condition; the final one follows when no pod runs any more. */
  #stop(job: Job, tally: Tally, verdict: Verdict): void {
    for (const pod of tally.active) this.#pods.delete(pod);
    const running = this.#pods.controlledBy(job).filter((pod) => !hasEnded(pod) && !isLost(pod));
    const { reason, message } = verdict;
    this.#write(
      job,
      { ...tally, active: [], terminating: running.length },
      (conditions, now) => {
        const target = withCondition(conditions, { type: verdict.target, status: 'True', reason, message }, now, {
          lastProbeTime: timestamp(now),
        });
        return running.length > 0
          ? target
          : withCondition(target, { type: verdict.final, status: 'True', reason, message }, now, {
              lastProbeTime: timestamp(now),
            });
      },
      verdict.final === 'Complete' && running.length === 0,
    );
    if (running.length > 0) return;
    if (verdict.final === 'Complete') this.#events.record(job, 'Normal', 'Completed', 'Job completed');
    else this.#events.record(job, 'Warning', reason, message);
  }

  #suspend(job: Job, tally: Tally): void {
    for (const pod of tally.active) this.#pods.delete(pod);
    this.#write(job, { ...tally, active: [] }, (conditions, now) =>
      withCondition(
        conditions,
        { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' },
        now,
      ),
    );
  }

  #write(
    job: Job,
    tally: Tally,
    conditions: (before: readonly unknown[], now: number) => readonly unknown[],
    complete = false,
  ): void {
    const now = this.#cluster.now();
    const before = statusOf(job);
    const next = conditions(arrayAt(before, 'conditions'), now);
    writeStatus(this.#jobs, job, {
      ...withCounts(before, { active: tally.active.length, succeeded: tally.succeeded, failed: tally.failed }),
      ready: tally.active.filter(isReady).length,
      terminating: tally.terminating,
      uncountedTerminatedPods: {},
      ...(isIndexed(job) && tally.indexes.size > 0 ? { completedIndexes: formatIndexes(tally.indexes) } : {}),
      ...(next.length > 0 ? { conditions: next } : {}),
      ...(complete ? { completionTime: timestamp(now) } : {}),
    });
    for (const pod of tally.fresh) this.#release(pod);
  }

  /** Takes the finalizer off a pod that is counted. */
  #release(pod: Pod): void {
    if (!isTracked(pod)) return;
    this.#pods.update({
      ...pod,
      metadata: {
        ...pod.metadata,
        finalizers: finalizersOf(pod).filter((name) => name !== TRACKING),
      } as KubeObject['metadata'],
    });
  }

  /** Nobody counts the pods of a job that is gone, also where another one of its name has come. */
  #releaseOrphans(key: string, job: Job | undefined): void {
    const { namespace, name } = splitKey(key);
    for (const pod of this.#pods.inNamespace(namespace ?? '')) {
      const owner = controllerOf(pod);
      if (owner?.kind === 'Job' && owner.name === name && owner.uid !== job?.metadata.uid) this.#release(pod);
    }
  }

  /** A finished job goes after its time to live. */
  #expire(job: Job): void {
    const ttl = numberAt(job, 'spec', 'ttlSecondsAfterFinished');
    if (ttl === undefined) return;
    const done = conditionOf(job, 'Complete') ?? conditionOf(job, 'Failed');
    const left = Date.parse(stringAt(done, 'lastTransitionTime') ?? '') + ttl * 1000 - this.#cluster.now();
    if (left > 0) this.#queue.addAfter(keyOf(job), left);
    else this.#jobs.delete(job, { propagation: 'Background' });
  }
}

/** A pod of a job, held until it is counted; of an indexed job it works on one index. */
export function jobPod(job: Job, index: number | undefined): NewObject {
  const { name } = job.metadata;
  const template = templateOf(job);
  const own = index === undefined ? {} : { [INDEX]: String(index) };
  const base = podOf(job, template, {
    generateName: index === undefined ? `${name}-` : `${name}-${index}-`,
    labels: own,
    annotations: own,
    spec: index === undefined ? {} : indexedSpec(jsonAt(template, 'spec'), name, index),
  });
  return { ...base, metadata: { ...base.metadata, finalizers: [TRACKING] } };
}

interface Tally {
  readonly active: readonly KubeObject[];
  /** Finished or lost, not counted in the status yet. */
  readonly fresh: readonly KubeObject[];
  readonly indexes: ReadonlySet<number>;
  readonly succeeded: number;
  readonly failed: number;
  readonly lastFailure: number;
  readonly restarts: number;
  readonly terminating: number;
}

interface Verdict {
  readonly target: 'SuccessCriteriaMet' | 'FailureTarget';
  readonly final: 'Complete' | 'Failed';
  readonly reason: Condition['reason'];
  readonly message: Condition['message'];
}

const COMPLETE: Verdict = {
  target: 'SuccessCriteriaMet',
  final: 'Complete',
  reason: 'CompletionsReached',
  message: 'Reached expected number of succeeded pods',
};
const BACKOFF: Verdict = {
  target: 'FailureTarget',
  final: 'Failed',
  reason: 'BackoffLimitExceeded',
  message: 'Job has reached the specified backoff limit',
};
const DEADLINE: Verdict = {
  target: 'FailureTarget',
  final: 'Failed',
  reason: 'DeadlineExceeded',
  message: 'Job was active longer than specified deadline',
};

/** The outcome, if there is one; once chosen it stays. */
function verdictOf(job: Job, tally: Tally, now: number): Verdict | undefined {
  const chosen = conditionOf(job, 'FailureTarget');
  if (chosen) return chosen['reason'] === DEADLINE.reason ? DEADLINE : BACKOFF;
  if (conditionOf(job, 'SuccessCriteriaMet')) return COMPLETE;
  const limit = numberAt(job, 'spec', 'backoffLimit') ?? 6;
  if (tally.failed > limit || (tally.restarts > limit && limit > 0) || (limit === 0 && tally.restarts > 0))
    return BACKOFF;
  const deadline = numberAt(job, 'spec', 'activeDeadlineSeconds');
  if (deadline !== undefined && startedAt(job) > 0 && now >= startedAt(job) + deadline * 1000) return DEADLINE;
  const completions = numberAt(job, 'spec', 'completions');
  const enough =
    completions === undefined ? tally.succeeded > 0 && tally.active.length === 0 : tally.succeeded >= completions;
  return enough ? COMPLETE : undefined;
}

function isDone(job: Job): boolean {
  return ['Complete', 'Failed'].some((type) => conditionOf(job, type)?.['status'] === 'True');
}

function isIndexed(job: Job): boolean {
  return stringAt(job, 'spec', 'completionMode') === 'Indexed';
}

function startedAt(job: Job): number {
  return Date.parse(stringAt(job, 'status', 'startTime') ?? '') || 0;
}

function indexOf(pod: Pod): number {
  return Number(annotationsOf(pod)[INDEX] ?? -1);
}

function finalizersOf(pod: Pod): readonly unknown[] {
  return arrayAt(pod, 'metadata', 'finalizers');
}

function isTracked(pod: Pod): boolean {
  return finalizersOf(pod).includes(TRACKING);
}

/** Deleted before it finished, and no kubelet is busy with it any more. */
function isLost(pod: Pod): boolean {
  return isTerminating(pod) && !hasEnded(pod) && (numberAt(pod, 'metadata', 'deletionGracePeriodSeconds') ?? 0) === 0;
}

function finishedAt(pod: Pod): number {
  const times = arrayAt(pod, 'status', 'containerStatuses').map(
    (status) => Date.parse(stringAt(status, 'state', 'terminated', 'finishedAt') ?? '') || 0,
  );
  return Math.max(0, ...times, Date.parse(stringAt(conditionOf(pod, 'Ready'), 'lastTransitionTime') ?? '') || 0);
}

function restartsOf(pod: Pod): number {
  return arrayAt(pod, 'status', 'containerStatuses').reduce<number>(
    (sum, status) => sum + (numberAt(status, 'restartCount') ?? 0),
    0,
  );
}

/** A pod of an indexed job has a stable host name and knows its index. */
function indexedSpec(spec: Json, name: string, index: number): Json {
  const variable = {
    name: 'JOB_COMPLETION_INDEX',
    valueFrom: { fieldRef: { fieldPath: `metadata.labels['${INDEX}']` } },
  };
  const withIndex = (container: unknown): unknown => {
    if (!isObject(container)) return container;
    const own = arrayAt(container, 'env');
    return own.some((one) => stringAt(one, 'name') === variable.name)
      ? container
      : { ...container, env: [...own, variable] };
  };
  return {
    hostname: `${name}-${index}`,
    containers: arrayAt(spec, 'containers').map(withIndex),
    ...(spec['initContainers'] === undefined ? {} : { initContainers: arrayAt(spec, 'initContainers').map(withIndex) }),
  };
}
