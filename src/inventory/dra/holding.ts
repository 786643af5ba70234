import { collate } from '../collate.ts';
import type { Counts } from '../counts.ts';
import type { PodView } from '../types.ts';
import { DeviceIndex, type DeviceUnit, type NodeOffer } from './devices.ts';
import type { ClaimView, DraSnapshot } from './types.ts';

/** A pod that uses a claim; `view` is undefined for one that may not be seen. */
export interface ClaimUser {
  readonly namespace: string;
  readonly name: string;
  readonly view: PodView | undefined;
}

/** What one claim holds that no claim before it does, and for whom. */
export interface Holding {
  readonly claim: ClaimView;
  readonly counts: Counts;
  /** The pods that use it, in a stable order. The first one is counted as the holder of it all, the others share. */
  readonly users: readonly ClaimUser[];
}

interface PlacedClaims {
  readonly byNode: ReadonlyMap<string, readonly ClaimView[]>;
  /** Their devices are in no slice. */
  readonly elsewhere: readonly ClaimView[];
}

const placements = new WeakMap<DraSnapshot, PlacedClaims>();

/** Claims that hold GPUs, by the node that the devices are on. A claim whose node cannot be told is left out. */
export function claimsByNode(
  dra: DraSnapshot,
  pods: ReadonlyMap<string, PodView>,
): ReadonlyMap<string, readonly ClaimView[]> {
  const placed = placements.get(dra) ?? placeClaims(dra);
  placements.set(dra, placed);
  if (placed.elsewhere.length === 0) return placed.byNode;
  const byNode = new Map(placed.byNode);
  for (const claim of placed.elsewhere) {
    const node = nodeOfUsers(claim, pods);
    if (node !== undefined) byNode.set(node, [...(byNode.get(node) ?? []), claim]);
  }
  return byNode;
}

function placeClaims(dra: DraSnapshot): PlacedClaims {
  const index = indexOf(dra);
  const byNode = new Map<string, ClaimView[]>();
  const elsewhere: ClaimView[] = [];
  for (const claim of dra.claims.values()) {
    if (claim.devices.length === 0) continue;
    const node = index.nodeOf(claim);
    const list = node === undefined ? elsewhere : byNode.get(node);
    if (list) list.push(claim);
    else if (node !== undefined) byNode.set(node, [claim]);
  }
  return { byNode, elsewhere };
}

/** Devices without a slice are where the pods are that use them. */
function nodeOfUsers(claim: ClaimView, pods: ReadonlyMap<string, PodView>): string | undefined {
  return claim.reservedFor
    .map(({ pod }) => pods.get(`${claim.namespace}/${pod}`)?.node)
    .find((node) => node !== undefined);
}

const indexes = new WeakMap<DraSnapshot['slices'], DeviceIndex>();

/** Slices change seldom: the index of the same ones is made once. */
export function indexOf(dra: DraSnapshot): DeviceIndex {
  const known = indexes.get(dra.slices);
  if (known) return known;
  const made = new DeviceIndex(dra.slices.values());
  indexes.set(dra.slices, made);
  return made;
}

/**
 * What the claims of one node hold. Each unit is counted once, for the first claim in the order of names that holds any of it.
 * `pods` are the node's pods that have not ended.
 */
export function holdingsOf(
  claims: readonly ClaimView[],
  pods: readonly PodView[],
  index: DeviceIndex,
): readonly Holding[] {
  const taken = new Set<DeviceUnit>();
  return claims
    .toSorted((a, b) => collate(a.key, b.key))
    .map((claim) => {
      const counts: Record<string, number> = {};
      for (const device of claim.devices) {
        for (const unit of index.unitsOf(device)) {
          if (taken.has(unit)) continue;
          taken.add(unit);
          counts[unit.resource] = (counts[unit.resource] ?? 0) + 1;
        }
      }
      return { claim, counts, users: usersOf(claim, pods) };
    });
}

/** Pods that name the claim, then pods that it is reserved for without our seeing them run. A pod recreated under its old name is another one. */
function usersOf(claim: ClaimView, pods: readonly PodView[]): readonly ClaimUser[] {
  const reserved = new Map(claim.reservedFor.map(({ pod, uid }) => [pod, uid]));
  const seen = pods.filter(
    (pod) =>
      pod.namespace === claim.namespace &&
      (reserved.has(pod.name) ? reserved.get(pod.name) === pod.uid : usesClaim(pod, claim.name)),
  );
  const names = new Set(seen.map((pod) => pod.name));
  const user = (name: string, view: PodView | undefined): ClaimUser => ({ namespace: claim.namespace, name, view });
  const byName = (a: ClaimUser, b: ClaimUser): number => collate(a.name, b.name);
  return [
    ...seen.map((pod) => user(pod.name, pod)).sort(byName),
    ...claim.reservedFor
      .filter(({ pod }) => !names.has(pod))
      .map(({ pod }) => user(pod, undefined))
      .sort(byName),
  ];
}

function usesClaim(pod: PodView, claim: string): boolean {
  return pod.claims?.includes(claim) === true || pod.extendedClaim?.claim === claim;
}

/** Units that a node has by DRA: those that can be claimed, and those that are held although they could not be claimed now. */
export function unitsOf(
  offer: NodeOffer | undefined,
  claims: readonly ClaimView[],
  index: DeviceIndex,
): ReadonlySet<DeviceUnit> {
  const units = new Set<DeviceUnit>();
  for (const unit of offer?.units ?? []) if (unit.usable) units.add(unit);
  for (const claim of claims)
    for (const device of claim.devices) for (const unit of index.unitsOf(device)) units.add(unit);
  return units;
}
