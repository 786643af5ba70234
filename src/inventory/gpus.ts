import { collate } from './collate.ts';
import { claimsByNode, indexOf } from './dra/holding.ts';
import { accountAfter, type NodeAccount } from './gpu-node.ts';
import { gpuPodsByNode, NO_NODE } from './gpu-pods.ts';
import { waitingPods, type WaitingPod } from './gpu-waiting.ts';
import { warningsOf } from './gpu-warnings.ts';
import type { ClusterRef } from '../kube/types.ts';
import type { GpuNode, GpuReport, InventorySnapshot } from './types.ts';

const NONE: readonly never[] = [];

/** What is remembered of a cluster's last report, so that a change costs what it changes. All lists are in the order of the nodes' names. */
interface Remembered {
  readonly names: readonly string[];
  readonly accounts: readonly NodeAccount[];
  readonly nodes: readonly GpuNode[];
}

const remembered = new WeakMap<ClusterRef, Remembered>();
const reports = new WeakMap<InventorySnapshot, GpuReport>();

/**
 * Who holds which GPUs, and what a new pod could get. A function of the snapshot alone; between snapshots of one cluster, nodes for
 * which nothing changed are the same objects, their list is the same one if none changed, and for one snapshot the report is.
 */
export function gpuReport(snapshot: InventorySnapshot): GpuReport {
  const known = reports.get(snapshot);
  if (known) return known;
  const made = makeReport(snapshot);
  reports.set(snapshot, made);
  return made;
}

function makeReport(snapshot: InventorySnapshot): GpuReport {
  const before = remembered.get(snapshot.cluster);
  const { dra } = snapshot;
  const index = dra && indexOf(dra);
  const pods = gpuPodsByNode(snapshot);
  const claims = dra ? claimsByNode(dra, snapshot.pods) : new Map<string, never>();
  const names = namesOf(snapshot, pods, claims, before?.names);
  const places = names === before?.names ? undefined : new Map(before?.names.map((name, place) => [name, place]));
  const accounts = names.map((name, place) => {
    const old = before?.accounts[places ? (places.get(name) ?? -1) : place];
    return accountAfter(old, name, snapshot.nodes.get(name), pods.get(name) ?? NONE, claims.get(name) ?? NONE, index);
  });
  const same =
    before?.nodes.length === accounts.length && accounts.every(({ node }, place) => node === before.nodes[place]);
  const nodes = same ? before.nodes : accounts.map(({ node }) => node);
  remembered.set(snapshot.cluster, { names, accounts, nodes });
  return { nodes, totals: totalsOf(accounts, waitingPods(snapshot)), warnings: warningsOf(snapshot, accounts) };
}

/** The nodes of the list, and those that only pods or claims tell of. Sorting a thousand names costs more than all else; they are seldom other ones than before. */
function namesOf(
  { nodes }: InventorySnapshot,
  pods: ReadonlyMap<string, unknown>,
  claims: ReadonlyMap<string, unknown>,
  before: readonly string[] = NONE,
): readonly string[] {
  const unlisted = new Set<string>();
  for (const some of [pods.keys(), claims.keys()])
    for (const name of some) if (name !== NO_NODE && !nodes.has(name)) unlisted.add(name);
  const known =
    nodes.size + unlisted.size === before.length && before.every((name) => nodes.has(name) || unlisted.has(name));
  return known ? before : [...nodes.keys(), ...unlisted].sort(collate);
}

type Total = { -readonly [Field in keyof GpuReport['totals'][string]]: number };

function totalsOf(accounts: readonly NodeAccount[], waiting: readonly WaitingPod[]): GpuReport['totals'] {
  const totals: Record<string, Total> = {};
  const of = (resource: string): Total =>
    (totals[resource] ??= { allocatable: 0, requested: 0, free: 0, unusable: 0, tainted: 0, pending: 0 });
  for (const { node, inputs } of accounts) {
    // What a node that is not listed has free is not known, so nothing of it is counted.
    if (!inputs.view) continue;
    // No list of entries: this is done for each node at each change.
    for (const resource in node.resources) {
      const count = node.resources[resource];
      if (!count) continue;
      const total = of(resource);
      if (node.ready && node.schedulable) {
        total.allocatable += count.allocatable;
        total.requested += count.requested;
        total.free += count.free;
      } else {
        total.unusable += count.allocatable;
        if (node.ready && inputs.view.schedulable) total.tainted += count.free;
      }
    }
  }
  for (const { wants } of waiting) for (const [resource, count] of Object.entries(wants)) of(resource).pending += count;
  return totals;
}
