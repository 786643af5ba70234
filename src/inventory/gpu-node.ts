import { isDeepStrictEqual } from 'node:util';
import { labels } from '../base/labels.ts';
import { collate } from './collate.ts';
import { addTo, sumOf, type Counts } from './counts.ts';
import type { DeviceIndex, DeviceUnit, NodeOffer } from './dra/devices.ts';
import { holdingsOf, unitsOf, type Holding } from './dra/holding.ts';
import type { ClaimView } from './dra/types.ts';
import { topController } from './identity.ts';
import { pluginResources } from '../kube/model/gpu.ts';
import { blockingTaints } from './taints.ts';
import { topologyOf } from './topology.ts';
import type { GpuCount, GpuHolder, GpuNode, NodeView, PodView } from './types.ts';

/** All that a node's account is made of. */
export interface NodeInputs {
  readonly name: string;
  /** Undefined for a node that is known by its pods alone. */
  readonly view: NodeView | undefined;
  /** Its pods that have not ended and hold GPUs or use claims. */
  readonly pods: readonly PodView[];
  /** The claims that hold GPUs of it. */
  readonly claims: readonly ClaimView[];
  readonly offer: NodeOffer | undefined;
  readonly index: DeviceIndex | undefined;
}

/** A node's account, with what of it is not told in the JSON. */
export interface NodeAccount {
  readonly inputs: NodeInputs;
  readonly node: GpuNode;
  /** Claims that hold GPUs for no pod. */
  readonly idleClaims: readonly string[];
  /** Whether a device plugin and a DRA driver offer the same devices. */
  readonly offeredTwice: boolean;
}

/** Who holds which GPUs of one node. */
function accountOf(inputs: NodeInputs): NodeAccount {
  const { view, pods, claims, offer, index } = inputs;
  const holdings = index ? holdingsOf(claims, pods, index) : [];
  const requested: Record<string, number> = {};
  for (const pod of pods) addTo(requested, requestedOf(pod, claims));
  const offered: Record<string, number> = view ? { ...view.allocatable } : { ...requested };
  // Of a node that may not be listed nothing is called free: whether it takes pods at all is not known.
  const units = index ? unitsOf(view && offer, claims, index) : new Set<DeviceUnit>();
  const offeredTwice = mergeDevices(offered, requested, units, holdings, view);
  return {
    inputs,
    node: {
      name: inputs.name,
      ready: view?.ready ?? true,
      schedulable: view === undefined || (view.schedulable && blockingTaints(view).length === 0),
      product: view?.product ?? offer?.product ?? null,
      resources: countsOf(offered, requested),
      topology: view ? topologyOf(view.labels) : {},
      holders: holdersOf(pods, claims, holdings),
    },
    idleClaims: holdings.filter(({ users }) => users.length === 0).map(({ claim }) => claim.key),
    offeredTwice,
  };
}

/** What a pod requests of device plugins: a request that a claim of the scheduler meets is counted with the claims. */
function requestedOf(pod: PodView, claims: readonly ClaimView[]): Counts {
  const extended = pod.extendedClaim;
  if (!extended || !claims.some((claim) => claim.namespace === pod.namespace && claim.name === extended.claim))
    return pod.gpus;
  return Object.fromEntries(Object.entries(pod.gpus).filter(([resource]) => !extended.resources.includes(resource)));
}

/**
 * Adds what DRA offers and its claims hold. Where a device plugin offers the same devices, those that claims hold are counted with the
 * driver and the rest with the plugin, so that each device is counted once.
 */
function mergeDevices(
  offered: Record<string, number>,
  requested: Record<string, number>,
  units: ReadonlySet<DeviceUnit>,
  holdings: readonly Holding[],
  view: NodeView | undefined,
): boolean {
  for (const { counts } of holdings) addTo(requested, counts);
  let twice = false;
  for (const [resource, { length }] of Map.groupBy(units, (unit) => unit.resource)) {
    const plugin = pluginResources(resource).find((name) => (view?.allocatable[name] ?? 0) > 0);
    const byPlugin = plugin === undefined ? 0 : (view?.allocatable[plugin] ?? 0);
    const held = requested[resource] ?? 0;
    if (plugin === undefined || byPlugin + length <= devicesByLabel(view)) {
      offered[resource] = length;
      continue;
    }
    twice = true;
    offered[resource] = held;
    offered[plugin] = Math.max(byPlugin, length) - held;
  }
  return twice;
}

/** How many GPUs are in the machine, where a label says so. */
function devicesByLabel(view: NodeView | undefined): number {
  return Number(view?.labels['nvidia.com/gpu.count'] ?? 0);
}

function countsOf(offered: Counts, requested: Counts): GpuNode['resources'] {
  const resources: Record<string, GpuCount> = {};
  for (const name of [...new Set([...Object.keys(offered), ...Object.keys(requested)])].sort()) {
    const allocatable = offered[name] ?? 0;
    const count = {
      allocatable,
      requested: requested[name] ?? 0,
      free: Math.max(0, allocatable - (requested[name] ?? 0)),
    };
    // A node cut into MIG slices advertises no whole GPU: a zero that only confuses.
    if (count.allocatable > 0 || count.requested > 0) resources[name] = count;
  }
  return resources;
}

/** Pods with what they hold; those that only share a claim whose GPUs are counted with another pod hold 0. */
function holdersOf(
  pods: readonly PodView[],
  claims: readonly ClaimView[],
  holdings: readonly Holding[],
): readonly GpuHolder[] {
  const holders = new Map<string, GpuHolder>();
  const add = (namespace: string, pod: string, owner: string, count: number): void => {
    const key = `${namespace}/${pod}`;
    holders.set(key, { namespace, pod, owner, count: (holders.get(key)?.count ?? 0) + count });
  };
  for (const pod of pods) {
    const count = sumOf(requestedOf(pod, claims));
    if (count > 0) add(pod.namespace, pod.name, ownerOf(pod), count);
  }
  for (const { counts, users } of holdings) {
    const held = sumOf(counts);
    users.forEach(({ namespace, name, view }, place) =>
      add(namespace, name, view ? ownerOf(view) : name, place === 0 ? held : 0),
    );
  }
  return [...holders.values()].sort((a, b) => collate(a.namespace, b.namespace) || collate(a.pod, b.pod));
}

/** The person or stack that a pod belongs to. */
function ownerOf(pod: PodView): string {
  return pod.labels[labels.owner] ?? topController(pod).name;
}

/** The account of before where nothing that it tells has changed, so that whoever shows it can tell by identity. */
export function accountAfter(
  before: NodeAccount | undefined,
  name: string,
  view: NodeView | undefined,
  pods: readonly PodView[],
  claims: readonly ClaimView[],
  index: DeviceIndex | undefined,
): NodeAccount {
  const offer = index?.offerOf(name);
  const known = before?.inputs;
  // A claim's devices may be in a slice that is no node's offer.
  const sameDevices = known?.offer === offer && (claims.length === 0 || known?.index === index);
  if (known && known.view === view && sameDevices && sameItems(known.pods, pods) && sameItems(known.claims, claims))
    return before;
  const account = accountOf({ name, view, pods, claims, offer, index });
  return before && isDeepStrictEqual(before.node, account.node) ? { ...account, node: before.node } : account;
}

function sameItems<T>(before: readonly T[], after: readonly T[]): boolean {
  return before === after || (before.length === after.length && before.every((item, place) => item === after[place]));
}
