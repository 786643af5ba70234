import type { Deployment, ReplicaSet } from '../../../kube/model/kinds.ts';
import type { Disposable } from '../../../base/disposables.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import { scaledValue, writeStatus } from '../core/counts.ts';
import type { EventRecorder } from '../core/events.ts';
import { templateHash } from '../core/hash.ts';
import {
  annotationsOf,
  at,
  controllerReference,
  createdAt,
  isTerminating,
  jsonAt,
  keyOf,
  labelsOf,
  namespaceOf,
  numberAt,
  replicasOf,
  specOf,
  stringAt,
  templateOf,
  type NewObject,
} from '../core/objects.ts';
import { queueChanged, queueOwners } from '../core/owners.ts';
import type { ReconcileQueue } from '../core/queue.ts';
import { DESIRED, isResized, maxSurge, MOST, resized } from './deployment-scaling.ts';
import { deploymentStatus, type DeploymentState } from './deployment-status.ts';

const HASH_LABEL = 'pod-template-hash';
const REVISION = 'deployment.kubernetes.io/revision';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Rolls versions of a pod template out through ReplicaSets, one a version, and remembers them. */
export class DeploymentController {
  readonly #cluster: Cluster;
  readonly #deployments: Collection;
  readonly #sets: Collection;
  readonly #events: EventRecorder;
  readonly #queue: ReconcileQueue;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#deployments = cluster.kind('deployments');
    this.#sets = cluster.kind('replicasets');
    this.#events = cluster.recorder('deployment-controller');
    this.#queue = cluster.queue('deployment', (key) => this.#reconcile(key));
  }

  start(): Disposable[] {
    return [queueChanged(this.#deployments, this.#queue), queueOwners(this.#sets, 'Deployment', this.#queue)];
  }

  #reconcile(key: string): void {
    const found = this.#deployments.byKey(key);
    if (found === undefined || isTerminating(found)) return;
    const paused = at(found, 'spec', 'paused') === true;
    if (!paused && this.#resize(found)) return;
    const { deployment, current, created } = this.#currentSet(found, paused);
    const old = this.#sets.controlledBy(deployment).filter((set) => set.metadata.uid !== current?.metadata.uid);
    if (paused) this.#scalePaused(deployment, current ?? newest(old));
    else if (current) this.#rollOut(deployment, current, old);
    if (current && !paused) this.#forgetOld(deployment, current);
    this.#writeStatus(deployment, current, created);
  }

  /** Lets the sets follow another number of replicas before anything else is done. Their change brings the deployment back. */
  #resize(deployment: Deployment): boolean {
    const sets = this.#sets.controlledBy(deployment);
    if (!isResized(deployment, sets)) return false;
    const hash = templateHash(templateOf(deployment));
    const current = sets.find((set) => labelsOf(set)[HASH_LABEL] === hash);
    const sizes = resized(deployment, sets, current);
    for (const [set, replicas] of sizes) this.#scale(deployment, set, replicas);
    this.#writeStatus(deployment, current, false);
    return sizes.length > 0;
  }

  /** The set of the present template, made if need be; it always has the highest revision. */
  #currentSet(
    deployment: Deployment,
    paused: boolean,
  ): { deployment: Deployment; current: KubeObject | undefined; created: boolean } {
    const hash = templateHash(templateOf(deployment));
    const sets = this.#sets.controlledBy(deployment);
    const existing = sets.find((set) => labelsOf(set)[HASH_LABEL] === hash);
    if (existing === undefined && paused) return { deployment, current: undefined, created: false };
    const highest = Math.max(0, ...sets.filter((set) => set !== existing).map(revisionOf));
    const revision = existing && revisionOf(existing) > highest ? revisionOf(existing) : highest + 1;
    const current = existing
      ? this.#annotated(existing, deployment, revision)
      : this.#sets.create(replicaSetOf(deployment, hash, revision));
    const kept =
      annotationsOf(deployment)[REVISION] === String(revision)
        ? deployment
        : this.#deployments.update({
            ...deployment,
            metadata: {
              ...deployment.metadata,
              annotations: { ...annotationsOf(deployment), [REVISION]: String(revision) },
            },
          });
    return { deployment: kept, current, created: existing === undefined };
  }

  #annotated(set: ReplicaSet, deployment: Deployment, revision: number): KubeObject {
    const wanted = { ...annotationsOf(set), ...setAnnotations(deployment, revision) };
    const same = Object.entries(wanted).every(([key, value]) => annotationsOf(set)[key] === value);
    return same ? set : this.#sets.update({ ...set, metadata: { ...set.metadata, annotations: wanted } });
  }

  #rollOut(deployment: Deployment, current: KubeObject, old: readonly KubeObject[]): void {
    if (stringAt(deployment, 'spec', 'strategy', 'type') === 'Recreate') {
      for (const set of old) this.#scale(deployment, set, 0);
      if (old.every((set) => podsOf(set) === 0)) this.#scale(deployment, current, replicasOf(deployment));
      return;
    }
    this.#growNew(deployment, current, old);
    this.#shrinkOld(deployment, this.#sets.get(namespaceOf(current), current.metadata.name) ?? current, old);
  }

  /** As many new pods as the surge allows beside the old ones. */
  #growNew(deployment: Deployment, current: KubeObject, old: readonly KubeObject[]): void {
    const wanted = replicasOf(deployment);
    const has = replicasOf(current);
    const room = wanted + maxSurge(deployment) - has - old.reduce((sum, set) => sum + replicasOf(set), 0);
    this.#scale(deployment, current, has > wanted ? wanted : has + Math.max(0, Math.min(room, wanted - has)));
  }

  /** As few old pods as leaves enough available; those that are not available anyway go first. */
  #shrinkOld(deployment: Deployment, current: KubeObject, old: readonly KubeObject[]): void {
    const least = replicasOf(deployment) - maxUnavailable(deployment);
    const all = [current, ...old].reduce((sum, set) => sum + replicasOf(set), 0);
    let spare = all - least - (replicasOf(current) - availableOf(current));
    const oldestFirst = old.toSorted((left, right) => createdAt(left) - createdAt(right));
    for (const set of oldestFirst) {
      const unhealthy = Math.min(spare, replicasOf(set) - availableOf(set));
      if (unhealthy <= 0) continue;
      spare -= unhealthy;
      this.#scale(deployment, set, replicasOf(set) - unhealthy);
    }
    let surplus = [current, ...old].reduce((sum, set) => sum + availableOf(set), 0) - least;
    for (const stale of oldestFirst) {
      const set = this.#sets.get(namespaceOf(stale), stale.metadata.name) ?? stale;
      const step = Math.min(surplus, spare, replicasOf(set));
      if (step <= 0) continue;
      surplus -= step;
      spare -= step;
      this.#scale(deployment, set, replicasOf(set) - step);
    }
  }

  /** A paused deployment still follows its number of replicas. */
  #scalePaused(deployment: Deployment, set: ReplicaSet | undefined): void {
    if (set && annotationsOf(set)[DESIRED] !== String(replicasOf(deployment)))
      this.#scale(deployment, set, replicasOf(deployment));
  }

  #scale(deployment: Deployment, set: ReplicaSet, replicas: number): void {
    const before = replicasOf(set);
    if (before === replicas && annotationsOf(set)[DESIRED] === String(replicasOf(deployment))) return;
    const annotations = {
      ...annotationsOf(set),
      [DESIRED]: String(replicasOf(deployment)),
      [MOST]: String(replicasOf(deployment) + maxSurge(deployment)),
    };
    this.#sets.update({ ...set, metadata: { ...set.metadata, annotations }, spec: { ...specOf(set), replicas } });
    if (before !== replicas)
      this.#events.record(
        deployment,
        'Normal',
        'ScalingReplicaSet',
        `Scaled ${replicas > before ? 'up' : 'down'} replica set ${set.metadata.name} from ${before} to ${replicas}`,
      );
  }

  #forgetOld(deployment: Deployment, current: KubeObject): void {
    const limit = numberAt(deployment, 'spec', 'revisionHistoryLimit') ?? 10;
    const idle = this.#sets
      .controlledBy(deployment)
      .filter(
        (set) =>
          set.metadata.uid !== current.metadata.uid &&
          replicasOf(set) === 0 &&
          podsOf(set) === 0 &&
          !isTerminating(set),
      )
      .toSorted((left, right) => revisionOf(left) - revisionOf(right));
    for (const set of idle.slice(0, Math.max(idle.length - limit, 0))) this.#sets.delete(set);
  }

  #writeStatus(deployment: Deployment, current: KubeObject | undefined, created: boolean): void {
    const sets = this.#sets.controlledBy(deployment);
    const sum = (count: (set: ReplicaSet) => number): number => sets.reduce((total, set) => total + count(set), 0);
    const present = current && this.#sets.get(namespaceOf(current), current.metadata.name);
    const state: DeploymentState = {
      current: present?.metadata.name,
      created,
      replicas: sum(podsOf),
      ready: sum((set) => numberAt(set, 'status', 'readyReplicas') ?? 0),
      available: sum(availableOf),
      updated: present ? podsOf(present) : 0,
      terminating: sum((set) => numberAt(set, 'status', 'terminatingReplicas') ?? 0),
      least: replicasOf(deployment) - maxUnavailable(deployment),
    };
    const { status, lookAgainMs } = deploymentStatus(deployment, state, this.#cluster.now());
    writeStatus(this.#deployments, deployment, status);
    if (lookAgainMs !== undefined) this.#queue.addAfter(keyOf(deployment), lookAgainMs);
  }
}

/** The set of one version of the template, without pods yet. */
export function replicaSetOf(deployment: Deployment, hash: string, revision: number): NewObject {
  const template = templateOf(deployment);
  const metadata = jsonAt(template, 'metadata');
  const labels = { ...jsonAt(metadata, 'labels'), [HASH_LABEL]: hash };
  const selector = jsonAt(deployment, 'spec', 'selector');
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: namespaceOf(deployment),
      labels,
      annotations: setAnnotations(deployment, revision),
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: 0,
      ...(numberAt(deployment, 'spec', 'minReadySeconds') === undefined
        ? {}
        : { minReadySeconds: numberAt(deployment, 'spec', 'minReadySeconds') }),
      selector: { ...selector, matchLabels: { ...jsonAt(selector, 'matchLabels'), [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...metadata, labels } },
    },
  };
}

function revisionOf(set: ReplicaSet): number {
  return Number(annotationsOf(set)[REVISION] ?? 0);
}

function podsOf(set: ReplicaSet): number {
  return numberAt(set, 'status', 'replicas') ?? 0;
}

function availableOf(set: ReplicaSet): number {
  return numberAt(set, 'status', 'availableReplicas') ?? 0;
}

function newest(sets: readonly ReplicaSet[]): KubeObject | undefined {
  return sets.toSorted((left, right) => revisionOf(right) - revisionOf(left))[0];
}

/** At least one, when there is no surge: else nothing could ever move. */
function maxUnavailable(deployment: Deployment): number {
  const rolling = jsonAt(deployment, 'spec', 'strategy', 'rollingUpdate');
  const down = scaledValue(rolling['maxUnavailable'], replicasOf(deployment), 'down') ?? 0;
  return Math.min(maxSurge(deployment) === 0 ? Math.max(down, 1) : down, replicasOf(deployment));
}

/** A set carries its deployment's annotations (the cause of a change), its revision and the numbers it was scaled for. */
function setAnnotations(deployment: Deployment, revision: number): Record<string, string> {
  const { [LAST_APPLIED]: _applied, [REVISION]: _revision, ...own } = annotationsOf(deployment);
  return {
    ...own,
    [REVISION]: String(revision),
    [DESIRED]: String(replicasOf(deployment)),
    [MOST]: String(replicasOf(deployment) + maxSurge(deployment)),
  };
}
