import { timeLimit } from '../../base/clock.ts';
import { isAbort, WorkbenchError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { Pod } from '../../kube/model/kinds.ts';
import type { KubeObject } from '../../kube/model/types.ts';
import type { Endpoint, PokerService } from '../../poker/types.ts';
import type { RunLedger, RunObject, RunRecord } from '../../runs/types.ts';
import { Pods } from '../../kube/resources.ts';
import { requireOurs } from '../../kube/access/whose.ts';
import { numberAt } from '../../base/json.ts';
import { parseGuidellmVersion } from '../recipes/guidellm.ts';
import type { GuidellmVersion, Recipe } from '../recipes/recipe.ts';
import type { RecipeValues } from '../recipes/values.ts';
import { RemoteRun } from '../remote/remote-run.ts';
import { runScript } from '../remote/scripts.ts';
import { imageOf, type TargetPod } from './cluster-facts.ts';
import { deploymentManifests } from './manifests.ts';
import { whenConnected, type Waiting } from './when-connected.ts';
import { createJob, jobName, ownJob, runningWorkers, WORKER_DIRECTORY, workerJob } from './worker-job.ts';

/** A run with everything decided that can be before anything is started. */
export interface RunPlan {
  readonly recipe: Recipe;
  readonly values: RecipeValues;
  readonly endpoint: Endpoint;
  readonly target: TargetPod | undefined;
  readonly deployment: string | undefined;
}

export interface Launcher {
  readonly client: KubeClient;
  readonly poker: PokerService;
  readonly ledger: RunLedger;
  readonly owner: () => string;
  readonly manifestsDir: string;
  readonly logger: Logger;
}

/** Starts a planned run in the poker pod or as a Job, and notes in the ledger where it runs. */
export async function launchRun(
  launcher: Launcher,
  plan: RunPlan,
  record: RunRecord,
  waiting: Waiting,
): Promise<readonly RemoteRun[]> {
  const { client, poker, ledger } = launcher;
  const { signal, progress } = waiting;
  await keepManifests(launcher, plan, record);
  const pod = await ownPoker(launcher, (await poker.start(client.cluster, { signal, progress })).pod, signal);
  const guidellm = plan.recipe.asksGuidellm ? await guidellmVersion(client, pod.metadata.name, signal) : undefined;
  if (plan.recipe.where === 'job') return launchJob(launcher, plan, record, pod, guidellm, waiting);

  const runsIn: RunObject = { kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid ?? null };
  const remote = pokerRun(client, runsIn, record.id);
  const steps = plan.recipe.steps({ ...plan, results: `${pokerDirectory(record.id)}/results`, guidellm });
  await ledger.keepPlace(record.id, runsIn, { command: steps[0]?.argv ?? [] });
  progress({ message: `starting ${record.label}` });
  await remote.start(runScript(pokerDirectory(record.id), steps), signal);
  await ledger.update(record.id, { state: 'running' });
  return [remote];
}

/** Finds a run again that another window left behind, by what it runs in. */
export async function findRun(
  { client, owner }: Pick<Launcher, 'client' | 'owner'>,
  runId: string,
  runsIn: RunObject,
  waiting: Waiting,
): Promise<readonly RemoteRun[]> {
  if (runsIn.kind === 'Pod') return [pokerRun(client, runsIn, runId)];
  const job = await whenConnected(`of run ${runId}`, waiting, () =>
    ownJob(client, { id: runId, owner: owner() }, runsIn, `follow run ${runId}`, waiting.signal),
  );
  if (!job)
    throw new WorkbenchError({
      code: 'pod-gone',
      message: `Job ${runsIn.name} of ${client.cluster.context}/${client.cluster.namespace} was deleted while the benchmark ran`,
      hint: 'Start it again.',
    });
  return workerRuns(client, runId, job, numberAt(job, 'spec', 'completions') ?? 0, waiting);
}

/** The very pod that is mine: its processes are ended by signals later. */
async function ownPoker({ client, owner }: Launcher, name: string, signal: AbortSignal): Promise<Pod> {
  const pod = await client.get(Pods, client.cluster.namespace, name, signal);
  requireOurs(pod, { owner: owner() }, client.cluster, 'run a benchmark in the poker pod');
  return pod;
}

async function launchJob(
  { client, ledger, owner, manifestsDir }: Launcher,
  plan: RunPlan,
  record: RunRecord,
  poker: Pod,
  guidellm: GuidellmVersion | undefined,
  waiting: Waiting,
): Promise<readonly RemoteRun[]> {
  const { signal } = waiting;
  const steps = plan.recipe.steps({ ...plan, results: `${WORKER_DIRECTORY}/results`, guidellm });
  // Workers are made from the pod that was asked for guidellm's version, so that they understand the command.
  const image = imageOf(poker);
  if (image === undefined)
    throw new WorkbenchError({ code: 'internal', message: `pod ${poker.metadata.name} names no image` });
  const workers = plan.recipe.workers(plan.values);
  const name = jobName(record.id);
  const job = await workerJob({
    manifestsDir,
    name,
    owner: owner(),
    runId: record.id,
    workers,
    image,
    script: runScript(WORKER_DIRECTORY, steps),
  });
  await ledger.keepPlace(record.id, { kind: 'Job', name, uid: null }, { command: steps[0]?.argv ?? [] });
  const created = await createJob(client, job, owner(), signal);
  await ledger.keepPlace(record.id, { kind: 'Job', name, uid: created.metadata.uid ?? null }, { state: 'running' });
  return workerRuns(client, record.id, created, workers, waiting);
}

/** Lets the workers begin once all of them run. To say so again to those that have begun does nothing. */
async function workerRuns(
  client: KubeClient,
  runId: string,
  job: KubeObject,
  workers: number,
  waiting: Waiting,
): Promise<readonly RemoteRun[]> {
  const remotes = (await runningWorkers(client, runId, job, workers, waiting)).map(
    ({ metadata: { name, uid } }) => new RemoteRun(client, { name, uid }, WORKER_DIRECTORY),
  );
  await Promise.all(remotes.map((remote) => remote.mark('go', waiting.signal)));
  return remotes;
}

function pokerDirectory(runId: string): string {
  return `/tmp/llmdw/${runId}`;
}

/** A run in the poker pod, whether it was started or not. */
export function pokerRun(client: KubeClient, { name, uid }: RunObject, runId: string): RemoteRun {
  return new RemoteRun(client, { name, uid: uid ?? undefined }, pokerDirectory(runId));
}

async function guidellmVersion(
  client: KubeClient,
  pod: string,
  signal: AbortSignal,
): Promise<GuidellmVersion | undefined> {
  const { context, namespace } = client.cluster;
  const { exitCode, stdout, stderr } = await client.execOutput({
    namespace,
    pod,
    command: ['sh', '-c', 'guidellm --version'],
    signal,
  });
  if (exitCode !== 0)
    throw new WorkbenchError({
      code: 'tool-missing',
      message: `pod ${pod} in ${context}/${namespace} has no guidellm that runs: ${stderr.trim().split('\n').at(-1) ?? ''}`,
      hint: 'Use a poker image with guidellm in it.',
    });
  return parseGuidellmVersion(stdout.toString());
}

/** What the run was against, beside its results. A run is worth having without it. */
async function keepManifests(
  { client, ledger, logger }: Launcher,
  { deployment }: RunPlan,
  { id }: RunRecord,
): Promise<void> {
  if (deployment === undefined) return;
  try {
    const manifests = await deploymentManifests(
      client,
      deployment,
      timeLimit(10_000, `read the manifests of deployment ${deployment}`),
    );
    if (manifests !== '') await ledger.files(id).write('manifests.yaml', manifests);
  } catch (error) {
    if (isAbort(error)) throw error;
    logger.warn(`the manifests of deployment ${deployment} are not kept beside run ${id}: ${String(error)}`);
  }
}
