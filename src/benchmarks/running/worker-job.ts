import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { poll } from '../../base/clock.ts';
import { isWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import { arrayAt, at, isObject, stringAt, stringMapAt } from '../../base/json.ts';
import { labels } from '../../base/labels.ts';
import { applyOurs } from '../../kube/access/apply-ours.ts';
import { notYours, requireOurs } from '../../kube/access/whose.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { Job, Pod } from '../../kube/model/kinds.ts';
import { unscheduled } from '../../kube/model/pod.ts';
import type { KubeObject } from '../../kube/model/types.ts';
import type { RunObject } from '../../runs/types.ts';
import { Jobs, Pods } from '../../kube/resources.ts';
import { whenConnected, type Waiting } from './when-connected.ts';

const INDEX = 'batch.kubernetes.io/job-completion-index';

/** Where a worker keeps its run: a volume of its pod. */
export const WORKER_DIRECTORY = '/run/llmdw';

export interface JobOptions {
  readonly manifestsDir: string;
  readonly name: string;
  readonly owner: string;
  readonly runId: string;
  readonly workers: number;
  readonly image: string;
  /** What each worker runs in its directory. */
  readonly script: string;
}

/** The Job of a parallel run, from `manifests/benchmark/parallel-guidellm-job.yaml`. */
export async function workerJob(options: JobOptions): Promise<KubeObject> {
  const path = join(options.manifestsDir, 'benchmark', 'parallel-guidellm-job.yaml');
  const text = (await readFile(path, 'utf8'))
    .replaceAll('__NAME__', options.name)
    .replaceAll('__OWNER__', options.owner)
    .replaceAll('__RUN__', options.runId)
    .replaceAll('__WORKERS__', String(options.workers));
  const job = parse(text) as KubeObject;
  const container = arrayAt(job, 'spec', 'template', 'spec', 'containers')[0];
  if (!isObject(container))
    throw new WorkbenchError({
      code: 'guide-invalid',
      message: `${path} has no container`,
      hint: 'Install the Workbench again.',
    });
  // Set on the parsed object, so that no value of a run ever becomes YAML. The kubelet would take `$$` and `$(NAME)` for its own.
  container['image'] = options.image;
  container['args'] = [WORKER_DIRECTORY, options.script.replaceAll('$', '$$$$')];
  return job;
}

/** The name of a run's Job. */
export function jobName(runId: string): string {
  return `bench-${runId}`;
}

export function createJob(
  client: KubeClient,
  job: KubeObject,
  owner: string,
  signal: AbortSignal,
): Promise<KubeObject> {
  const placed = { ...job, metadata: { ...job.metadata, namespace: client.cluster.namespace } };
  return applyOurs(client, placed, { claim: { owner }, doing: 'start the benchmark', signal });
}

/** A run, and whose it is. */
export interface OwnRun {
  readonly id: string;
  readonly owner: string;
}

/** The Job of a run; undefined when it is gone. Rejects with `not-yours` where another has its name. */
export async function ownJob(
  client: KubeClient,
  { id, owner }: OwnRun,
  job: RunObject,
  doing: string,
  signal: AbortSignal,
): Promise<Job | undefined> {
  const { cluster } = client;
  const refuse = (whose: string): WorkbenchError => notYours(`Job ${job.name}`, whose, cluster, doing);
  if (job.name !== jobName(id)) throw refuse(`is not ${jobName(id)}`);
  let found: Job;
  try {
    found = await client.get(Jobs, cluster.namespace, job.name, signal);
  } catch (error) {
    if (isWorkbenchError(error, 'not-found')) return undefined;
    throw error;
  }
  requireOurs(found, { owner }, cluster, doing);
  if (found.metadata.labels?.[labels.run] !== id) throw refuse(`is not of run ${id} by its label ${labels.run}`);
  if (job.uid !== null && found.metadata.uid !== job.uid) throw refuse(`was made anew after run ${id} was started`);
  return found;
}

/** Deletes the run's Job with its pods, and no other of that name. */
export async function deleteJob(client: KubeClient, run: OwnRun, job: RunObject, signal: AbortSignal): Promise<void> {
  const uid = (await ownJob(client, run, job, `cancel run ${run.id}`, signal))?.metadata.uid;
  if (uid !== undefined)
    await client.delete(Jobs, client.cluster.namespace, job.name, { uid, propagation: 'Background', signal });
}

/**
 * The pods of a run's Job by index, once all of them run or have run. Anybody may give a pod the run's label: only those that
 * the Job made count. Rejects with `pod-gone` or `deployment-failed` when that can no longer be.
 */
export async function runningWorkers(
  client: KubeClient,
  runId: string,
  job: KubeObject,
  workers: number,
  waiting: Waiting,
): Promise<readonly Pod[]> {
  let seen = false;
  return poll(waiting.clock, 1000, waiting.signal, async () => {
    const labelled = await whenConnected(`of run ${runId}`, waiting, () =>
      client.list(Pods, {
        namespace: client.cluster.namespace,
        labelSelector: `${labels.run}=${runId}`,
        signal: waiting.signal,
      }),
    );
    const pods = labelled.filter(
      (pod) => pod.metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid) === true,
    );
    if (seen && pods.length === 0) throw gone(client, runId);
    seen ||= pods.length > 0;
    const failed = pods.find((pod) => stringAt(pod, 'status', 'phase') === 'Failed');
    if (failed) throw failure(client, failed);
    const ready = pods.filter((pod) => ['Running', 'Succeeded'].includes(stringAt(pod, 'status', 'phase') ?? ''));
    waiting.progress({ message: `${ready.length} of ${workers} workers run${waitingReason(pods)}` });
    if (ready.length < workers) return undefined;
    return ready.toSorted((a, b) => indexOf(a) - indexOf(b));
  });
}

function indexOf(pod: Pod): number {
  return Number(pod.metadata.annotations?.[INDEX] ?? stringMapAt(pod, 'metadata', 'labels')[INDEX] ?? 0);
}

/** Why the first pod that does not run waits: the scheduler's or the kubelet's own words. */
function waitingReason(pods: readonly Pod[]): string {
  for (const pod of pods) {
    const blocked = arrayAt(pod, 'status', 'containerStatuses')
      .map((status) => at(status, 'state', 'waiting'))
      .find(isObject);
    const reason = stringAt(unscheduled(pod), 'message') ?? stringAt(blocked, 'reason');
    if (reason !== undefined) return `: ${reason}`;
  }
  return '';
}

function failure(client: KubeClient, pod: Pod): WorkbenchError {
  const { context, namespace } = client.cluster;
  const reason = stringAt(pod, 'status', 'message') ?? stringAt(pod, 'status', 'reason') ?? 'no reason given';
  return new WorkbenchError({
    code: 'deployment-failed',
    message: `worker ${pod.metadata.name} in ${context}/${namespace} failed: ${reason}`,
    hint: `Run "kubectl --context ${context} --namespace ${namespace} logs ${pod.metadata.name}".`,
  });
}

function gone(client: KubeClient, runId: string): WorkbenchError {
  const { context, namespace } = client.cluster;
  return new WorkbenchError({
    code: 'pod-gone',
    message: `the workers of run ${runId} in ${context}/${namespace} were deleted`,
    hint: 'Start the benchmark again.',
  });
}
