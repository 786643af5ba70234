import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import type { Clock } from '../../base/clock.ts';
import type { Limiter } from '../../base/limiter.ts';
import type { Logger } from '../../base/logger.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { KubeObject } from '../../kube/model/types.ts';
import type { ForeignPods } from './foreign-pods.ts';
import { KubeletServer, type KubeletAccess } from './kubelet/server.ts';
import { keepHeartbeat, registerNode } from './kubelet-registration.ts';
import type { InMemoryNetwork } from './network.ts';
import type { NodeShape } from './node-shape.ts';
import { kernelVersion, type NodeStatusReporter } from './node-status.ts';
import { EventRecorder } from './pods/events.ts';
import { ImageStore } from './pods/images.ts';
import { IpPool } from './pods/ip-pool.ts';
import type { ConfigLookup } from './pods/lookup.ts';
import { readPod, type NodePod } from './pods/pod-spec.ts';
import { PodWorker, type PodHost } from './pods/pod-worker.ts';
import type { SharedVolumes } from './pods/volumes.ts';
import type { UpgradeCounter } from './streaming/upgrades.ts';
import type { ContainerProgram, DemoTime, ShellCommand } from './types.ts';

/** What all nodes of a cluster share. */
export interface ClusterOfNodes {
  readonly client: KubeClient;
  readonly network: InMemoryNetwork;
  readonly time: DemoTime;
  readonly clock: Clock;
  readonly volumes: SharedVolumes;
  readonly lookup: ConfigLookup;
  readonly programs: readonly ContainerProgram[];
  readonly commands: readonly ShellCommand[];
  readonly faultsAtStart: readonly string[];
  readonly upgrades: UpgradeCounter;
  readonly kubelet: KubeletAccess;
  readonly kubeletVersion: string;
  readonly foreign: ForeignPods | undefined;
  /** For what nodes write at the same time: their registration and their heartbeats. */
  readonly turns: Limiter;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** One node: its kubelet endpoint, its heartbeat, and a worker for each pod bound to it. */
export class NodeAgent implements Disposable {
  readonly shape: NodeShape;
  readonly #cluster: ClusterOfNodes;
  readonly #workers = new Map<string, PodWorker>();
  readonly #owned = new DisposableStore();
  readonly #host: PodHost;
  #status: NodeStatusReporter | undefined;

  private constructor(shape: NodeShape, cluster: ClusterOfNodes) {
    this.shape = shape;
    this.#cluster = cluster;
    const { client, network, time, volumes, lookup, programs, commands, faultsAtStart, logger, clock, signal } =
      cluster;
    const ips = cluster.foreign?.addresses(shape) ?? new IpPool(shape.podSubnet);
    this.#host = {
      client,
      network,
      time,
      volumes,
      lookup,
      programs,
      commands,
      faultsAtStart,
      logger,
      nodeName: shape.name,
      hostIp: this.#internalIp,
      allocatable: shape.allocatable,
      kernel: kernelVersion,
      images: new ImageStore(time),
      events: new EventRecorder({ client, host: shape.name, now: () => clock.now(), logger, signal }),
      allocateIp: () => ips.allocate(),
      releaseIp: (ip) => ips.release(ip),
    };
  }

  /** Starts the endpoint, registers the node and begins its heartbeat. */
  static async start(shape: NodeShape, cluster: ClusterOfNodes): Promise<NodeAgent> {
    const agent = new NodeAgent(shape, cluster);
    const server = await KubeletServer.start({
      node: shape.name,
      access: cluster.kubelet,
      network: cluster.network,
      upgrades: cluster.upgrades,
      now: () => cluster.clock.now(),
      logger: cluster.logger,
      worker: (namespace, pod) => agent.worker(namespace, pod),
      refusal: (namespace, pod) => cluster.foreign?.refusal(namespace, pod),
      workers: () => agent.#workers.values().toArray(),
    });
    agent.#owned.add(server);
    const registration = {
      client: cluster.client,
      shape,
      internalIp: agent.#internalIp,
      kubeletPort: server.port,
      kubeletVersion: cluster.kubeletVersion,
      turns: cluster.turns,
      clock: cluster.clock,
      logger: cluster.logger,
      signal: cluster.signal,
    };
    try {
      const node = await cluster.turns.run(cluster.signal, () => registerNode(registration));
      agent.#status = node.status;
      void keepHeartbeat(registration, node);
    } catch (error) {
      agent.dispose();
      throw error;
    }
    return agent;
  }

  worker(namespace: string, name: string): PodWorker | undefined {
    return this.#workers.values().find(({ pod }) => pod.namespace === namespace && pod.name === name);
  }

  /** The node's status as the API server holds it. */
  statusChanged(status: unknown): void {
    this.#status?.observed(status);
  }

  /** A pod bound to this node is there or has changed. */
  podChanged(object: KubeObject): void {
    const pod = readPod(object);
    if (pod === undefined) return;
    const worker = this.#workers.get(pod.uid);
    if (worker !== undefined) worker.update(pod);
    else if (!hasEnded(pod)) this.#workers.set(pod.uid, new PodWorker(pod, this.#host));
    else if (object.metadata.deletionTimestamp !== undefined)
      this.#workers.set(pod.uid, new PodWorker(pod, this.#host));
  }

  podGone(uid: string): void {
    this.#workers.get(uid)?.dispose();
    this.#workers.delete(uid);
  }

  /** Uids of the pods that have a worker. */
  podUids(): readonly string[] {
    return [...this.#workers.keys()];
  }

  dispose(): void {
    for (const worker of this.#workers.values()) worker.dispose();
    this.#workers.clear();
    this.#owned.dispose();
  }

  get #internalIp(): string {
    const { kubelet } = this.#cluster;
    return 'host' in kubelet ? kubelet.host : this.shape.internalIp;
  }
}

/** A pod that ended before this node started has nothing to run any more. */
function hasEnded(pod: NodePod): boolean {
  const status = pod.object['status'];
  const phase = typeof status === 'object' && status !== null && 'phase' in status ? status.phase : undefined;
  return phase === 'Succeeded' || phase === 'Failed';
}
