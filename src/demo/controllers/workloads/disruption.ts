import type { Pod } from '../../../kube/model/kinds.ts';
import type { Disposable } from '../../../base/disposables.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import { selectorMatches } from '../../api/schema/index.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import { withCondition } from '../core/conditions.ts';
import { scaledValue, writeStatus } from '../core/counts.ts';
import type { EventRecorder } from '../core/events.ts';
import {
  arrayAt,
  at,
  controllerOf,
  generationOf,
  isTerminating,
  keyOf,
  labelsOf,
  namespaceOf,
  replicasOf,
  statusOf,
  uidOf,
} from '../core/objects.ts';
import { onEither, queueChanged } from '../core/owners.ts';
import { isReady } from '../../../kube/model/pod.ts';
import type { ReconcileQueue } from '../core/queue.ts';

/** Counts for every disruption budget how many of its pods may be evicted now. */
export class DisruptionController {
  readonly #cluster: Cluster;
  readonly #budgets: Collection;
  readonly #pods: Collection;
  readonly #events: EventRecorder;
  readonly #queue: ReconcileQueue;

  constructor(cluster: Cluster, budgets: Collection) {
    this.#cluster = cluster;
    this.#budgets = budgets;
    this.#pods = cluster.kind('pods');
    this.#events = cluster.recorder('controllermanager');
    this.#queue = cluster.queue('disruption', (key) => this.#reconcile(key));
  }

  start(): Disposable[] {
    return [
      queueChanged(this.#budgets, this.#queue),
      onEither(this.#pods, (pod) => {
        for (const budget of this.#budgets.inNamespace(namespaceOf(pod)))
          if (covers(budget, pod)) this.#queue.add(keyOf(budget));
      }),
    ];
  }

  #reconcile(key: string): void {
    const budget = this.#budgets.byKey(key);
    if (budget === undefined || isTerminating(budget)) return;
    const pods = this.#pods.inNamespace(namespaceOf(budget)).filter((pod) => covers(budget, pod));
    if (pods.length === 0) this.#events.record(budget, 'Normal', 'NoPods', 'No matching pods found');
    const { expectedPods, desiredHealthy } = this.#wanted(budget, pods);
    const currentHealthy = pods.filter((pod) => !isTerminating(pod) && isReady(pod)).length;
    const disruptionsAllowed = expectedPods > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0;
    const observedGeneration = generationOf(budget);
    const condition =
      disruptionsAllowed > 0
        ? ({ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', message: '' } as const)
        : ({ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', message: '' } as const);
    const conditions = withCondition(arrayAt(budget, 'status', 'conditions'), condition, this.#cluster.now(), {
      observedGeneration,
    });
    writeStatus(this.#budgets, budget, {
      ...statusOf(budget),
      conditions,
      currentHealthy,
      desiredHealthy,
      disruptionsAllowed,
      expectedPods,
      observedGeneration,
    });
  }

  /** A whole number of pods is meant of those that are there; a share, or what may be missing, of those that their owners want. */
  #wanted(
    budget: KubeObject,
    pods: readonly Pod[],
  ): { readonly expectedPods: number; readonly desiredHealthy: number } {
    const minAvailable = at(budget, 'spec', 'minAvailable');
    const maxUnavailable = at(budget, 'spec', 'maxUnavailable');
    if (maxUnavailable !== undefined) {
      const expectedPods = this.#ownersScale(pods);
      return {
        expectedPods,
        desiredHealthy: Math.max(0, expectedPods - (scaledValue(maxUnavailable, expectedPods, 'up') ?? 0)),
      };
    }
    if (typeof minAvailable === 'number') return { expectedPods: pods.length, desiredHealthy: minAvailable };
    const expectedPods = this.#ownersScale(pods);
    return { expectedPods, desiredHealthy: scaledValue(minAvailable, expectedPods, 'up') ?? 0 };
  }

  #ownersScale(pods: readonly Pod[]): number {
    const owners = new Map<string, number>();
    for (const pod of pods) {
      const owner = this.#scalable(pod);
      if (owner !== undefined) owners.set(uidOf(owner), replicasOf(owner));
    }
    return [...owners.values()].reduce((sum, replicas) => sum + replicas, 0);
  }

  /** What decides how many pods of this kind there are: the deployment, where the set has one. */
  #scalable(pod: Pod): KubeObject | undefined {
    const owner = controllerOf(pod);
    if (owner === undefined) return undefined;
    if (owner.kind === 'StatefulSet') return this.#cluster.kind('statefulsets').get(namespaceOf(pod), owner.name);
    if (owner.kind !== 'ReplicaSet') return undefined;
    const set = this.#cluster.kind('replicasets').get(namespaceOf(pod), owner.name);
    const deployment = set === undefined ? undefined : controllerOf(set);
    return deployment?.kind === 'Deployment'
      ? this.#cluster.kind('deployments').get(namespaceOf(pod), deployment.name)
      : set;
  }
}

function covers(budget: KubeObject, pod: Pod): boolean {
  return selectorMatches(at(budget, 'spec', 'selector'), labelsOf(pod));
}
