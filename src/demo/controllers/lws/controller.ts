import type { Pod } from '../../../kube/model/kinds.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Disposable } from '../../../base/disposables.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import { withCondition, type Condition } from '../core/conditions.ts';
import { scaledValue, withCounts } from '../core/counts.ts';
import type { EventRecorder } from '../core/events.ts';
import {
  annotationsOf,
  arrayAt,
  at,
  controllerReference,
  generationOf,
  isTerminating,
  jsonAt,
  joinKey,
  labelsOf,
  namespaceOf,
  numberAt,
  replicasOf,
  statusOf,
  stringAt,
  type Json,
} from '../core/objects.ts';
import { onEither, queueChanged } from '../core/owners.ts';
import { isReady } from '../../../kube/model/pod.ts';
import { hasRestarted, ordinalOf } from '../core/pods.ts';
import type { ReconcileQueue } from '../core/queue.ts';
import {
  exclusiveTopology,
  GROUP_INDEX,
  groupSize,
  groupTemplateOf,
  isLeader,
  NAME,
  REPLICAS,
  REVISION,
  revisionKey,
  revisionOf,
  sharesSubdomain,
  SIZE,
  WORKER_INDEX,
  type GroupTemplate,
} from './model.ts';
import { nextRollout, type GroupState } from './rollout.ts';
import { headlessService, leaderSet, workerSet } from './sets.ts';

/** Groups of pods with a leader each: a StatefulSet of leaders, and for every leader one of its workers. */
export class LeaderWorkerSetController {
  readonly #cluster: Cluster;
  readonly #sets: Collection;
  readonly #statefulSets: Collection;
  readonly #pods: Collection;
  readonly #services: Collection;
  readonly #revisions: Collection;
  readonly #events: EventRecorder;
  readonly #queue: ReconcileQueue;

  constructor(cluster: Cluster, sets: Collection) {
    this.#cluster = cluster;
    this.#sets = sets;
    this.#statefulSets = cluster.kind('statefulsets');
    this.#pods = cluster.kind('pods');
    this.#services = cluster.kind('services');
    this.#revisions = cluster.kind('controllerrevisions');
    this.#events = cluster.recorder('leaderworkerset');
    this.#queue = cluster.queue('leaderworkerset', (key) => this.#reconcile(key));
  }

  start(): Disposable[] {
    const queueSetOf = (object: KubeObject): void => {
      const name = labelsOf(object)[NAME];
      if (name !== undefined) this.#queue.add(joinKey(object.metadata.namespace, name));
    };
    return [
      queueChanged(this.#sets, this.#queue),
      onEither(this.#statefulSets, queueSetOf),
      onEither(this.#pods, queueSetOf),
    ];
  }

  #reconcile(key: string): void {
    const set = this.#sets.byKey(key);
    if (set === undefined || isTerminating(set)) return;
    const template = groupTemplateOf(set);
    this.#keepRevision(set, template);
    if (sharesSubdomain(template)) this.#ensureService(set, set.metadata.name, { [NAME]: set.metadata.name });
    const leaders = this.#writeLeaderSet(set, template);
    for (const pod of this.#podsOf(set)) this.#restartGroup(set, pod);
    for (const leader of this.#pods.controlledBy(leaders)) this.#startWorkers(set, leader);
    this.#writeStatus(set, leaders, revisionKey(template));
  }

  #podsOf(set: KubeObject): readonly KubeObject[] {
    return this.#pods.inNamespace(namespaceOf(set)).filter((pod) => labelsOf(pod)[NAME] === set.metadata.name);
  }

  #writeLeaderSet(set: KubeObject, template: GroupTemplate): KubeObject {
    const wanted = replicasOf(set);
    const existing = this.#statefulSets.get(namespaceOf(set), set.metadata.name);
    if (existing === undefined) {
      const partition = numberAt(set, 'spec', 'rolloutStrategy', 'rollingUpdateConfiguration', 'partition') ?? 0;
      const created = this.#statefulSets.create(leaderSet(set, template, { partition, replicas: wanted }, wanted));
      this.#events.record(
        set,
        'Normal',
        'CreatingRevision',
        `Creating revision with key ${revisionKey(template)} for a newly created LeaderWorkerSet`,
      );
      this.#events.record(set, 'Normal', 'GroupsProgressing', `Created leader statefulset ${set.metadata.name}`);
      return created;
    }
    const configuration = jsonAt(set, 'spec', 'rolloutStrategy', 'rollingUpdateConfiguration');
    const rollout = nextRollout({
      wanted,
      wantedBefore: Number(annotationsOf(existing)[REPLICAS] ?? wanted),
      replicas: replicasOf(existing),
      partition: numberAt(existing, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0,
      templateChanged: revisionOf(existing) !== revisionKey(template),
      maxUnavailable: scaledValue(configuration['maxUnavailable'], wanted, 'down') ?? 1,
      maxSurge: scaledValue(configuration['maxSurge'], wanted, 'up') ?? 0,
      states: this.#groupStates(existing, revisionKey(template)),
    });
    const held = { ...rollout, partition: Math.max(rollout.partition, numberAt(configuration, 'partition') ?? 0) };
    const desired = leaderSet(set, template, held, wanted);
    const unchanged =
      revisionOf(existing) === revisionKey(template) &&
      replicasOf(existing) === held.replicas &&
      numberAt(existing, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') === held.partition &&
      annotationsOf(existing)[REPLICAS] === String(wanted);
    if (unchanged) return existing;
    this.#tellRollout(set, existing, revisionKey(template), held.partition);
    return this.#statefulSets.update({
      ...existing,
      metadata: {
        ...existing.metadata,
        labels: { ...labelsOf(existing), [REVISION]: revisionKey(template) },
        annotations: { ...annotationsOf(existing), [REPLICAS]: String(wanted) },
      },
      spec: {
        ...jsonAt(existing, 'spec'),
        replicas: held.replicas,
        updateStrategy: at(desired, 'spec', 'updateStrategy'),
        template: at(desired, 'spec', 'template'),
      },
    });
  }

  #tellRollout(set: KubeObject, leaders: KubeObject, revision: string, partition: number): void {
    if (revisionOf(leaders) !== revision) {
      this.#events.record(set, 'Normal', 'CreatingRevision', `Creating revision with key ${revision} for updated LWS`);
      return;
    }
    const before = numberAt(leaders, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0;
    if (partition === before) return;
    this.#events.record(
      set,
      'Normal',
      'GroupsUpdating',
      before - 1 === partition
        ? `Updating replica ${partition}`
        : `Updating replicas ${partition} to ${before - 1} (inclusive)`,
    );
  }

  /** Once a leader stands (or, if so wished, is ready), its workers follow, made of the leader's revision. */
  #startWorkers(set: KubeObject, leader: Pod): void {
    if (isTerminating(leader) || this.#statefulSets.controlledBy(leader).length > 0) return;
    const template = this.#templateOf(set, revisionOf(leader));
    if (template === undefined) return;
    if (!sharesSubdomain(template))
      this.#ensureService(leader, leader.metadata.name, {
        [NAME]: set.metadata.name,
        [GROUP_INDEX]: labelsOf(leader)[GROUP_INDEX] ?? '',
      });
    if (groupSize(template) < 2) return;
    if (stringAt(set, 'spec', 'startupPolicy') === 'LeaderReady' && !isReady(leader)) return;
    const topology = this.#topologyOf(set, leader);
    if (topology === undefined) return;
    const stale = this.#statefulSets.get(namespaceOf(leader), leader.metadata.name);
    // The workers of the leader that was here before are still being collected.
    if (stale !== undefined) return;
    this.#statefulSets.create(workerSet(set, leader, template, topology));
    this.#events.record(
      set,
      'Normal',
      'GroupsProgressing',
      `Created worker statefulset for leader pod ${leader.metadata.name}`,
    );
  }

  /** With an exclusive topology the workers go where the leader went; undefined until it is known. */
  #topologyOf(set: KubeObject, leader: Pod): Json | undefined {
    const key = exclusiveTopology(set);
    if (key === undefined) return {};
    const node = this.#cluster.kind('nodes').get(undefined, stringAt(leader, 'spec', 'nodeName') ?? '');
    const domain = node === undefined ? undefined : labelsOf(node)[key];
    return domain === undefined ? undefined : { [key]: domain };
  }

  /** A group lives and dies as one: when a container of it restarted or a pod of it went, its leader goes, and with it the rest. */
  #restartGroup(set: KubeObject, pod: Pod): void {
    if (stringAt(set, 'spec', 'leaderWorkerTemplate', 'restartPolicy') !== 'RecreateGroupOnPodRestart') return;
    if (!hasRestarted(pod) && !isTerminating(pod)) return;
    const leader = isLeader(pod) ? pod : this.#leaderOf(pod);
    if (leader === undefined || isTerminating(leader) || revisionOf(leader) !== revisionOf(pod)) return;
    this.#pods.delete(leader, { propagation: 'Foreground' });
    this.#events.record(
      set,
      'Normal',
      'RecreateGroup',
      `Worker pod ${pod.metadata.name} failed, deleted leader pod ${leader.metadata.name} to recreate group ${labelsOf(leader)[GROUP_INDEX] ?? ''}`,
    );
  }

  #leaderOf(worker: KubeObject): KubeObject | undefined {
    const workers = worker.metadata.ownerReferences?.find((reference) => reference.controller === true);
    const leader = workers === undefined ? undefined : this.#pods.get(worker.metadata.namespace, workers.name);
    const owned =
      leader === undefined
        ? undefined
        : this.#statefulSets.controlledBy(leader).find((candidate) => candidate.metadata.uid === workers?.uid);
    return owned === undefined ? undefined : leader;
  }

  #ensureService(owner: KubeObject, name: string, selector: Json): void {
    if (this.#services.get(namespaceOf(owner), name) === undefined)
      this.#services.create(headlessService(owner, name, selector));
  }

  /** Revisions are kept while groups of them stand, so that a group that fails mid-rollout comes back as it was. */
  #keepRevision(set: KubeObject, template: GroupTemplate): void {
    const known = this.#revisions.controlledBy(set);
    const key = revisionKey(template);
    if (known.some((revision) => revisionOf(revision) === key)) return;
    const number = Math.max(0, ...known.map((revision) => numberAt(revision, 'revision') ?? 0)) + 1;
    this.#revisions.create({
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: `${set.metadata.name}-${key}-${number}`,
        namespace: namespaceOf(set),
        labels: { [NAME]: set.metadata.name, [REVISION]: key },
        ownerReferences: [controllerReference(set)],
      },
      data: { spec: template },
      revision: number,
    });
  }

  #templateOf(set: KubeObject, revision: string): GroupTemplate | undefined {
    const present = groupTemplateOf(set);
    if (revisionKey(present) === revision) return present;
    const kept = this.#revisions.controlledBy(set).find((candidate) => revisionOf(candidate) === revision);
    return (
      kept && {
        leaderWorkerTemplate: jsonAt(kept, 'data', 'spec', 'leaderWorkerTemplate'),
        networkConfig: jsonAt(kept, 'data', 'spec', 'networkConfig'),
      }
    );
  }

  #groupStates(leaders: KubeObject, revision: string): readonly GroupState[] {
    const pods = new Map(this.#pods.controlledBy(leaders).map((pod) => [ordinalOf(pod.metadata.name), pod]));
    return Array.from({ length: replicasOf(leaders) }, (_, index) => {
      const leader = pods.get(index);
      if (leader === undefined || isTerminating(leader)) return { ready: false, updated: false };
      const size = Number(annotationsOf(leader)[SIZE] ?? 1);
      const [workers] = this.#statefulSets.controlledBy(leader);
      const workersReady =
        size < 2 || (workers !== undefined && numberAt(workers, 'status', 'readyReplicas') === size - 1);
      return { ready: isReady(leader) && workersReady, updated: revisionOf(leader) === revision };
    });
  }

  #writeStatus(set: KubeObject, leaders: KubeObject, revision: string): void {
    const wanted = replicasOf(set);
    const states = this.#groupStates(leaders, revision);
    const present = this.#pods.controlledBy(leaders).length;
    const ready = states.filter((state) => state.ready).length;
    const updated = states.slice(0, Math.min(present, states.length)).filter((state) => state.updated).length;
    const partition = numberAt(set, 'spec', 'rolloutStrategy', 'rollingUpdateConfiguration', 'partition') ?? 0;
    const needed = Math.max(wanted - partition, 0);
    const complete =
      states.slice(0, wanted).every((state, index) => state.ready && (state.updated || index < partition)) &&
      states.length >= wanted;
    const updating =
      updated < needed && numberAt(leaders, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') !== partition;
    const before = statusOf(set);
    const observedGeneration = generationOf(set);
    const status = withCounts(
      {
        ...before,
        conditions: this.#conditions(arrayAt(before, 'conditions'), complete, updating, observedGeneration),
        hpaPodSelector: `${NAME}=${set.metadata.name},${WORKER_INDEX}=0`,
        observedGeneration,
      },
      { readyReplicas: ready, replicas: present, updatedReplicas: updated },
    );
    if (isDeepStrictEqual(status, before)) return;
    this.#sets.updateStatus({ ...set, status });
    const [was, is] = [told(before), told(status)];
    if (is !== undefined && was !== is)
      this.#events.record(
        set,
        'Normal',
        TEXTS[is].reason,
        `${TEXTS[is].message}, with ${ready} groups ready of total ${wanted} groups`,
      );
  }

  /** Exactly one of available and progressing is true; an update in progress shows beside progressing. */
  #conditions(
    before: readonly unknown[],
    complete: boolean,
    updating: boolean,
    observedGeneration: number,
  ): readonly unknown[] {
    const now = this.#cluster.now();
    const known = (type: string): boolean => before.some((condition) => stringAt(condition, 'type') === type);
    const condition = (type: keyof typeof TEXTS, holds: boolean): Condition => ({
      type,
      status: holds ? 'True' : 'False',
      ...TEXTS[type],
    });
    const seen = { observedGeneration };
    let conditions = before;
    if (!complete || known('Progressing'))
      conditions = withCondition(conditions, condition('Progressing', !complete), now, seen);
    if (complete || known('Available'))
      conditions = withCondition(conditions, condition('Available', complete), now, seen);
    if (updating || known('UpdateInProgress'))
      conditions = withCondition(conditions, condition('UpdateInProgress', updating && !complete), now, seen);
    return conditions;
  }
}

const TEXTS = {
  Available: { reason: 'AllGroupsReady', message: 'All replicas are ready' },
  Progressing: { reason: 'GroupsProgressing', message: 'Replicas are progressing' },
  UpdateInProgress: { reason: 'GroupsUpdating', message: 'Rolling Upgrade is in progress' },
} as const;

/** The condition that an event tells of: an update before progress before availability. */
function told(status: Json): keyof typeof TEXTS | undefined {
  const holds = (type: string): boolean =>
    arrayAt(status, 'conditions').some(
      (condition) => stringAt(condition, 'type') === type && stringAt(condition, 'status') === 'True',
    );
  return (['UpdateInProgress', 'Progressing', 'Available'] as const).find(holds);
}
