import type { Node, Pod } from '../../../kube/model/kinds.ts';
import type { Disposable } from '../../../base/disposables.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import { timestamp, withCondition } from '../core/conditions.ts';
import type { EventRecorder } from '../core/events.ts';
import { arrayAt, at, isTerminating, keyOf, numberAt, specOf, statusOf, stringAt, type Json } from '../core/objects.ts';
import { queueChanged } from '../core/owners.ts';
import { conditionOf, hasEnded } from '../../../kube/model/pod.ts';
import { nodeNameOf } from '../core/pods.ts';
import type { ReconcileQueue } from '../core/queue.ts';
import { taintsOf, tolerates, UNSCHEDULABLE } from '../scheduler/taints.ts';

const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';
/** A kubelet that has not been seen to renew its lease for so long counts as gone. */
const LEASE_GRACE_MS = 40_000;
const LEASES = 'kube-node-lease';

/** Watches over nodes: marks those in trouble with taints, and takes pods off that do not tolerate them for longer. */
export class NodeController {
  readonly #cluster: Cluster;
  readonly #nodes: Collection;
  readonly #pods: Collection;
  readonly #leases: Collection;
  readonly #events: EventRecorder;
  readonly #queue: ReconcileQueue;
  readonly #renewals = new Map<string, { readonly renewTime: string; readonly seenAt: number }>();

  constructor(cluster: Cluster, leases: Collection) {
    this.#cluster = cluster;
    this.#nodes = cluster.kind('nodes');
    this.#pods = cluster.kind('pods');
    this.#leases = leases;
    this.#events = cluster.recorder('node-controller');
    this.#queue = cluster.queue('nodes', (key) => this.#reconcile(key));
  }

  start(): Disposable[] {
    return [
      queueChanged(this.#nodes, this.#queue),
      this.#leases.onChange((before, after) => {
        if (after) this.#observeLease(after);
        else if (before?.metadata.namespace === LEASES) this.#renewals.delete(before.metadata.name);
      }),
    ];
  }

  #reconcile(key: string): void {
    const node = this.#nodes.byKey(key);
    if (node === undefined) return;
    const known = this.#withSilence(node);
    const tainted = this.#withTaints(known);
    this.#evict(tainted);
  }

  /**
   * A kubelet that stopped renewing its lease can say nothing of its node any more; so we say that nothing is known.
   * Counted from when a renewal was seen, by a clock that stands still while the machine sleeps: after a sleep no node is lost.
   */
  #withSilence(node: Node): KubeObject {
    const seen = this.#renewals.get(node.metadata.name)?.seenAt;
    if (seen === undefined) return node;
    const left = seen + LEASE_GRACE_MS - this.#cluster.clock.monotonic();
    if (left > 0) {
      this.#queue.addAfter(keyOf(node), left);
      return node;
    }
    if (conditionOf(node, 'Ready')?.['status'] === 'Unknown') return node;
    const conditions = withCondition(
      arrayAt(node, 'status', 'conditions'),
      {
        type: 'Ready',
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
      },
      this.#cluster.now(),
    );
    this.#events.record(node, 'Normal', 'NodeNotReady', `Node ${node.metadata.name} status is now: NodeNotReady`);
    return this.#nodes.updateStatus({ ...node, status: { ...statusOf(node), conditions } });
  }

  #observeLease(lease: KubeObject): void {
    const { name, namespace } = lease.metadata;
    const renewTime = stringAt(lease, 'spec', 'renewTime') ?? '';
    if (namespace !== LEASES || this.#renewals.get(name)?.renewTime === renewTime) return;
    this.#renewals.set(name, { renewTime, seenAt: this.#cluster.clock.monotonic() });
    this.#queue.add(name);
  }

  #withTaints(node: Node): KubeObject {
    const ready = conditionOf(node, 'Ready')?.['status'];
    const trouble = ready === 'False' ? NOT_READY : ready === 'Unknown' ? UNREACHABLE : undefined;
    const wanted: Json[] = [
      ...(at(node, 'spec', 'unschedulable') === true ? [{ key: UNSCHEDULABLE, effect: 'NoSchedule' }] : []),
      ...(trouble === undefined
        ? []
        : [
            { key: trouble, effect: 'NoSchedule' },
            { key: trouble, effect: 'NoExecute' },
          ]),
    ];
    const present = arrayAt(node, 'spec', 'taints');
    const isOurs = (taint: unknown): boolean =>
      [UNSCHEDULABLE, NOT_READY, UNREACHABLE].includes(stringAt(taint, 'key') ?? '');
    const isIn = (list: readonly unknown[], taint: unknown): boolean =>
      list.some(
        (one) =>
          stringAt(one, 'key') === stringAt(taint, 'key') && stringAt(one, 'effect') === stringAt(taint, 'effect'),
      );
    const kept = present.filter((taint) => !isOurs(taint) || isIn(wanted, taint));
    const added = wanted
      .filter((taint) => !isIn(present, taint))
      .map((taint) => ({ ...taint, timeAdded: timestamp(this.#cluster.now()) }));
    if (kept.length === present.length && added.length === 0) return node;
    const { taints: _before, ...spec } = specOf(node);
    return this.#nodes.update({
      ...node,
      spec: { ...spec, ...(kept.length + added.length > 0 ? { taints: [...kept, ...added] } : {}) },
    });
  }

  #evict(node: Node): void {
    for (const taint of taintsOf(node).filter(({ effect }) => effect === 'NoExecute')) {
      const added =
        Date.parse(
          stringAt(
            arrayAt(node, 'spec', 'taints').find(
              (one) => stringAt(one, 'key') === taint.key && stringAt(one, 'effect') === 'NoExecute',
            ),
            'timeAdded',
          ) ?? '',
        ) || 0;
      for (const pod of this.#pods.all()) {
        if (nodeNameOf(pod) !== node.metadata.name || hasEnded(pod) || isTerminating(pod)) continue;
        const left = tolerates(pod, taint) ? added + toleratedFor(pod, taint.key) - this.#cluster.now() : 0;
        if (left > 0) {
          if (Number.isFinite(left)) this.#queue.addAfter(keyOf(node), left);
          continue;
        }
        this.#events.record(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${keyOf(pod)}`);
        this.#pods.delete(pod);
      }
    }
  }
}

/** Milliseconds that a pod stays on a node with this taint; for ever without a bound. */
function toleratedFor(pod: Pod, key: string): number {
  const bounds = arrayAt(pod, 'spec', 'tolerations')
    .filter((toleration) => [undefined, '', key].includes(stringAt(toleration, 'key')))
    .map((toleration) => numberAt(toleration, 'tolerationSeconds'))
    .filter((seconds) => seconds !== undefined);
  return bounds.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...bounds) * 1000;
}
