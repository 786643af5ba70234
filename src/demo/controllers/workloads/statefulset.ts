import type { Pod } from '../../../kube/model/kinds.ts';
import type { Disposable } from '../../../base/disposables.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import { withCounts, writeStatus } from '../core/counts.ts';
import type { EventRecorder } from '../core/events.ts';
import {
  arrayAt,
  generationOf,
  isObject,
  isTerminating,
  jsonAt,
  keyOf,
  labelsOf,
  namespaceOf,
  numberAt,
  replicasOf,
  statusOf,
  stringAt,
  type Json,
  type NewObject,
} from '../core/objects.ts';
import { queueChanged, queueOwners } from '../core/owners.ts';
import { hasEnded, isReady } from '../../../kube/model/pod.ts';
import { isActive, isAvailable, ordinalOf } from '../core/pods.ts';
import type { ReconcileQueue } from '../core/queue.ts';
import { createPod, podOf } from '../core/template.ts';
import { Revisions, volumesOf } from './revisions.ts';

const REVISION_LABEL = 'controller-revision-hash';

/** Changes a pod before it is created, as an admission webhook would. */
export type PodMutation = (pod: NewObject) => NewObject;

/** Keeps numbered pods with stable names: in order or in parallel, updated from the highest number down to a partition. */
export class StatefulSetController {
  readonly #cluster: Cluster;
  readonly #sets: Collection;
  readonly #pods: Collection;
  readonly #claims: Collection;
  readonly #events: EventRecorder;
  readonly #queue: ReconcileQueue;
  readonly #mutatePod: PodMutation;

  constructor(cluster: Cluster, mutatePod: PodMutation) {
    this.#cluster = cluster;
    this.#mutatePod = mutatePod;
    this.#sets = cluster.kind('statefulsets');
    this.#pods = cluster.kind('pods');
    this.#claims = cluster.kind('persistentvolumeclaims');
    this.#events = cluster.recorder('statefulset-controller');
    this.#queue = cluster.queue('statefulset', (key) => this.#reconcile(key));
  }

  start(): Disposable[] {
    return [queueChanged(this.#sets, this.#queue), queueOwners(this.#pods, 'StatefulSet', this.#queue)];
  }

  #reconcile(key: string): void {
    const set = this.#sets.byKey(key);
    if (set === undefined || isTerminating(set)) return;
    const revisions = new Revisions(this.#cluster.kind('controllerrevisions'), set);
    const update = revisions.update().metadata.name;
    const current = currentRevision(set, update, this.#pods.controlledBy(set));
    this.#bringNearer(set, { current, update, revisions });
    const pods = this.#pods.controlledBy(set);
    this.#writeStatus(set, pods, current, update);
    revisions.prune(new Set([current, update, ...pods.map(revisionOf)]));
  }

  /** One step: replace what failed, create what is missing, delete what is too many, then update. In order, a step waits for the one before. */
  #bringNearer(set: KubeObject, plan: Plan): void {
    const first = numberAt(set, 'spec', 'ordinals', 'start') ?? 0;
    const last = first + replicasOf(set) - 1;
    const parallel = stringAt(set, 'spec', 'podManagementPolicy') === 'Parallel';
    const pods = new Map(
      this.#pods.controlledBy(set).flatMap((pod) => {
        const ordinal = ordinalOf(pod.metadata.name);
        return ordinal === undefined ? [] : [[ordinal, pod] as const];
      }),
    );

    for (let ordinal = first; ordinal <= last; ordinal += 1) {
      const pod = pods.get(ordinal);
      if (pod !== undefined && hasEnded(pod) && !isTerminating(pod)) {
        this.#events.record(
          set,
          'Warning',
          'RecreatingFailedPod',
          `StatefulSet ${keyOf(set)} is recreating failed Pod ${pod.metadata.name}`,
        );
        this.#pods.delete(pod, { gracePeriodSeconds: 0 });
        pods.delete(ordinal);
      }
      if (!pods.has(ordinal)) this.#createPod(set, ordinal, plan);
      else if (parallel) continue;
      const now = pods.get(ordinal);
      if (!parallel && (now === undefined || isTerminating(now) || !isReady(now))) return;
    }

    const extra = [...pods]
      .filter(([ordinal]) => ordinal < first || ordinal > last)
      .toSorted(([left], [right]) => right - left);
    for (const [, pod] of extra) {
      if (!isTerminating(pod)) this.#deletePod(set, pod);
      if (!parallel) return;
    }
    if (stringAt(set, 'spec', 'updateStrategy', 'type') !== 'OnDelete')
      this.#roll(set, pods, { first, last, update: plan.update });
  }

  /** Deletes the highest outdated pod; it comes back with the new template. The next one waits until it is ready. */
  #roll(
    set: KubeObject,
    pods: ReadonlyMap<number, KubeObject>,
    range: { readonly first: number; readonly last: number; readonly update: string },
  ): void {
    const partition = numberAt(set, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0;
    for (let ordinal = range.last; ordinal >= Math.max(partition, range.first); ordinal -= 1) {
      const pod = pods.get(ordinal);
      if (pod === undefined || isTerminating(pod)) return;
      if (revisionOf(pod) !== range.update) {
        this.#deletePod(set, pod);
        return;
      }
      if (!isReady(pod)) return;
    }
  }

  #createPod(set: KubeObject, ordinal: number, plan: Plan): void {
    const partition = numberAt(set, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0;
    const first = numberAt(set, 'spec', 'ordinals', 'start') ?? 0;
    const revision = ordinal - first < partition ? plan.current : plan.update;
    const template = plan.revisions.templateOf(revision);
    const name = `${set.metadata.name}-${ordinal}`;
    // A pod of the name that belongs to a set that was here before must go first.
    if (this.#pods.get(namespaceOf(set), name) !== undefined) return;
    const pod = numberedPod(set, template, ordinal, revision, this.#createClaims(set, name));
    createPod(this.#pods, this.#events, set, this.#mutatePod(pod));
    this.#events.record(
      set,
      'Normal',
      'SuccessfulCreate',
      `Create Pod ${name} in StatefulSet ${set.metadata.name} successful`,
    );
  }

  /** The claims of one pod, which outlive it. Answers with the volumes that mount them. */
  #createClaims(set: KubeObject, pod: string): Json[] {
    return arrayAt(set, 'spec', 'volumeClaimTemplates')
      .filter(isObject)
      .map((claim) => {
        const template = stringAt(claim, 'metadata', 'name') ?? '';
        const name = `${template}-${pod}`;
        if (this.#claims.get(namespaceOf(set), name) === undefined) {
          this.#claims.create({
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: {
              ...jsonAt(claim, 'metadata'),
              name,
              namespace: namespaceOf(set),
              labels: { ...jsonAt(claim, 'metadata', 'labels'), ...jsonAt(set, 'spec', 'selector', 'matchLabels') },
            },
            spec: jsonAt(claim, 'spec'),
          });
          this.#events.record(
            set,
            'Normal',
            'SuccessfulCreate',
            `Create Claim ${name} Pod ${pod} in StatefulSet ${set.metadata.name} success`,
          );
        }
        return { name: template, persistentVolumeClaim: { claimName: name } };
      });
  }

  #deletePod(set: KubeObject, pod: Pod): void {
    this.#pods.delete(pod);
    this.#events.record(
      set,
      'Normal',
      'SuccessfulDelete',
      `Delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`,
    );
  }

  #writeStatus(set: KubeObject, pods: readonly Pod[], current: string, update: string): void {
    const minReady = numberAt(set, 'spec', 'minReadySeconds') ?? 0;
    const counted = pods.filter((pod) => !hasEnded(pod));
    const active = pods.filter(isActive);
    const updated = active.filter((pod) => revisionOf(pod) === update);
    const done = updated.length === replicasOf(set) && active.length === updated.length && updated.every(isReady);
    const currentNow = done ? update : current;
    const ready = active.filter(isReady).length;
    const availableReplicas = active.filter((pod) => isAvailable(pod, minReady, this.#cluster.now())).length;
    const counts = {
      readyReplicas: ready,
      currentReplicas: active.filter((pod) => revisionOf(pod) === currentNow).length,
      updatedReplicas: updated.length,
    };
    writeStatus(this.#sets, set, {
      ...withCounts(statusOf(set), counts),
      observedGeneration: generationOf(set),
      replicas: counted.length,
      availableReplicas,
      currentRevision: currentNow,
      updateRevision: update,
      collisionCount: 0,
    });
    if (availableReplicas < ready) this.#queue.addAfter(keyOf(set), 1000);
  }
}

/** The pod of one number: its name, host name and claims are its own. */
export function numberedPod(
  set: KubeObject,
  template: Json,
  ordinal: number,
  revision: string,
  claims: readonly Json[] = [],
): NewObject {
  const name = `${set.metadata.name}-${ordinal}`;
  const serviceName = stringAt(set, 'spec', 'serviceName') ?? '';
  return podOf(set, template, {
    name,
    labels: {
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(ordinal),
      [REVISION_LABEL]: revision,
    },
    spec: {
      hostname: name,
      ...(serviceName === '' ? {} : { subdomain: serviceName }),
      ...(claims.length === 0
        ? {}
        : {
            volumes: [
              ...claims,
              ...volumesOf(template).filter(
                (volume) => !claims.some((claim) => claim['name'] === stringAt(volume, 'name')),
              ),
            ],
          }),
    },
  });
}

interface Plan {
  readonly current: string;
  readonly update: string;
  readonly revisions: Revisions;
}

function revisionOf(pod: Pod): string {
  return labelsOf(pod)[REVISION_LABEL] ?? '';
}

/** The revision that the set had reached before: what pods below the partition keep. */
function currentRevision(set: KubeObject, update: string, pods: readonly Pod[]): string {
  const known = stringAt(set, 'status', 'currentRevision');
  return known === undefined || known === '' || (pods.length === 0 && replicasOf(set) === 0) ? update : known;
}
