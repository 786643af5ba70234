import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { poll, type Clock } from '../../base/clock.ts';
import { stringAt, stringMapAt } from '../../base/json.ts';
import type { Logger } from '../../base/logger.ts';
import type { KubeObject } from '../../kube/model/types.ts';
import { freeName } from '../api/base/names.ts';
import { Cluster } from '../controllers/core/cluster.ts';
import { jsonAt, specOf, type Json, type NewObject } from '../controllers/core/objects.ts';
import type { NodeShape } from '../nodes/node-shape.ts';
import { readPod, type NodePod } from '../nodes/pods/pod-spec.ts';
import type { DemoApi } from '../types.ts';
import type { PodAddresses } from './addresses.ts';
import { makeWorkload, type PodMaker } from './owners.ts';
import { Placement } from './placement.ts';
import { runningStatus } from './running.ts';
import type { PodNeeds } from './templates.ts';
import { planWorkloads } from './workloads.ts';

export interface SeedOptions {
  readonly api: DemoApi;
  readonly nodes: readonly NodeShape[];
  readonly addresses: PodAddresses;
  readonly pods: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Of the GPUs so many are taken: enough stay free for what people deploy. */
const takenGpus = 0.85;

/** Fills the cluster with workloads whose pods run already. The nodes must be there, and the controllers not yet. Answers how many pods found room. */
export async function seedCrowd(options: SeedOptions): Promise<number> {
  const { api, nodes, clock, logger } = options;
  const open = nodes.filter((node) => !node.cordoned && node.taints.length === 0);
  const gpus = open.reduce((sum, node) => sum + Number(node.allocatable['nvidia.com/gpu'] ?? 0), 0) * takenGpus;
  const workloads = planWorkloads({ nodes: nodes.length, gpus, pods: options.pods });
  const cluster = new Cluster(api, clock, logger);
  try {
    await makeNamespaces(options, new Set(workloads.map(({ namespace }) => namespace)));
    const placement = new Placement(nodes);
    let made = 0;
    for (const workload of workloads) {
      const seeder = new PodSeeder(options, placement, workload.needs);
      makeWorkload(cluster, workload, seeder);
      made += seeder.made;
      // The server is this process too: it goes on answering.
      await nextTurn();
    }
    return made;
  } finally {
    cluster.dispose();
  }
}

/** Namespaces with the service account that pods need, which the server adds in its own time. */
async function makeNamespaces({ api, clock, signal }: SeedOptions, names: ReadonlySet<string>): Promise<void> {
  for (const name of names)
    api.create(api.resource('', 'namespaces'), { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const accounts = api.resource('', 'serviceaccounts');
  await poll(clock, 5, signal, () =>
    Promise.resolve([...names].every((name) => api.get(accounts, name, 'default') !== undefined) || undefined),
  );
}

/** Stores running pods: the first of like ones goes the way of any pod, so that it is complete; the others are copies of it with what is theirs. */
class PodSeeder implements PodMaker {
  readonly #options: SeedOptions;
  readonly #placement: Placement;
  readonly #needs: PodNeeds;
  made = 0;

  constructor(options: SeedOptions, placement: Placement, needs: PodNeeds) {
    this.#options = options;
    this.#placement = placement;
    this.#needs = needs;
  }

  alike(count: number, pod: (node: string) => NewObject): void {
    const places = Array.from({ length: count }, () => this.#placement.take(this.#needs)).filter(
      (node) => node !== undefined,
    );
    this.#fill(places, pod);
  }

  everywhere(pod: (node: string) => NewObject): void {
    this.#fill(
      this.#options.nodes.filter((node) => this.#placement.takeOn(node, this.#needs)),
      pod,
    );
  }

  one(pod: NewObject): KubeObject | undefined {
    const node = this.#placement.take(this.#needs);
    return node && this.#first(pod, node)?.object;
  }

  #fill([first, ...others]: readonly NodeShape[], pod: (node: string) => NewObject): void {
    const made = first && this.#first(pod(first.name), first);
    if (made === undefined) return;
    for (const node of others) this.#copy(made, pod(node.name), node);
  }

  #first(wanted: NewObject, node: NodeShape): NodePod | undefined {
    const { api } = this.#options;
    const pods = api.resource('', 'pods');
    const { name, ...metadata } = wanted.metadata;
    const bound = {
      ...wanted,
      metadata: {
        ...metadata,
        name: typeof name === 'string' ? name : '',
        labels: { ...stringMapAt(metadata, 'labels'), ...placeLabels(node) },
      },
      spec: { ...jsonAt(wanted, 'spec'), nodeName: node.name },
    };
    const pod = readPod(api.create(pods, bound));
    if (pod === undefined) return undefined;
    this.made += 1;
    return { ...pod, object: api.updateStatus(pods, { ...pod.object, status: this.#status(pod, node) }) };
  }

  #copy(first: NodePod, wanted: NewObject, node: NodeShape): void {
    const { api } = this.#options;
    const { object } = first;
    const { affinity } = jsonAt(wanted, 'spec');
    api.adopt(api.resource('', 'pods'), {
      ...object,
      metadata: {
        ...object.metadata,
        name: freeName(stringAt(object, 'metadata', 'generateName') ?? ''),
        uid: randomUUID(),
        labels: { ...object.metadata.labels, ...placeLabels(node) },
      },
      spec: { ...specOf(object), nodeName: node.name, ...(affinity === undefined ? {} : { affinity }) },
      status: { ...jsonAt(object, 'status'), ...this.#status(first, node) },
    });
    this.made += 1;
  }

  #status(pod: NodePod, node: NodeShape): Json {
    const { addresses, clock } = this.#options;
    const ip = pod.spec.hostNetwork ? node.internalIp : addresses.poolOf(node).allocate();
    return withoutNulls(runningStatus(pod, node, ip, clock.now()));
  }
}

/** A bound pod carries the region and zone of its node. */
function placeLabels(node: NodeShape): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(node.labels).filter(
      ([key]) => key === 'topology.kubernetes.io/region' || key === 'topology.kubernetes.io/zone',
    ),
  );
}

/** A patch takes fields away with null; a whole object leaves them out. */
function withoutNulls(status: Readonly<Record<string, unknown>>): Json {
  const conditions = Array.isArray(status['conditions']) ? status['conditions'] : [];
  return {
    ...status,
    conditions: conditions.map((condition: Json) =>
      Object.fromEntries(Object.entries(condition).filter(([, value]) => value !== null)),
    ),
  };
}
