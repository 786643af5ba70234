import type { Clock } from '../base/clock.ts';
import { isWorkbenchError, WorkbenchError } from '../base/errors.ts';
import { annotations, labels } from '../base/labels.ts';
import type { DeploymentLoads } from '../inventory/loading/deployment-loading.ts';
import type { GpuReport } from '../inventory/types.ts';
import { applyOurs, requireAllOurs } from '../kube/access/apply-ours.ts';
import type { ClusterRef, KubeClient } from '../kube/types.ts';
import type { CommandRunner } from '../kube/tools/types.ts';
import type { Contexts } from '../kube/login/types.ts';
import type { KubeObject } from '../kube/model/types.ts';
import { notOurs, notYours, type Claim } from '../kube/access/whose.ts';
import type { WorkspaceEnv } from './env.ts';
import { Following } from './following.ts';
import { describeGuide, readGuides, type GuideFile } from './guides.ts';
import { anyonesSelector, listDeployed, ownSelector, type OwnedObject } from './owned.ts';
import { foreignObjects, planObjects } from './plan.ts';
import { preflight } from './preflight.ts';
import { waitReady } from './readiness.ts';
import { podTemplates, render, renderRouting } from './render.ts';
import { createSecrets } from './secrets.ts';
import { servedModel } from './served-model.ts';
import type { Deployed, DeploymentService, DeployPlan, DeployRequest, LongCall, StopOptions } from './types.ts';
import { Pods } from '../kube/resources.ts';

export interface DeploymentDependencies {
  readonly contexts: Contexts;
  readonly runner: CommandRunner;
  readonly manifests: string;
  readonly owner: () => string;
  readonly workspaceEnv: () => Promise<WorkspaceEnv>;
  /** Free GPUs for the preflight; undefined when they cannot be known. */
  readonly gpus: (cluster: ClusterRef, signal: AbortSignal) => Promise<GpuReport | undefined>;
  /** How far its pods are loaded, by their logs. */
  readonly loads: DeploymentLoads;
  readonly clock: Clock;
}

export function createDeploymentService(dependencies: DeploymentDependencies): DeploymentService {
  return new Deployments(dependencies);
}

class Deployments implements DeploymentService {
  readonly #dependencies: DeploymentDependencies;

  constructor(dependencies: DeploymentDependencies) {
    this.#dependencies = dependencies;
  }

  async guides(): Promise<readonly ReturnType<typeof describeGuide>[]> {
    return (await readGuides(this.#dependencies.manifests)).map(describeGuide);
  }

  async plan(request: DeployRequest, signal: AbortSignal): Promise<DeployPlan> {
    const guide = await this.#guide(request.guide);
    const client = await this.#dependencies.contexts.client(request.cluster);
    const objects = await render({ ...this.#renderer(signal), guide, request });
    const present = await this.#present(client, request.name, signal);
    const findings = await preflight(
      client,
      guide,
      objects,
      present,
      await this.#dependencies.gpus(request.cluster, signal),
      signal,
    );
    const blocked = findings.some((finding) => finding.severity === 'error');
    if (blocked) {
      const unknown = { action: 'create', live: undefined, dryRun: undefined, conflict: undefined } as const;
      return { request, objects: objects.map((object) => ({ ...unknown, object })), findings };
    }
    const claim = this.#claim(request.name);
    const planned = await planObjects(client, objects, claim, signal);
    return { request, objects: planned, findings: [...foreignObjects(client, planned, claim), ...findings] };
  }

  async apply(plan: DeployPlan, { signal, progress }: LongCall): Promise<void> {
    const blocking = plan.findings.find((finding) => finding.severity === 'error');
    if (blocking) {
      const code = blocking.code === 'not-yours' ? 'not-yours' : 'deployment-failed';
      throw new WorkbenchError({ code, message: blocking.message, hint: blocking.hint });
    }
    const { context, namespace } = plan.request.cluster;
    const conflict = plan.objects.find((object) => object.action === 'conflict');
    if (conflict) {
      throw new WorkbenchError({
        code: 'conflict',
        message: `${describe(conflict.object)} in ${context}/${namespace}: ${conflict.conflict ?? 'another manager owns a field'}`,
        hint: 'Deploy under another name, or stop the other deployment first.',
      });
    }
    const client = await this.#dependencies.contexts.client(plan.request.cluster);
    const changing = plan.objects.filter((each) => each.action !== 'unchanged').map((each) => each.object);
    await this.#applyAll(client, plan.request.name, changing, { signal, progress });
  }

  async list(cluster: ClusterRef, signal: AbortSignal): Promise<readonly Deployed[]> {
    const client = await this.#dependencies.contexts.client(cluster);
    const guides = await readGuides(this.#dependencies.manifests);
    const owned = await listDeployed(client, ownSelector(this.#dependencies.owner()), signal);
    const byName = Map.groupBy(owned, ({ object }) => object.metadata.labels?.[labels.deployment] ?? '');
    return [...byName].map(([name, objects]) => this.#deployed(cluster, name, objects, guides));
  }

  async stopTargets(cluster: ClusterRef, name: string, signal: AbortSignal): Promise<readonly KubeObject[]> {
    return (await this.#owned(cluster, name, signal)).map(({ object }) => object);
  }

  async stop(cluster: ClusterRef, name: string, options: StopOptions): Promise<void> {
    const client = await this.#dependencies.contexts.client(cluster);
    const owned = await this.#owned(cluster, name, options.signal);
    for (const [index, { resource, object }] of owned.entries()) {
      options.progress({ message: `deleting ${describe(object)}`, fraction: index / owned.length });
      await client.delete(resource, cluster.namespace, object.metadata.name, {
        propagation: 'Background',
        ...(object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }),
        signal: options.signal,
      });
    }
    if (options.force === true) await this.#deletePods(client, name, 0, options.signal);
    await this.#podsEnded(client, name, options);
  }

  async restart(cluster: ClusterRef, name: string, options: StopOptions): Promise<void> {
    const client = await this.#dependencies.contexts.client(cluster);
    await this.#owned(cluster, name, options.signal);
    options.progress({ message: 'deleting the model-server pods; their sets start them again' });
    await this.#deletePods(client, name, options.force === true ? 0 : undefined, options.signal);
  }

  async redeployRouting(cluster: ClusterRef, name: string, call: LongCall): Promise<void> {
    const client = await this.#dependencies.contexts.client(cluster);
    const owned = await this.#owned(cluster, name, call.signal);
    const guide = await this.#guide(noted(owned, annotations.guide) ?? '');
    const model = noted(owned, annotations.model);
    const variant = noted(owned, annotations.variant) ?? '';
    const request: DeployRequest = {
      cluster,
      guide: guide.id,
      variant,
      name,
      values: model === undefined ? {} : { MODEL: model },
    };
    const objects = await renderRouting({ ...this.#renderer(call.signal), guide, request });
    await this.#applyAll(
      client,
      name,
      objects.map(restarted(new Date(this.#dependencies.clock.now()).toISOString())),
      call,
    );
  }

  async waitReady(cluster: ClusterRef, name: string, call: LongCall): ReturnType<DeploymentService['waitReady']> {
    const client = await this.#dependencies.contexts.client(cluster);
    const gateway = gatewayOf(await this.#owned(cluster, name, call.signal));
    if (gateway === undefined) {
      throw new WorkbenchError({
        code: 'deployment-failed',
        message: `deployment ${name} in ${cluster.context}/${cluster.namespace} has no Gateway`,
        hint: 'Deploy it again; what is there stays.',
      });
    }
    const { loads, clock } = this.#dependencies;
    return waitReady({
      client,
      deployment: name,
      selector: ownSelector(this.#dependencies.owner(), name),
      clock,
      loads,
      served: (signal) => servedModel(client, gateway, signal),
      call,
    });
  }

  async createSecrets(cluster: ClusterRef, signal: AbortSignal): Promise<readonly string[]> {
    const env = await this.#dependencies.workspaceEnv();
    return createSecrets(await this.#dependencies.contexts.client(cluster), env, this.#dependencies.owner(), signal);
  }

  #renderer(signal: AbortSignal): { owner: string; manifests: string; runner: CommandRunner; signal: AbortSignal } {
    const { owner, manifests, runner } = this.#dependencies;
    return { owner: owner(), manifests, runner, signal };
  }

  #claim(deployment: string): Claim {
    return { owner: this.#dependencies.owner(), deployment };
  }

  async #guide(id: string): Promise<GuideFile> {
    const guides = await readGuides(this.#dependencies.manifests);
    const guide = guides.find((candidate) => candidate.id === id);
    if (guide) return guide;
    throw new WorkbenchError({
      code: 'guide-invalid',
      message: `there is no guide ${id}`,
      hint: `There are ${guides.map((each) => each.id).join(', ')}.`,
    });
  }

  async #owned(cluster: ClusterRef, name: string, signal: AbortSignal): Promise<readonly OwnedObject[]> {
    const client = await this.#dependencies.contexts.client(cluster);
    const claim = this.#claim(name);
    const owned = await listDeployed(client, ownSelector(claim.owner, name), signal);
    if (owned.length > 0) return owned;
    const [others] = await listDeployed(client, anyonesSelector(name), signal);
    if (others)
      throw notYours(
        `deployment ${name}`,
        notOurs(others.object, claim) ?? '',
        cluster,
        `find your deployment ${name}`,
      );
    throw new WorkbenchError({
      code: 'not-found',
      message: `${this.#dependencies.owner()} has no deployment ${name} in ${cluster.context}/${cluster.namespace}`,
      hint: 'Only what the Workbench deployed for you can be changed here; refresh the tree to see what is there.',
    });
  }

  /** What an earlier deploy of this name left, as far as it may be seen: what may not be done is for the preflight to say, all of it at once. */
  async #present(client: KubeClient, name: string, signal: AbortSignal): Promise<readonly KubeObject[]> {
    try {
      return (await listDeployed(client, ownSelector(this.#dependencies.owner(), name), signal)).map(
        ({ object }) => object,
      );
    } catch (error) {
      if (isWorkbenchError(error, 'forbidden')) return [];
      throw error;
    }
  }

  #deployed(
    cluster: ClusterRef,
    name: string,
    objects: readonly OwnedObject[],
    guides: readonly GuideFile[],
  ): Deployed {
    const guide = noted(objects, annotations.guide);
    const gateway = gatewayOf(objects);
    return {
      name,
      guide: guides.find(({ id }) => id === guide)?.id,
      owner: this.#dependencies.owner(),
      model: noted(objects, annotations.model) ?? '',
      gateway,
      endpoint: gateway === undefined ? undefined : `http://${gateway}-istio.${cluster.namespace}.svc.cluster.local`,
      objects: objects.map(({ object }) => ({ kind: object.kind, name: object.metadata.name })),
    };
  }

  /** Nothing is applied where one of the objects is not ours; each is looked at once more when its turn comes. */
  async #applyAll(
    client: KubeClient,
    name: string,
    objects: readonly KubeObject[],
    { signal, progress }: LongCall,
  ): Promise<void> {
    const ours = { claim: this.#claim(name), doing: `deploy ${name}`, signal };
    await requireAllOurs(client, objects, ours);
    for (const [index, object] of objects.entries()) {
      progress({ message: `applying ${describe(object)}`, fraction: index / objects.length });
      try {
        await applyOurs(client, object, ours);
      } catch (error) {
        if (!isWorkbenchError(error) || error.code === 'aborted') throw error;
        const done = objects.slice(0, index).map(describe);
        throw new WorkbenchError({
          code: error.code,
          message: `applying ${describe(object)} in ${client.cluster.context}/${client.cluster.namespace} failed: ${error.message}`,
          hint:
            done.length === 0
              ? (error.hint ?? 'Nothing was applied.')
              : `${error.hint ?? ''} Already applied: ${done.join(', ')}; deploy again to go on, or stop the deployment.`.trim(),
          cause: error,
        });
      }
    }
  }

  async #podsEnded(client: KubeClient, name: string, { signal, progress }: LongCall): Promise<void> {
    const following = new Following(client, this.#dependencies.clock);
    const pods = following.follow(Pods, ownSelector(this.#dependencies.owner(), name));
    const look = (): Promise<true | undefined> => {
      const left = pods.size;
      progress({ message: left === 0 ? 'stopped' : (following.trouble ?? `${left} pods are ending`), fraction: 1 });
      return Promise.resolve(left === 0 ? true : undefined);
    };
    await following.until(signal, look).finally(() => following.dispose());
  }

  async #deletePods(
    client: KubeClient,
    name: string,
    gracePeriodSeconds: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const found = await client.list(Pods, {
      namespace: client.cluster.namespace,
      labelSelector: `${ownSelector(this.#dependencies.owner(), name)},llm-d.ai/inference-serving=true`,
      signal,
    });
    await Promise.all(
      found.map((pod) =>
        client.delete(Pods, client.cluster.namespace, pod.metadata.name, {
          ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
          ...(pod.metadata.uid === undefined ? {} : { uid: pod.metadata.uid }),
          signal,
        }),
      ),
    );
  }
}

/** What a deploy noted on its objects. */
function noted(objects: readonly OwnedObject[], annotation: string): string | undefined {
  return objects.map(({ object }) => object.metadata.annotations?.[annotation]).find((value) => value !== undefined);
}

function gatewayOf(objects: readonly OwnedObject[]): string | undefined {
  return objects.find(({ object }) => object.kind === 'Gateway')?.object.metadata.name;
}

function describe(object: KubeObject): string {
  return `${object.kind} ${object.metadata.name}`;
}

/** The endpoint picker reads its configuration at its start only, so its pod has to be recreated. */
function restarted(at: string): (object: KubeObject) => KubeObject {
  return (object) => {
    if (object.kind !== 'Deployment') return object;
    const copy = structuredClone(object);
    for (const template of podTemplates(copy)) {
      const metadata = (template['metadata'] ?? {}) as Record<string, unknown>;
      const before = (metadata['annotations'] ?? {}) as Record<string, string>;
      template['metadata'] = { ...metadata, annotations: { ...before, [annotations.restartedAt]: at } };
    }
    return copy;
  };
}
