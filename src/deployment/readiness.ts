import { poll, type Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposables.ts';
import { isWorkbenchError, WorkbenchError } from '../base/errors.ts';
import { arrayAt, numberAt, stringAt } from '../base/json.ts';
import type { DeploymentLoading } from '../inventory/loading/deployment-loading.ts';
import { isReady } from '../kube/streams/forward-target.ts';
import { podHttp } from '../kube/streams/pod-http.ts';
import type { KubeClient } from '../kube/types.ts';
import type { KubeObject } from '../kube/model/types.ts';
import { containerStates, CrashWatch } from './crashes.ts';
import { gatewayLabel, gatewayPod } from './gateway-pod.ts';
import type { LongCall, Readiness } from './types.ts';
import { Pods } from '../kube/resources.ts';

const leaderWorkerSets = { apiVersion: 'leaderworkerset.x-k8s.io/v1', kind: 'LeaderWorkerSet' } as const;

export interface ReadinessInput {
  readonly client: KubeClient;
  readonly deployment: string;
  readonly gateway: string;
  readonly selector: string;
  readonly clock: Clock;
  /** What the logs of its pods tell now. */
  readonly loading: () => DeploymentLoading;
  readonly call: LongCall;
}

/**
 * Waits until every wanted pod is Ready, the endpoint picker is Ready, and `/v1/models` answers through the gateway.
 * Only leaders may carry a readiness probe, so pods alone would be too early.
 */
export async function waitReady(input: ReadinessInput): Promise<Readiness> {
  const { client, clock, call } = input;
  const started = clock.monotonic();
  const pods = { namespace: client.cluster.namespace, labelSelector: `${input.selector},!${gatewayLabel}` };
  const crashes = new CrashWatch(client.cluster);
  // A crashed group is gone within moments, so looking once a second would miss how it ended.
  const following = follow(client, pods, crashes);
  return poll(clock, 1000, call.signal, async () => {
    const found = await client.list(Pods, { ...pods, signal: call.signal });
    const wanted = await wantedPods(input);
    const loading = input.loading();
    judge(crashes, found, loading);
    const ready = found.filter(isReady).length;
    const seconds = Math.round((clock.monotonic() - started) / 1000);
    const blocked = found.map(waitingReason).find((reason) => reason !== undefined);
    call.progress({
      message: [
        `${ready}/${wanted} pods ready`,
        blocked ?? loading.phase,
        blocked === undefined ? crashes.words() : undefined,
      ]
        .filter((part) => part !== undefined)
        .join(' · '),
      ...(wanted > 0 ? { fraction: ready / wanted } : {}),
    });
    if (found.length < wanted || ready < wanted) return undefined;
    const model = await servedModel(client, input.gateway, call.signal);
    if (model === undefined) {
      call.progress({ message: `${ready}/${wanted} pods ready · waiting for the gateway to answer` });
      return undefined;
    }
    return { ready: true, pods: wanted, readyPods: ready, model, seconds };
  }).finally(() => following.dispose());
}

/** A deployment that is past hope fails with the first cause that the logs tell, and with what to do about it. */
function judge(crashes: CrashWatch, pods: readonly KubeObject[], loading: DeploymentLoading): void {
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

/** Takes down every state of the pods until disposed. */
function follow(
  client: KubeClient,
  pods: { readonly namespace: string; readonly labelSelector: string },
  crashes: CrashWatch,
): Disposable {
  return client.watch({
    resource: Pods,
    ...pods,
    project: (pod) => pod,
    sink: {
      replace: (items) => {
        for (const pod of items.values()) crashes.note(pod);
      },
      set: (_key, pod) => crashes.note(pod),
      delete: () => undefined,
      state: () => undefined,
    },
  });
}

/** What a gateway controller makes copies the gateway's labels; how many pods it runs is its own business. */
function isOurs(object: KubeObject): boolean {
  return (object.metadata.ownerReferences ?? []).length === 0;
}

/** Pods that the deployment's LeaderWorkerSets and Deployments ask for. */
async function wantedPods({ client, selector, call }: ReadinessInput): Promise<number> {
  const counts = await Promise.all(
    [leaderWorkerSets, { apiVersion: 'apps/v1', kind: 'Deployment' }].map(async ({ apiVersion, kind }) => {
      const resource = await client.resourceOf(apiVersion, kind, call.signal);
      if (!resource) return 0;
      const objects = await client.list(resource, {
        namespace: client.cluster.namespace,
        labelSelector: selector,
        signal: call.signal,
      });
      return objects
        .filter(isOurs)
        .reduce(
          (sum, object) =>
            sum +
            (numberAt(object, 'spec', 'replicas') ?? 1) *
              (numberAt(object, 'spec', 'leaderWorkerTemplate', 'size') ?? 1),
          0,
        );
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Names of models and adapters. They become arguments of benchmarks, in which a comma would begin another argument and a dash an option. */
const MODEL_NAME = /^(?!-)[\w.:/@-]{1,200}$/;

/** The model that answers through the gateway, or undefined while none does. Rejects for a pod that is not the gateway's, and for a name that is no model's. */
export async function servedModel(
  client: KubeClient,
  gateway: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const pod = await gatewayPod(client, gateway, signal);
    if (pod === undefined) return undefined;
    const response = await podHttp(client, {
      namespace: client.cluster.namespace,
      pod,
      port: 80,
      path: '/v1/models',
      timeoutMs: 10_000,
      signal,
    });
    if (response.status !== 200) return undefined;
    const body: unknown = JSON.parse(response.body);
    const model = stringAt(arrayAt(body, 'data')[0], 'id');
    if (model === undefined || MODEL_NAME.test(model)) return model;
    throw new WorkbenchError({
      code: 'invalid',
      message: `the model that answers through gateway ${gateway} in ${client.cluster.context}/${client.cluster.namespace} calls itself ${JSON.stringify(model.slice(0, 80))}, which is no name of a model`,
      hint: 'A name has letters, digits and . : / @ _ - only, at most 200, and no dash in front. Look at which pod serves behind the gateway, and at its --served-model-name.',
    });
  } catch (error) {
    // A gateway without a ready pod, that does not answer yet, or answers something else than JSON, is not ready: keep waiting.
    if (
      isWorkbenchError(
        error,
        'connection-lost',
        'timeout',
        'exec-failed',
        'server-error',
        'pod-gone',
        'not-ready',
        'not-found',
      ) ||
      error instanceof SyntaxError
    )
      return undefined;
    throw error;
  }
}

/** Why a pod is not ready, shortest first cause. */
function waitingReason(pod: KubeObject): string | undefined {
  if (isReady(pod)) return undefined;
  const unscheduled = arrayAt(pod, 'status', 'conditions').find(
    (condition) => stringAt(condition, 'type') === 'PodScheduled' && stringAt(condition, 'status') === 'False',
  );
  if (unscheduled)
    return `${pod.metadata.name} waits for a node: ${stringAt(unscheduled, 'message') ?? 'unschedulable'}`;
  const state = containerStates(pod).find(
    (each) => each.waiting !== undefined && each.waiting !== 'PodInitializing' && each.waiting !== 'ContainerCreating',
  );
  return state ? `${pod.metadata.name}: ${state.waiting}` : undefined;
}
