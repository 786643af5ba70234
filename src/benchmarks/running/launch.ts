import { timeLimit } from '../../base/clock.ts';
import { isAbort, WorkbenchError } from '../../base/errors.ts';
import { labels } from '../../base/labels.ts';
import type { Logger } from '../../base/logger.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { Endpoint, PokerService } from '../../poker/types.ts';
import type { RunLedger, RunRecord } from '../../runs/types.ts';
import { Pods } from '../../kube/resources.ts';
import { parseGuidellmVersion } from '../recipes/guidellm.ts';
import type { GuidellmVersion, Recipe } from '../recipes/recipe.ts';
import type { RecipeValues } from '../recipes/values.ts';
import { RemoteRun } from '../remote/remote-run.ts';
import { runScript } from '../remote/scripts.ts';
import { imageOf, type TargetPod } from './cluster-facts.ts';
import { deploymentManifests } from './manifests.ts';
import type { Waiting } from './when-connected.ts';
import { createJob, runningWorkers, WORKER_DIRECTORY, workerJob } from './worker-job.ts';

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
  readonly manifestsDir: string;
  readonly logger: Logger;
}

/** Starts a planned run in the poker pod or as a Job, and notes in the ledger where it runs. */
export async function launchRun(launcher: Launcher, plan: RunPlan, record: RunRecord, waiting: Waiting): Promise<readonly RemoteRun[]> {
  const { client, poker, ledger } = launcher;
  const { signal, progress } = waiting;
  await keepManifests(launcher, plan, record);
  const { pod } = await poker.start(client.cluster, { signal, progress });
  const guidellm = plan.recipe.asksGuidellm ? await guidellmVersion(client, pod, signal) : undefined;
  if (plan.recipe.where === 'job') return launchJob(launcher, plan, record, pod, guidellm, waiting);

  const remote = pokerRun(client, pod, record.id);
  const steps = plan.recipe.steps({ ...plan, results: `${pokerDirectory(record.id)}/results`, guidellm });
  await ledger.update(record.id, { pod, command: steps[0]?.argv ?? [] });
  progress({ message: `starting ${record.label}` });
  await remote.start(runScript(pokerDirectory(record.id), steps), signal);
  await ledger.update(record.id, { state: 'running' });
  return [remote];
}

/** Finds a run again that another window left behind, by its record. */
export async function findRun(client: KubeClient, record: RunRecord, waiting: Waiting): Promise<readonly RemoteRun[]> {
  if (record.job !== null) return workerRuns(client, record.id, Number(record.parameters['workers']), waiting);
  if (record.pod !== null) return [pokerRun(client, record.pod, record.id)];
  throw new WorkbenchError({ code: 'not-ready', message: `run ${record.id} was not started before its window was closed`, hint: 'Start it again.' });
}

async function launchJob({ client, ledger, manifestsDir }: Launcher, plan: RunPlan, record: RunRecord, pokerPod: string, guidellm: GuidellmVersion | undefined, waiting: Waiting): Promise<readonly RemoteRun[]> {
  const { signal } = waiting;
  const steps = plan.recipe.steps({ ...plan, results: `${WORKER_DIRECTORY}/results`, guidellm });
  // Workers are made from the pod that was asked for guidellm's version, so that they understand the command.
  const poker = await client.get(Pods, client.cluster.namespace, pokerPod, signal);
  const image = imageOf(poker);
  const owner = poker.metadata.labels?.[labels.owner];
  if (image === undefined || owner === undefined) throw new WorkbenchError({ code: 'internal', message: `pod ${pokerPod} names no image or no owner` });
  const workers = plan.recipe.workers(plan.values);
  const name = `bench-${record.id}`;
  const job = await workerJob({ manifestsDir, name, owner, runId: record.id, workers, image, script: runScript(WORKER_DIRECTORY, steps) });
  await ledger.update(record.id, { job: name, command: steps[0]?.argv ?? [] });
  await createJob(client, job, owner, signal);
  await ledger.update(record.id, { state: 'running' });
  return workerRuns(client, record.id, workers, waiting);
}

/** Lets the workers begin once all of them run. To say so again to those that have begun does nothing. */
async function workerRuns(client: KubeClient, runId: string, workers: number, waiting: Waiting): Promise<readonly RemoteRun[]> {
  const remotes = (await runningWorkers(client, runId, workers, waiting)).map((pod) => new RemoteRun(client, pod, WORKER_DIRECTORY));
  await Promise.all(remotes.map((remote) => remote.mark('go', waiting.signal)));
  return remotes;
}

function pokerDirectory(runId: string): string {
  return `/tmp/llmdw/${runId}`;
}

function pokerRun(client: KubeClient, pod: string, runId: string): RemoteRun {
  return new RemoteRun(client, pod, pokerDirectory(runId));
}

async function guidellmVersion(client: KubeClient, pod: string, signal: AbortSignal): Promise<GuidellmVersion | undefined> {
  const { context, namespace } = client.cluster;
  const { exitCode, stdout, stderr } = await client.execOutput({ namespace, pod, command: ['sh', '-c', 'guidellm --version'], signal });
  if (exitCode !== 0) throw new WorkbenchError({ code: 'tool-missing', message: `pod ${pod} in ${context}/${namespace} has no guidellm that runs: ${stderr.trim().split('\n').at(-1) ?? ''}`, hint: 'Use a poker image with guidellm in it.' });
  return parseGuidellmVersion(stdout.toString());
}

/** What the run was against, beside its results. A run is worth having without it. */
async function keepManifests({ client, ledger, logger }: Launcher, { deployment }: RunPlan, { id }: RunRecord): Promise<void> {
  if (deployment === undefined) return;
  try {
    const manifests = await deploymentManifests(client, deployment, timeLimit(10_000, `read the manifests of deployment ${deployment}`));
    if (manifests !== '') await ledger.files(id).write('manifests.yaml', manifests);
  } catch (error) {
    if (isAbort(error)) throw error;
    logger.warn(`the manifests of deployment ${deployment} are not kept beside run ${id}: ${String(error)}`);
  }
}
