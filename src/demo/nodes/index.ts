import { systemClock, type Clock } from '../../base/clock.ts';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import type { Logger } from '../../base/logger.ts';
import { stringAt } from '../../base/json.ts';
import { Limiter } from '../../base/limiter.ts';
import { Nodes, Pods } from '../../kube/resources.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { KubeObject } from '../../kube/model/types.ts';
import type { WatchSink } from '../../kube/watch/types.ts';
import { ClusterDns } from './cluster-dns.ts';
import { WatchedCluster } from './cluster-view.ts';
import { demoTime } from './demo-time.ts';
import type { ForeignPods } from './foreign-pods.ts';
import type { KubeletAccess } from './kubelet/server.ts';
import { InMemoryNetwork } from './network.ts';
import { NodeAgent, type ClusterOfNodes } from './node-agent.ts';
import { h200Nodes, type NodeShape } from './node-shape.ts';
import { apiLookup } from './pods/lookup.ts';
import { SharedVolumes } from './pods/volumes.ts';
import { UpgradeCounter } from './streaming/upgrades.ts';
import type { ClusterView, ContainerProgram, PodNetwork, ShellCommand } from './types.ts';

export interface DemoNodesOptions {
  /** Any API server; the nodes write nodes, leases, pod statuses and events. */
  readonly client: KubeClient;
  /** Four H200 nodes when left out. */
  readonly nodes?: readonly NodeShape[];
  /** See DemoTime; 1 when left out. */
  readonly speed?: number;
  readonly clock?: Clock;
  /** What containers run; the first that matches. Containers that none stands for run through the shell. */
  readonly programs?: (view: ClusterView) => readonly ContainerProgram[];
  /** Commands of the containers' shell beside the common ones. */
  readonly commands?: readonly ShellCommand[];
  /** Faults at the start, by the names in faults.ts. */
  readonly faults?: readonly string[];
  readonly kubelet: KubeletAccess;
  /** What the nodes say they run. */
  readonly kubeletVersion?: string;
  /** Pods on these nodes that others look after. */
  readonly foreign?: ForeignPods;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export interface DemoNodes extends Disposable {
  readonly nodes: readonly NodeShape[];
  /** Exec, attach and port-forward upgrades that the kubelets accepted, by transport. */
  readonly upgrades: UpgradeCounter;
  readonly network: PodNetwork;
}

/** Nodes that write to the API server at the same time: each has a connection of its own while it does. */
const WRITING = 8;

/** Registers the nodes and runs the pods that are bound to them until disposed, or until the signal fires. */
export async function startNodes(options: DemoNodesOptions): Promise<DemoNodes> {
  const { client, logger, clock = systemClock, kubelet } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const owned = new DisposableStore();
  const upgrades = new UpgradeCounter();
  const network = new InMemoryNetwork(owned.add(new ClusterDns(client)));
  const ours = options.foreign === undefined ? {} : { labelSelector: `!${options.foreign.label}` };
  const view = owned.add(new WatchedCluster(client, ours));
  const cluster: ClusterOfNodes = {
    client,
    network,
    time: demoTime(clock, options.speed ?? 1),
    clock,
    volumes: new SharedVolumes(),
    lookup: apiLookup(client, signal),
    programs: options.programs?.(view) ?? [],
    commands: options.commands ?? [],
    faultsAtStart: options.faults ?? [],
    upgrades,
    kubelet,
    kubeletVersion: options.kubeletVersion ?? 'v1.37.2',
    foreign: options.foreign,
    turns: new Limiter(WRITING),
    logger,
    signal,
  };
  const shapes = options.nodes ?? h200Nodes();
  const dispose = (): void => {
    stop.abort();
    owned.dispose();
  };
  options.signal.addEventListener('abort', dispose, { once: true });
  try {
    const agents = new Map<string, NodeAgent>();
    const started = await Promise.all(shapes.map((shape) => NodeAgent.start(shape, cluster)));
    for (const agent of started) agents.set(agent.shape.name, owned.add(agent));
    owned.add(
      client.watch({
        resource: Nodes,
        project: (node) => (agents.has(node.metadata.name) ? { status: node['status'] } : undefined),
        sink: nodeSink(agents),
      }),
    );
    owned.add(
      client.watch({
        resource: Pods,
        ...ours,
        project: (pod) => (agents.has(nodeOf(pod)) ? pod : undefined),
        sink: podSink(agents),
      }),
    );
  } catch (error) {
    dispose();
    throw error;
  }
  return { nodes: shapes, upgrades, network, dispose };
}

/** Tells each node what the API server holds of it. */
function nodeSink(agents: ReadonlyMap<string, NodeAgent>): WatchSink<{ readonly status: unknown }> {
  return {
    replace(items) {
      for (const [name, { status }] of items) agents.get(name)?.statusChanged(status);
    },
    set: (name, { status }) => agents.get(name)?.statusChanged(status),
    delete() {},
    state() {},
  };
}

function nodeOf(pod: KubeObject): string {
  return stringAt(pod, 'spec', 'nodeName') ?? '';
}

/** Hands each pod to its node. A pod that comes back under its name with another uid is another pod. */
function podSink(agents: ReadonlyMap<string, NodeAgent>): WatchSink<KubeObject> {
  const known = new Map<string, { readonly uid: string; readonly agent: NodeAgent }>();
  const forget = (key: string): void => {
    const entry = known.get(key);
    known.delete(key);
    entry?.agent.podGone(entry.uid);
  };
  const set = (key: string, pod: KubeObject): void => {
    const agent = agents.get(nodeOf(pod));
    const uid = pod.metadata.uid ?? '';
    const entry = known.get(key);
    if (entry !== undefined && entry.uid !== uid) forget(key);
    if (agent === undefined) return;
    known.set(key, { uid, agent });
    agent.podChanged(pod);
  };
  return {
    replace(items) {
      for (const key of known.keys().toArray()) if (!items.has(key)) forget(key);
      for (const [key, pod] of items) set(key, pod);
    },
    set,
    delete: forget,
    state() {},
  };
}
