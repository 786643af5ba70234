import type { Pod, ReplicaSet } from '../../../kube/model/kinds.ts';
import type { Disposable } from '../../../base/disposables.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import { withCounts, writeStatus } from '../core/counts.ts';
import type { EventRecorder } from '../core/events.ts';
import {
  createdAt,
  generationOf,
  isTerminating,
  jsonAt,
  keyOf,
  numberAt,
  replicasOf,
  statusOf,
  stringMapAt,
  templateOf,
} from '../core/objects.ts';
import { queueChanged, queueOwners } from '../core/owners.ts';
import { isReady } from '../../../kube/model/pod.ts';
import { hasLabels, isActive, isAvailable, nodeNameOf, phaseOf } from '../core/pods.ts';
import type { ReconcileQueue } from '../core/queue.ts';
import { createPod, podOf } from '../core/template.ts';

/** Pods that are made at a stretch; others get their turn in between. */
const BURST = 20;

/** Keeps a number of like pods. */
export class ReplicaSetController {
  readonly #cluster: Cluster;
  readonly #sets: Collection;
  readonly #pods: Collection;
  readonly #events: EventRecorder;
  readonly #queue: ReconcileQueue;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#sets = cluster.kind('replicasets');
    this.#pods = cluster.kind('pods');
    this.#events = cluster.recorder('replicaset-controller');
    this.#queue = cluster.queue('replicaset', (key) => this.#reconcile(key));
  }

  start(): Disposable[] {
    return [queueChanged(this.#sets, this.#queue), queueOwners(this.#pods, 'ReplicaSet', this.#queue)];
  }

  #reconcile(key: string): void {
    const set = this.#sets.byKey(key);
    if (set === undefined) return;
    if (!isTerminating(set)) this.#scale(set);
    this.#writeStatus(set);
  }

  #scale(set: ReplicaSet): void {
    const active = this.#pods.controlledBy(set).filter(isActive);
    const wanted = replicasOf(set);
    const missing = wanted - active.length;
    for (let created = 0; created < Math.min(missing, BURST); created += 1) {
      const pod = createPod(
        this.#pods,
        this.#events,
        set,
        podOf(set, templateOf(set), { generateName: `${set.metadata.name}-` }),
      );
      this.#events.record(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    }
    if (missing > BURST) this.#queue.add(keyOf(set));
    if (missing >= 0) return;
    for (const pod of active.toSorted(firstToGo).slice(0, -missing)) {
      this.#pods.delete(pod);
      this.#events.record(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
    }
  }

  #writeStatus(set: ReplicaSet): void {
    const minReady = numberAt(set, 'spec', 'minReadySeconds') ?? 0;
    const pods = this.#pods.controlledBy(set);
    const active = pods.filter(isActive);
    const ready = active.filter(isReady);
    const available = ready.filter((pod) => isAvailable(pod, minReady, this.#cluster.now()));
    const labels = stringMapAt(jsonAt(templateOf(set), 'metadata'), 'labels');
    const counts = {
      fullyLabeledReplicas: active.filter((pod) => hasLabels(pod, labels)).length,
      readyReplicas: ready.length,
      availableReplicas: available.length,
      terminatingReplicas: pods.filter(isTerminating).length,
    };
    writeStatus(this.#sets, set, {
      ...withCounts(statusOf(set), counts),
      replicas: active.length,
      observedGeneration: generationOf(set),
    });
    if (available.length < ready.length) this.#queue.addAfter(keyOf(set), 1000);
  }
}

const PHASES = ['Pending', 'Unknown', 'Running'];

/** Pods that cost least to lose go first: without a node, not running, not ready, then the youngest. */
function firstToGo(left: KubeObject, right: KubeObject): number {
  return (
    Number(nodeNameOf(left) !== '') - Number(nodeNameOf(right) !== '') ||
    PHASES.indexOf(phaseOf(left)) - PHASES.indexOf(phaseOf(right)) ||
    Number(isReady(left)) - Number(isReady(right)) ||
    deletionCost(left) - deletionCost(right) ||
    createdAt(right) - createdAt(left)
  );
}

function deletionCost(pod: Pod): number {
  return Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0);
}
