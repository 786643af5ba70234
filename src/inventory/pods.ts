import { labels } from '../base/labels.ts';
import type { ClusterRef } from '../kube/types.ts';
import { collate } from './collate.ts';
import type { DraSnapshot } from './dra/types.ts';
import { gpusOfPod } from './gpu-of-pod.ts';
import { Groups } from './groups.ts';
import { identify, modelOf, type Identity } from './identity.ts';
import { dataParallelRanks } from './ranks.ts';
import type {
  InventorySnapshot,
  ModelServerDeployment,
  ModelServerGroup,
  ModelServerPod,
  ModelServerRole,
  PodsReport,
  PodView,
  Role,
  Warning,
} from './types.ts';

interface Member {
  readonly pod: PodView;
  readonly identity: Identity;
  readonly gpus: number;
}

const ROLE_ORDER: readonly Role[] = ['prefill', 'decode', 'both', 'routing', 'other'];

/** What is remembered of a cluster's last report, so that a change costs what it changes. */
interface Remembered {
  readonly groups: Groups<PodView>;
  readonly members: WeakMap<
    readonly PodView[],
    { readonly dra: DraSnapshot | undefined; readonly members: readonly Member[] }
  >;
  readonly me: string;
  readonly deployments: ReadonlyMap<string, Reported>;
}

interface Reported {
  readonly members: readonly Member[];
  readonly deployment: ModelServerDeployment;
}

const remembered = new WeakMap<ClusterRef, Remembered>();

/**
 * Model servers by deployment, role, group and rank. `me` is the owner label that makes a deployment mine. A function of
 * the snapshot alone; between snapshots of one cluster, deployments whose pods did not change are the same objects.
 */
export function podsReport(snapshot: InventorySnapshot, me: string): PodsReport {
  const before: Remembered = remembered.get(snapshot.cluster) ?? {
    groups: new Groups(groupOf),
    members: new WeakMap(),
    me,
    deployments: new Map(),
  };
  const collected = collect(before.groups.of(snapshot.pods), (pods) => membersOf(pods, snapshot.dra, before));
  const known = before.me === me ? before.deployments : undefined;
  const deployments = new Map<string, Reported>(
    collected.entries().map(([key, found]) => {
      const old = known?.get(key);
      return [
        key,
        old && sameMembers(old.members, found.members)
          ? old
          : { members: found.members, deployment: deploymentOf(found, me) },
      ];
    }),
  );
  remembered.set(snapshot.cluster, { ...before, me, deployments });
  return {
    deployments: deployments
      .values()
      .map(({ deployment }) => deployment)
      .toArray()
      .sort(
        (a, b) =>
          Number(b.mine) - Number(a.mine) ||
          collate(a.namespace, b.namespace) ||
          collate(a.name, b.name) ||
          collate(a.owner ?? '', b.owner ?? ''),
      ),
    warnings: warningsOf(snapshot),
  };
}

/** Pods that belong to one deployment share a group, and so does the routing that names none. */
function groupOf(pod: PodView): string | undefined {
  const identity = identify(pod);
  if (!identity) return undefined;
  return identity.deployment === undefined ? ROUTING : keyOf(pod.namespace, identity.owner, identity.deployment);
}

/** No key of a deployment is empty. */
const ROUTING = '';

function membersOf(pods: readonly PodView[], dra: DraSnapshot | undefined, { members }: Remembered): readonly Member[] {
  const known = members.get(pods);
  if (known && known.dra === dra) return known.members;
  const made = pods.flatMap((pod) => {
    const identity = identify(pod);
    return identity ? [{ pod, identity, gpus: gpusOfPod(pod, dra) }] : [];
  });
  members.set(pods, { dra, members: made });
  return made;
}

function sameMembers(before: readonly Member[], after: readonly Member[]): boolean {
  return (
    before === after ||
    (before.length === after.length &&
      before.every(({ pod, gpus }, place) => pod === after[place]?.pod && gpus === after[place].gpus))
  );
}

interface Collected {
  readonly name: string;
  readonly namespace: string;
  readonly owner: string | undefined;
  readonly members: readonly Member[];
}

/** Two people may give their stacks the same name in one namespace, so the owner is part of the key. */
function keyOf(namespace: string, owner: string | undefined, name: string): string {
  return JSON.stringify([namespace, owner ?? null, name]);
}

function collect(
  groups: ReadonlyMap<string, readonly PodView[]>,
  membersOfGroup: (pods: readonly PodView[]) => readonly Member[],
): ReadonlyMap<string, Collected> {
  const deployments = new Map<string, Collected>();
  for (const [key, pods] of groups) {
    const members = key === ROUTING ? [] : membersOfGroup(pods);
    const [first] = members;
    if (first?.identity.deployment !== undefined)
      deployments.set(key, {
        name: first.identity.deployment,
        namespace: first.pod.namespace,
        owner: first.identity.owner,
        members,
      });
  }
  for (const member of membersOfGroup(groups.get(ROUTING) ?? NONE)) attach(member, deployments);
  return deployments;
}

const NONE: readonly never[] = [];

function join(
  deployments: Map<string, Collected>,
  { name, namespace, owner }: Omit<Collected, 'members'>,
  member: Member,
): void {
  const key = keyOf(namespace, owner, name);
  deployments.set(key, { name, namespace, owner, members: [...(deployments.get(key)?.members ?? []), member] });
}

/**
 * A gateway or endpoint picker from a chart names no deployment. It goes to the model servers beside it when only one
 * deployment of its namespace, owner, guide and name can be meant; else it stands for itself.
 */
function attach(member: Member, deployments: Map<string, Collected>): void {
  const { pod, identity } = member;
  const guide = pod.labels[labels.guide];
  const candidates = deployments
    .values()
    .filter(
      (found) =>
        found.namespace === pod.namespace && found.members.some(({ identity: other }) => other.role !== 'routing'),
    )
    .toArray();
  const ofOwner = narrow(candidates, (found) => identity.owner !== undefined && found.owner === identity.owner);
  const ofGuide = narrow(
    ofOwner,
    (found) => guide !== undefined && found.members.some((other) => other.pod.labels[labels.guide] === guide),
  );
  const [only, ...more] = narrow(ofGuide, (found) => identity.routing?.startsWith(`${found.name}-`) === true);
  const meant = only && more.length === 0 && (identity.owner === undefined || only.owner === identity.owner);
  join(deployments, meant ? only : { name: identity.set, namespace: pod.namespace, owner: identity.owner }, member);
}

/** The candidates that match, or all of them when none does. */
function narrow(candidates: readonly Collected[], matches: (found: Collected) => boolean): readonly Collected[] {
  const matching = candidates.filter(matches);
  return matching.length > 0 ? matching : candidates;
}

function deploymentOf(found: Collected, me: string): ModelServerDeployment {
  const servers = found.members.filter(({ identity }) => identity.role !== 'routing');
  const first = servers[0] ?? found.members[0];
  return {
    name: found.name,
    kind: first?.identity.kind ?? 'Pod',
    namespace: found.namespace,
    owner: found.owner ?? null,
    mine: found.owner !== undefined && found.owner === me,
    model: firstOf(servers, ({ pod }) => modelOf(pod)) ?? null,
    release: firstOf(found.members, ({ identity }) => identity.release) ?? null,
    gpus: found.members
      .filter(({ pod }) => pod.phase !== 'Succeeded' && pod.phase !== 'Failed')
      .reduce((sum, { gpus }) => sum + gpus, 0),
    roles: rolesOf(found.members),
  };
}

/** The first answer that is one; asks no further than needed. */
function firstOf<T>(members: readonly Member[], ask: (member: Member) => T | undefined): T | undefined {
  return members
    .values()
    .map(ask)
    .find((answer) => answer !== undefined);
}

function rolesOf(members: readonly Member[]): readonly ModelServerRole[] {
  const byRole = Map.groupBy(members, ({ identity }) => identity.role);
  return ROLE_ORDER.flatMap((role) => {
    const own = byRole.get(role);
    return own === undefined ? [] : [{ role, groups: groupsOf(own) }];
  });
}

/** Groups keep the index that their set gave them; where several sets share a role (slices, revisions) or none gave one, they are numbered in order. */
function groupsOf(members: readonly Member[]): readonly ModelServerGroup[] {
  const groups = [...Map.groupBy(members, groupKey).values()].sort(byPlace);
  const oneSet = new Set(members.map(({ identity }) => identity.set)).size === 1;
  return groups.map((group, position) => ({
    index: (oneSet ? group[0]?.identity.group : undefined) ?? position,
    revision: group[0]?.identity.revision ?? null,
    pods: group
      .sort((a, b) => (a.identity.rank ?? 0) - (b.identity.rank ?? 0) || collate(a.pod.name, b.pod.name))
      .map(podOf),
  }));
}

function groupKey({ pod, identity }: Member): string {
  return identity.group === undefined ? JSON.stringify([pod.name]) : JSON.stringify([identity.set, identity.group]);
}

function byPlace(a: readonly Member[], b: readonly Member[]): number {
  const [first, second] = [a[0], b[0]];
  if (!first || !second) return 0;
  return (
    collate(first.identity.set, second.identity.set) ||
    (first.identity.group ?? 0) - (second.identity.group ?? 0) ||
    collate(first.pod.name, second.pod.name)
  );
}

function podOf({ pod, identity, gpus }: Member): ModelServerPod {
  return {
    name: pod.name,
    namespace: pod.namespace,
    ip: pod.ip ?? null,
    node: pod.node ?? null,
    rank: identity.rank ?? null,
    ranks: dataParallelRanks(pod, identity.rank ?? 0) ?? null,
    gpus,
    createdAt: pod.createdAt ?? null,
    ports: pod.containers
      .filter((container) => container.role !== 'init')
      .flatMap((container) =>
        container.ports.map(({ name, port }) => ({ name: name ?? null, container: container.name, port })),
      ),
    phase: pod.phase,
    ready: pod.ready,
    restarts: pod.restarts,
    lastExit: lastExitOf(pod) ?? null,
    reason: pod.reason ?? null,
  };
}

/** An init container that has done its work says nothing of the servers. */
function lastExitOf(pod: PodView): ModelServerPod['lastExit'] | undefined {
  return pod.containers
    .flatMap((container) =>
      container.role === 'init' || container.lastExit === undefined
        ? []
        : [{ container: container.name, ...container.lastExit }],
    )
    .toSorted((a, b) => collate(b.finishedAt ?? '', a.finishedAt ?? ''))[0];
}

function warningsOf(snapshot: InventorySnapshot): readonly Warning[] {
  const { pods } = snapshot.states;
  if (pods.kind === 'denied') return [{ code: 'pods-denied', message: pods.error.message }];
  if (pods.kind === 'stale')
    return [
      { code: 'pods-stale', message: `pods are as of ${new Date(pods.since).toISOString()}: ${pods.error.message}` },
    ];
  if (snapshot.podScope === 'namespace')
    return [
      {
        code: 'pods-of-one-namespace',
        message: `no permission to list pods of all namespaces: only those of namespace "${snapshot.cluster.namespace}" are shown`,
      },
    ];
  return [];
}
