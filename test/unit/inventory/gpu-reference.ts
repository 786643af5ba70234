/**
 * GPU accounting, slow and obvious, straight from raw objects: it looks at every container at every moment of a pod's life and at every
 * device for every claim, and shares no code with the product. What the product groups, indexes and remembers, this does again and again.
 */

export interface RawContainer {
  readonly kind: 'main' | 'init' | 'sidecar';
  readonly requests: Readonly<Record<string, number>> | undefined;
  readonly limits: Readonly<Record<string, number>> | undefined;
}

export interface RawPod {
  readonly name: string;
  readonly node: string | undefined;
  readonly phase: string;
  readonly containers: readonly RawContainer[];
  readonly claims: readonly string[];
}

export interface RawNode {
  readonly name: string;
  readonly ready: boolean;
  readonly cordoned: boolean;
  readonly taints: readonly { readonly key: string; readonly effect: string }[];
  readonly allocatable: Readonly<Record<string, number>>;
  readonly leaf: string | undefined;
}

export interface RawDevice {
  readonly name: string;
  readonly counters: string | undefined;
  readonly tainted: boolean;
}

export interface RawSlice {
  readonly node: string;
  readonly generation: number;
  readonly devices: readonly RawDevice[];
}

export interface RawClaim {
  readonly name: string;
  /** On the pool of one node, each with whether it is administrative access. */
  readonly pool: string;
  readonly results: readonly { readonly device: string; readonly admin: boolean }[];
  readonly wanted: number;
  readonly reservedFor: readonly string[];
}

export interface RawCluster {
  readonly nodes: readonly RawNode[];
  readonly pods: readonly RawPod[];
  readonly slices: readonly RawSlice[];
  readonly claims: readonly RawClaim[];
}

export const DRIVER = 'gpu.nvidia.com';

/** The most of a resource that runs at once: every container has the moments at which it runs, each moment is added up by itself. */
export function mostAtOnce(pod: RawPod, resource: string): number {
  const before = pod.containers.filter(({ kind }) => kind !== 'main');
  const last = before.length;
  const runs = (container: RawContainer, moment: number): boolean => {
    if (container.kind === 'main') return moment === last;
    const start = before.indexOf(container);
    return container.kind === 'sidecar' ? moment >= start : moment === start;
  };
  const wants = ({ requests, limits }: RawContainer): number => requests?.[resource] ?? limits?.[resource] ?? 0;
  let most = 0;
  for (let moment = 0; moment <= last; moment += 1) {
    let sum = 0;
    for (const container of pod.containers) if (runs(container, moment)) sum += wants(container);
    if (sum > most) most = sum;
  }
  return most;
}

const ended = (pod: RawPod): boolean => pod.phase === 'Succeeded' || pod.phase === 'Failed';

export interface SlowCount {
  allocatable: number;
  requested: number;
  free: number;
}

/** Of a resource of a device plugin on a node. */
export function pluginCount(cluster: RawCluster, node: RawNode, resource: string): SlowCount {
  const allocatable = node.allocatable[resource] ?? 0;
  let requested = 0;
  for (const pod of cluster.pods) if (pod.node === node.name && !ended(pod)) requested += mostAtOnce(pod, resource);
  return { allocatable, requested, free: allocatable > requested ? allocatable - requested : 0 };
}

/** The devices of a node that are true now: those of its newest slices. */
function devicesOf(cluster: RawCluster, node: string): readonly RawDevice[] {
  const own = cluster.slices.filter((slice) => slice.node === node);
  return own
    .filter((slice) => own.every((other) => other.generation <= slice.generation))
    .flatMap((slice) => slice.devices);
}

const wholeOf = (device: RawDevice): string =>
  device.counters === undefined ? device.name : `counters ${device.counters}`;

/** Whether the claim's devices are on this node: by its slices, or where the first pod stands that may use it and that has a place. */
function isOn(cluster: RawCluster, claim: RawClaim, node: string): boolean {
  const known = claim.results.some(
    ({ device, admin }) => !admin && devicesOf(cluster, claim.pool).some(({ name }) => name === device),
  );
  if (known) return claim.pool === node;
  const places = claim.reservedFor.flatMap((name) =>
    cluster.pods.filter((pod) => pod.name === name && pod.node !== undefined).map((pod) => pod.node),
  );
  return places[0] === node;
}

/** Of DRA on a node, whole GPU by whole GPU. */
export function draCount(cluster: RawCluster, node: RawNode): SlowCount {
  const here = devicesOf(cluster, node.name);
  const held = new Set<string>();
  for (const claim of cluster.claims) {
    if (!isOn(cluster, claim, node.name)) continue;
    for (const { device, admin } of claim.results) {
      if (admin) continue;
      const known = devicesOf(cluster, claim.pool).find(({ name }) => name === device);
      held.add(`${claim.pool}/${known ? wholeOf(known) : device}`);
    }
  }
  const all = new Set(held);
  for (const device of here) if (!device.tainted) all.add(`${node.name}/${wholeOf(device)}`);
  return { allocatable: all.size, requested: held.size, free: all.size - held.size };
}

export function takesPods(node: RawNode): boolean {
  if (!node.ready || node.cordoned) return false;
  for (const { key, effect } of node.taints) if (effect !== 'PreferNoSchedule' && key === 'team') return false;
  return true;
}

export function countsOf(cluster: RawCluster, node: RawNode, resources: readonly string[]): Record<string, SlowCount> {
  const counts: Record<string, SlowCount> = {};
  for (const resource of resources) {
    const count = resource === DRIVER ? draCount(cluster, node) : pluginCount(cluster, node, resource);
    if (count.allocatable !== 0 || count.requested !== 0) counts[resource] = count;
  }
  return counts;
}

/** GPUs that pods without a node wait for. */
export function pendingOf(cluster: RawCluster, resource: string): number {
  const waiting = cluster.pods.filter((pod) => pod.node === undefined && !ended(pod));
  if (resource !== DRIVER) return waiting.reduce((sum, pod) => sum + mostAtOnce(pod, resource), 0);
  return cluster.claims
    .filter((claim) => waiting.some((pod) => pod.claims.includes(claim.name)))
    .reduce((sum, claim) => sum + (claim.results.length > 0 ? 0 : claim.wanted), 0);
}

/** Places pods of a size one by one, wherever one still fits, until none does. */
export function placeOneByOne(free: readonly (readonly number[])[], size: number): number {
  const left = free.map((counts) => [...counts]);
  for (let placed = 0; ; placed += 1) {
    const room = left
      .flatMap((counts) => counts.map((count, place) => ({ counts, place, count })))
      .find(({ count }) => count >= size);
    if (!room) return placed;
    room.counts[room.place] = room.count - size;
  }
}
