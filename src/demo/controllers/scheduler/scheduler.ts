import type { Disposable } from '../../../base/disposables.ts';
import type { Node, Pod } from '../../../kube/model/kinds.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import { withCondition } from '../core/conditions.ts';
import type { EventRecorder } from '../core/events.ts';
import { arrayAt, at, createdAt, isTerminating, keyOf, numberAt, specOf, statusOf, stringAt } from '../core/objects.ts';
import { conditionOf, hasEnded } from '../../../kube/model/pod.ts';
import { nodeNameOf } from '../core/pods.ts';
import type { ReconcileQueue } from '../core/queue.ts';
import { hasPodAffinity, type Placement } from './affinity.ts';
import { failuresOf, loadOf, scoreOf, type NodeLoad } from './fit.ts';
import { unresolvableMessage, unschedulableMessage } from './message.ts';
import { effectiveRequest } from '../../../kube/model/effective-request.ts';

/** Schedulers that this one stands for: the cluster's own, and the bin-packing one of a GPU cloud. */
export const DEFAULT_SCHEDULERS: readonly string[] = ['default-scheduler', 'custom-binpack-scheduler'];

const topologyLabels: ReadonlySet<string> = new Set(['topology.kubernetes.io/region', 'topology.kubernetes.io/zone']);

/** No pod's key: pods have a namespace. */
const ALL = 'all';

/** Gives waiting pods their nodes, in order of priority and age. What changes on nodes, pods or claims brings all that wait another turn. */
export class Scheduler {
  readonly #cluster: Cluster;
  readonly #names: ReadonlySet<string>;
  readonly #pods: Collection;
  readonly #nodes: Collection;
  readonly #claims: Collection;
  readonly #recorders = new Map<string, EventRecorder>();
  readonly #queue: ReconcileQueue;
  /** Unfinished pods by node; kept from changes, so that a round need not look at all pods. */
  readonly #byNode = new Map<string, Map<string, Pod>>();
  /** Of those, the ones with rules about other pods. */
  readonly #withRules = new Map<string, Pod>();
  readonly #waiting = new Map<string, Pod>();
  readonly #loads = new Map<string, NodeLoad>();

  constructor(cluster: Cluster, names: readonly string[] = DEFAULT_SCHEDULERS) {
    this.#cluster = cluster;
    this.#names = new Set(names);
    this.#pods = cluster.kind('pods');
    this.#nodes = cluster.kind('nodes');
    this.#claims = cluster.kind('persistentvolumeclaims');
    this.#queue = cluster.queue('scheduler', (key) => (key === ALL ? this.#queueWaiting() : this.#schedule(key)));
  }

  start(): Disposable[] {
    return [
      this.#pods.onChange((before, after) => this.#observePod(before, after)),
      this.#nodes.onChange((before, after) => {
        const name = (after ?? before)?.metadata.name ?? '';
        if (before && after && sameForScheduling(before, after)) return;
        this.#loads.delete(name);
        this.#wake();
      }),
      this.#claims.onChange(() => this.#wake()),
    ];
  }

  #wake(): void {
    if (this.#waiting.size > 0) this.#queue.add(ALL);
  }

  #observePod(before: Pod | undefined, after: Pod | undefined): void {
    const pod = after ?? before;
    if (pod === undefined) return;
    const key = keyOf(pod);
    const from = before === undefined || hasEnded(before) ? '' : nodeNameOf(before);
    const to = after === undefined || hasEnded(after) ? '' : nodeNameOf(after);
    if (after !== undefined && to !== '' && hasPodAffinity(after)) this.#withRules.set(key, after);
    else this.#withRules.delete(key);
    if (from !== '' && from !== to) {
      this.#byNode.get(from)?.delete(key);
      this.#loads.delete(from);
      this.#wake();
    }
    if (to !== '') {
      const pods = this.#byNode.get(to) ?? new Map<string, Pod>();
      this.#byNode.set(to, pods.set(key, pod));
      if (from !== to) this.#loads.delete(to);
    }
    if (after !== undefined && this.#waits(after)) {
      const known = this.#waiting.has(key);
      this.#waiting.set(key, after);
      if (!known || before?.['spec'] !== after['spec']) this.#wake();
    } else {
      this.#waiting.delete(key);
    }
  }

  #waits(pod: Pod): boolean {
    const scheduler = stringAt(pod, 'spec', 'schedulerName') ?? 'default-scheduler';
    return nodeNameOf(pod) === '' && !hasEnded(pod) && !isTerminating(pod) && this.#names.has(scheduler);
  }

  #queueWaiting(): void {
    const pods = [...this.#waiting.values()].toSorted(
      (left, right) =>
        priority(right) - priority(left) || createdAt(left) - createdAt(right) || (keyOf(left) < keyOf(right) ? -1 : 1),
    );
    for (const pod of pods) this.#queue.add(keyOf(pod));
  }

  #schedule(key: string): void {
    const pod = this.#waiting.get(key);
    if (pod === undefined || arrayAt(pod, 'spec', 'schedulingGates').length > 0) return;
    const claim = this.#claimProblem(pod);
    if (claim !== undefined) {
      this.#report(pod, unresolvableMessage(this.#nodes.all().length, claim));
      return;
    }
    const requests = effectiveRequest(pod.spec);
    const loads = this.#nodes.all().map((node) => this.#loadOf(node));
    const placed = this.#placed(pod);
    const failures = loads.map((load) => failuresOf(pod, requests, load, placed));
    const fitting = loads.filter((_load, index) => failures[index]?.length === 0);
    const [best] = fitting.toSorted(
      (left, right) =>
        scoreOf(requests, right) - scoreOf(requests, left) ||
        (left.node.metadata.name < right.node.metadata.name ? -1 : 1),
    );
    if (best) this.#bind(pod, best.node);
    else this.#report(pod, unschedulableMessage(loads.length, failures));
  }

  /** A pod waits for the claims that it mounts. */
  #claimProblem(pod: Pod): string | undefined {
    for (const volume of arrayAt(pod, 'spec', 'volumes')) {
      const name = stringAt(volume, 'persistentVolumeClaim', 'claimName');
      if (name === undefined) continue;
      const claim = this.#claims.get(pod.metadata.namespace, name);
      if (claim === undefined) return `persistentvolumeclaim "${name}" not found`;
      if (stringAt(claim, 'status', 'phase') !== 'Bound') return 'pod has unbound immediate PersistentVolumeClaims';
    }
    return undefined;
  }

  #loadOf(node: Node): NodeLoad {
    const { name } = node.metadata;
    const known = this.#loads.get(name);
    if (known?.node === node) return known;
    const load =
      known === undefined
        ? loadOf(node, [...(this.#byNode.get(name)?.values() ?? [])])
        : { ...known, node, allocatable: loadOf(node, []).allocatable };
    this.#loads.set(name, load);
    return load;
  }

  /** Other pods matter only where some pod has a rule about others. */
  #placed(pod: Pod): readonly Placement[] {
    const others = hasPodAffinity(pod)
      ? [...this.#byNode.values()].flatMap((pods) => [...pods.values()])
      : [...this.#withRules.values()];
    return others.flatMap((other) => {
      const node = this.#nodes.get(undefined, nodeNameOf(other));
      return node === undefined ? [] : [{ pod: other, node }];
    });
  }

  #bind(pod: Pod, node: Node): void {
    const now = this.#cluster.now();
    const bound = this.#pods.update({
      ...pod,
      metadata: { ...pod.metadata, ...withTopology(pod, node) },
      spec: { ...specOf(pod), nodeName: node.metadata.name },
    });
    const conditions = withCondition(
      arrayAt(bound, 'status', 'conditions'),
      { type: 'PodScheduled', status: 'True', reason: '', message: '' },
      now,
    ).map((condition) => (stringAt(condition, 'type') === 'PodScheduled' ? withoutEmpty(condition) : condition));
    this.#pods.updateStatus({ ...bound, status: { ...statusOf(bound), conditions } });
    this.#recorder(pod).record(
      bound,
      'Normal',
      'Scheduled',
      `Successfully assigned ${keyOf(pod)} to ${node.metadata.name}`,
    );
  }

  #report(pod: Pod, message: string): void {
    const known = conditionOf(pod, 'PodScheduled');
    if (known?.['status'] === 'False' && known['message'] === message) return;
    const conditions = withCondition(
      arrayAt(pod, 'status', 'conditions'),
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
      this.#cluster.now(),
    );
    this.#pods.updateStatus({ ...pod, status: { ...statusOf(pod), conditions } });
    this.#recorder(pod).record(pod, 'Warning', 'FailedScheduling', message);
  }

  #recorder(pod: Pod): EventRecorder {
    const name = stringAt(pod, 'spec', 'schedulerName') ?? 'default-scheduler';
    const known = this.#recorders.get(name) ?? this.#cluster.recorder(name);
    this.#recorders.set(name, known);
    return known;
  }
}

function priority(pod: Pod): number {
  return numberAt(pod, 'spec', 'priority') ?? 0;
}

function withoutEmpty(condition: unknown): unknown {
  return typeof condition === 'object' && condition !== null
    ? Object.fromEntries(Object.entries(condition).filter(([, value]) => value !== ''))
    : condition;
}

/** A node's heartbeat changes nothing for the scheduler. */
function sameForScheduling(before: Node, after: Node): boolean {
  const seen = (node: Node): string =>
    JSON.stringify([node.metadata.labels, node['spec'], at(node, 'status', 'allocatable')]);
  return seen(before) === seen(after);
}

/** A bound pod carries the region and zone of its node, so that what runs in it can read them. */
function withTopology(pod: Pod, node: Node): Pick<KubeObject['metadata'], 'labels'> {
  const found = Object.entries(node.metadata.labels ?? {}).filter(([key]) => topologyLabels.has(key));
  return found.length === 0 ? {} : { labels: { ...pod.metadata.labels, ...Object.fromEntries(found) } };
}
