import type { Disposable } from '../../../base/disposables.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import { scaledValue } from '../core/counts.ts';
import type { EventRecorder } from '../core/events.ts';
import {
  createdAt,
  isTerminating,
  jsonAt,
  joinKey,
  labelsOf,
  namespaceOf,
  numberAt,
  replicasOf,
  type Json,
} from '../core/objects.ts';
import { onEither, queueChanged } from '../core/owners.ts';
import type { ReconcileQueue } from '../core/queue.ts';
import {
  childName,
  childService,
  childSet,
  initialReplicas,
  revisionOf,
  revisionOfRoles,
  roleOf,
  rolesOf,
  SET_NAME,
  withInitialReplicas,
  type RoleTemplate,
} from './model.ts';
import { nextStep, type RoleProgress } from './rollout.ts';

/** A LeaderWorkerSet a role, all of one revision; a changed template makes the next revision beside them and moves over step by step. */
export class DisaggregatedSetController {
  readonly #sets: Collection;
  readonly #children: Collection;
  readonly #services: Collection;
  readonly #events: EventRecorder;
  readonly #queue: ReconcileQueue;

  constructor(cluster: Cluster, sets: Collection, leaderWorkerSets: Collection) {
    this.#sets = sets;
    this.#children = leaderWorkerSets;
    this.#services = cluster.kind('services');
    this.#events = cluster.recorder('disaggregatedset');
    this.#queue = cluster.queue('disaggregatedset', (key) => this.#reconcile(key));
  }

  start(): Disposable[] {
    const queueSetOf = (child: KubeObject): void => {
      const name = labelsOf(child)[SET_NAME];
      if (name !== undefined) this.#queue.add(joinKey(child.metadata.namespace, name));
    };
    return [queueChanged(this.#sets, this.#queue), onEither(this.#children, queueSetOf)];
  }

  #reconcile(key: string): void {
    const set = this.#sets.byKey(key);
    if (set === undefined || isTerminating(set)) return;
    const roles = rolesOf(set);
    const revision = revisionOfRoles(roles);
    this.#removeDrained(set, revision);
    const old = this.#childrenOf(set).filter((child) => revisionOf(child) !== revision);
    if (old.some((child) => replicasOf(child) > 0)) this.#rollOver(set, roles, revision, old);
    else for (const role of roles) this.#ensureChild(set, role, revision, role.replicas);
    this.#serve(set, roles, revision);
  }

  #childrenOf(set: KubeObject): readonly KubeObject[] {
    return this.#children
      .inNamespace(namespaceOf(set))
      .filter((child) => labelsOf(child)[SET_NAME] === set.metadata.name);
  }

  /** An old revision goes once none of its roles has a group left. */
  #removeDrained(set: KubeObject, revision: string): void {
    const old = this.#childrenOf(set).filter((child) => revisionOf(child) !== revision);
    for (const children of Map.groupBy(old, revisionOf).values()) {
      if (children.some((child) => replicasOf(child) > 0)) continue;
      for (const child of children) {
        if (isTerminating(child)) continue;
        this.#children.delete(child);
        this.#events.record(set, 'Normal', 'LWSDeleted', `Deleted drained LWS ${child.metadata.name}`);
      }
    }
  }

  #ensureChild(set: KubeObject, role: RoleTemplate, revision: string, replicas: number): void {
    const existing = this.#children.get(namespaceOf(set), childName(set.metadata.name, revision, role.name));
    if (existing === undefined) this.#children.create(childSet(set, role, revision, replicas));
    else this.#scale(existing, replicas);
  }

  #scale(child: KubeObject, replicas: number): boolean {
    if (replicasOf(child) === replicas) return false;
    this.#children.update({ ...child, spec: { ...jsonAt(child, 'spec'), replicas } });
    return true;
  }

  #rollOver(set: KubeObject, roles: readonly RoleTemplate[], revision: string, old: readonly KubeObject[]): void {
    const fresh = new Map(
      this.#childrenOf(set)
        .filter((child) => revisionOf(child) === revision)
        .map((child) => [roleOf(child), child]),
    );
    if (fresh.size === 0) {
      this.#events.record(set, 'Normal', 'RollingUpdateStarted', `Started rolling update to revision ${revision}`);
      for (const child of old) this.#children.update(withInitialReplicas(child));
    }
    if (roles.some(({ name }) => !fresh.has(name))) {
      for (const role of roles) if (!fresh.has(role.name)) this.#ensureChild(set, role, revision, 0);
      return;
    }
    // The step before is over when all of its groups are ready; the change of their status calls again.
    if (fresh.values().some((child) => (numberAt(child, 'status', 'readyReplicas') ?? 0) !== replicasOf(child))) return;
    const names = [...new Set([...roles.map(({ name }) => name), ...old.map(roleOf)])];
    const progress = names.map((name) =>
      progressOf(
        name,
        roles.find((role) => role.name === name),
        old,
        fresh.get(name),
      ),
    );
    const step = nextStep(progress);
    if (step === undefined) {
      this.#events.record(set, 'Normal', 'RollingUpdateCompleted', `Completed rolling update to revision ${revision}`);
      return;
    }
    for (const [at, name] of names.entries()) {
      const child = fresh.get(name);
      const wanted = step.current[at] ?? 0;
      if (child !== undefined && this.#scale(child, wanted))
        this.#events.record(
          set,
          'Normal',
          'ScalingUp',
          `Scaling up ${name} LWS ${child.metadata.name} from ${replicasOf(child)} to ${wanted} replicas`,
        );
    }
    this.#drain(set, old, new Map(names.map((name, at) => [name, (progress[at]?.old ?? 0) - (step.old[at] ?? 0)])));
  }

  /** Takes groups from the newest old revision first. Where a role of it ends, the others end with it. */
  #drain(set: KubeObject, old: readonly KubeObject[], budget: Map<string, number>): void {
    const newestFirst = [...Map.groupBy(old, revisionOf).values()].toSorted(
      (a, b) => Math.max(...b.map(createdAt)) - Math.max(...a.map(createdAt)),
    );
    for (const children of newestFirst) {
      if (budget.values().every((left) => left <= 0)) return;
      const left = children.map(
        (child) => replicasOf(child) - Math.min(replicasOf(child), Math.max(0, budget.get(roleOf(child)) ?? 0)),
      );
      const ends = left.includes(0);
      for (const [at, child] of children.entries()) {
        const wanted = ends ? 0 : (left[at] ?? 0);
        budget.set(roleOf(child), (budget.get(roleOf(child)) ?? 0) - (replicasOf(child) - wanted));
        if (this.#scale(child, wanted))
          this.#events.record(
            set,
            'Normal',
            'ScalingDown',
            `Scaling down ${roleOf(child)} LWS ${child.metadata.name} from ${replicasOf(child)} to ${wanted} replicas`,
          );
      }
    }
  }

  /** Services of a revision come when every role of it serves, and those of revisions that no longer do go then. */
  #serve(set: KubeObject, roles: readonly RoleTemplate[], revision: string): void {
    const children = Map.groupBy(this.#childrenOf(set), revisionOf);
    const serves = (name: string): boolean =>
      roles.every((role) =>
        children
          .get(name)
          ?.some((child) => roleOf(child) === role.name && (numberAt(child, 'status', 'readyReplicas') ?? 0) > 0),
      );
    if (!serves(revision)) return;
    const services = this.#services.controlledBy(set);
    for (const role of roles) {
      const service = childService(set, role.name, revision);
      if (!services.some((existing) => existing.metadata.name === service.metadata['name']))
        this.#services.create(service);
    }
    for (const service of services) if (!serves(revisionOf(service))) this.#services.delete(service);
  }
}

function progressOf(
  name: string,
  role: RoleTemplate | undefined,
  old: readonly KubeObject[],
  fresh: KubeObject | undefined,
): RoleProgress {
  const own = old.filter((child) => roleOf(child) === name);
  const target = role?.replicas ?? 0;
  const configuration: Json =
    role === undefined ? {} : jsonAt(role.template, 'spec', 'rolloutStrategy', 'rollingUpdateConfiguration');
  const maxUnavailable = scaledValue(configuration['maxUnavailable'], target, 'down') ?? 0;
  const maxSurge = scaledValue(configuration['maxSurge'], target, 'up') ?? 0;
  return {
    initial: own.reduce((sum, child) => sum + initialReplicas(child), 0),
    old: own.reduce((sum, child) => sum + replicasOf(child), 0),
    current: fresh === undefined ? 0 : replicasOf(fresh),
    target,
    maxUnavailable,
    // Without any room nothing could ever move: one group more is the default.
    maxSurge: maxSurge > 0 || maxUnavailable > 0 ? maxSurge : 1,
  };
}
