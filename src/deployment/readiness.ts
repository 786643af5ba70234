import type { Clock } from '../base/clock.ts';
import { isWorkbenchError, WorkbenchError } from '../base/errors.ts';
import { numberAt, stringAt } from '../base/json.ts';
import type { DeploymentLoads, DeploymentLoading } from '../inventory/loading/deployment-loading.ts';
import type { LeaderWorkerSet } from '../kube/model/custom-kinds.ts';
import type { Deployment, Pod } from '../kube/model/kinds.ts';
import { isServing, unscheduled } from '../kube/model/pod.ts';
import type { ResourceType } from '../kube/model/types.ts';
import { apiVersionOf, Deployments, LeaderWorkerSets, Pods } from '../kube/resources.ts';
import type { KubeClient } from '../kube/types.ts';
import { containerStates, CrashWatch } from './crashes.ts';
import { Following } from './following.ts';
import { gatewayLabel } from './gateway-pod.ts';
import type { LongCall, Readiness } from './types.ts';

/** What asks for pods in a guide. */
type Workload = LeaderWorkerSet | Deployment;
const WORKLOADS: readonly ResourceType<Workload>[] = [LeaderWorkerSets, Deployments];

/**
 * No watch tells when the gateway begins to answer, so it is asked: at first after a second, then ever less often, up to this, and
 * at once when a pod has changed. What logs tell is no reason: while others of mine load they tell something all the time.
 */
const LONGEST_PAUSE_MS = 5000;

export interface ReadinessInput {
  readonly client: KubeClient;
  readonly deployment: string;
  readonly selector: string;
  readonly clock: Clock;
  /** What the logs of its pods tell. */
  readonly loads: DeploymentLoads;
  /** The model that answers through the gateway now; undefined while none does. */
  readonly served: (signal: AbortSignal) => Promise<string | undefined>;
  readonly call: LongCall;
}

/**
 * Waits until every wanted pod is Ready, the endpoint picker is Ready, and `/v1/models` answers through the gateway.
 * Only leaders may carry a readiness probe, so pods alone would be too early. Pods and what asks for them are watched, for as
 * long as it takes to load a model: on a cluster that many share nothing is listed again and again. The watches are of this
 * deployment alone and of the cluster that the wait began in, whichever one the window looks at by now.
 */
export async function waitReady(input: ReadinessInput): Promise<Readiness> {
  const { client, clock, call, deployment, loads, selector } = input;
  const started = clock.monotonic();
  const crashes = new CrashWatch(client.cluster);
  const following = new Following(client, clock);
  const logs = [loads.lease(), loads.onDidChange(() => following.touch())];
  try {
    let pauseMs = 0;
    let askAt = 0;
    let changed = false;
    const pods = following.follow(Pods, `${selector},!${gatewayLabel}`, (pod) => {
      // A crashed group is gone within moments: each of its states is taken down.
      crashes.note(pod);
      changed = true;
    });
    const workloads = await followWorkloads(following, input);
    return await following.until(call.signal, async () => {
      const asking = askingIn(workloads);
      if (asking.length === 0) throw nothingAsks(input);
      const found = [...pods.values()];
      const wanted = wantedPods(asking);
      const loading = loads.of(client.cluster, deployment);
      judge(crashes, found, loading);
      const ready = found.filter(isServing).length;
      const tell = (...clauses: readonly (string | undefined)[]): void =>
        call.progress({
          message: [`${ready}/${wanted} pods ready`, ...clauses].filter((part) => part !== undefined).join(' · '),
          ...(wanted > 0 ? { fraction: ready / wanted } : {}),
        });
      if (found.length < wanted || ready < wanted) {
        const blocked = following.trouble ?? found.map(waitingReason).find((reason) => reason !== undefined);
        tell(blocked ?? loading.phase, blocked === undefined ? crashes.words() : undefined);
        pauseMs = 0;
        return undefined;
      }
      tell(following.trouble ?? 'waiting for the gateway to answer');
      if (!changed && clock.monotonic() < askAt) return undefined;
      changed = false;
      const model = await input.served(call.signal);
      if (model === undefined) {
        pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs + 1000);
        askAt = clock.monotonic() + pauseMs;
        following.lookAgainIn(pauseMs);
        return undefined;
      }
      const seconds = Math.round((clock.monotonic() - started) / 1000);
      return { ready: true, pods: wanted, readyPods: ready, model, seconds };
    });
  } finally {
    following.dispose();
    for (const each of logs) each.dispose();
  }
}

/** A deployment that cannot recover fails with the first cause in the logs, and with what to do about it. */
function judge(crashes: CrashWatch, pods: readonly Pod[], loading: DeploymentLoading): void {
  try {
    crashes.judge(pods);
  } catch (error) {
    const known = loading.crashes.filter((crash) => crash.cause?.certainty === 'root');
    const cause = known.toSorted((a, b) => b.times - a.times)[0]?.cause;
    if (cause === undefined || !isWorkbenchError(error, 'deployment-failed')) throw error;
    throw new WorkbenchError({
      code: error.code,
      message: `${error.message}; first cause, on ${cause.pod}: ${cause.title}`,
      hint: cause.hint,
      cause: error,
    });
  }
}

/** The deployment's LeaderWorkerSets and Deployments, of the kinds that the cluster serves. */
async function followWorkloads(
  following: Following,
  { client, selector, call }: ReadinessInput,
): Promise<readonly ReadonlyMap<string, Workload>[]> {
  const served = await Promise.all(
    WORKLOADS.map((workload) => client.resourceOf(apiVersionOf(workload), workload.kind, call.signal)),
  );
  return WORKLOADS.filter((_workload, index) => served[index] !== undefined).map((workload) =>
    following.follow(workload, selector),
  );
}

/** It was stopped meanwhile, or never applied to its end: no pod is going to come. */
function nothingAsks({ client: { cluster }, deployment }: ReadinessInput): WorkbenchError {
  return new WorkbenchError({
    code: 'deployment-failed',
    message: `nothing of deployment ${deployment} in ${cluster.context}/${cluster.namespace} asks for pods any more`,
    hint: 'It was stopped, or is not there in full. Deploy it again; what is there stays.',
  });
}

/** Without what a gateway's controller makes, which copies the gateway's labels: how many pods it runs is its own business. */
function askingIn(workloads: readonly ReadonlyMap<string, Workload>[]): readonly Workload[] {
  return workloads
    .flatMap((objects) => [...objects.values()])
    .filter((object) => (object.metadata.ownerReferences ?? []).length === 0);
}

function wantedPods(asking: readonly Workload[]): number {
  return asking.reduce(
    (sum, object) =>
      sum +
      (numberAt(object, 'spec', 'replicas') ?? 1) * (numberAt(object, 'spec', 'leaderWorkerTemplate', 'size') ?? 1),
    0,
  );
}

/** Why a pod is not ready, shortest first cause. */
function waitingReason(pod: Pod): string | undefined {
  if (isServing(pod)) return undefined;
  const condition = unscheduled(pod);
  if (condition) return `${pod.metadata.name} waits for a node: ${stringAt(condition, 'message') ?? 'unschedulable'}`;
  const state = containerStates(pod).find(
    (each) => each.waiting !== undefined && each.waiting !== 'PodInitializing' && each.waiting !== 'ContainerCreating',
  );
  return state ? `${pod.metadata.name}: ${state.waiting}` : undefined;
}
