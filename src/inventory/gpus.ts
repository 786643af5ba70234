import { collate } from './collate.ts';
import { claimsByNode, indexOf } from './dra/holding.ts';
import { accountAfter, type NodeAccount } from './gpu-node.ts';
import { gpuPodsByNode, NO_NODE } from './gpu-pods.ts';
import { waitingPods, type WaitingPod } from './gpu-waiting.ts';
import { warningsOf } from './gpu-warnings.ts';
import type { ClusterRef } from '../kube/types.ts';
import type { GpuNode, GpuReport, InventorySnapshot } from './types.ts';

const NONE: readonly never[] = [];

/** What is remembered of a cluster's last report, so that a change costs what it changes. */
interface Remembered {
  /** In the order of the nodes' names. */
  readonly accounts: ReadonlyMap<string, NodeAccount>;
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
  const names = namesOf(snapshot, pods, claims, before?.accounts);
  const accounts = new Map<string, NodeAccount>();
  for (const name of names) {
    const inputs = { name, view: snapshot.nodes.get(name), pods: pods.get(name) ?? NONE, claims: claims.get(name) ?? NONE, offer: index?.offerOf(name), index };
    accounts.set(name, accountAfter(before?.accounts.get(name), inputs));
  }
  const all = [...accounts.values()];
  const same = before?.nodes.length === all.length && all.every(({ node }, place) => node === before.nodes[place]);
  const nodes = same ? before.nodes : all.map(({ node }) => node);
  remembered.set(snapshot.cluster, { accounts, nodes });
  return { nodes, totals: totalsOf(all, waitingPods(snapshot)), warnings: warningsOf(snapshot, all) };
}

/** The nodes of the list, and those that only pods or claims tell of. Sorting a thousand names costs more than all else; they are seldom other ones than before. */
function namesOf({ nodes }: InventorySnapshot, pods: ReadonlyMap<string, unknown>, claims: ReadonlyMap<string, unknown>, before: ReadonlyMap<string, unknown> = new Map()): Iterable<string> {
  const unlisted = new Set([...pods.keys(), ...claims.keys()].filter((name) => name !== NO_NODE && !nodes.has(name)));
  let known = nodes.size + unlisted.size === before.size;
  for (const name of before.keys()) known &&= nodes.has(name) || unlisted.has(name);
  return known ? before.keys() : [...nodes.values().map(({ name }) => name), ...unlisted].sort(collate);
}

type Total = { -readonly [Field in keyof GpuReport['totals'][string]]: number };

function totalsOf(accounts: readonly NodeAccount[], waiting: readonly WaitingPod[]): GpuReport['totals'] {
  const totals: Record<string, Total> = {};
  const of = (resource: string): Total => (totals[resource] ??= { allocatable: 0, requested: 0, free: 0, unusable: 0, tainted: 0, pending: 0 });
  for (const { node, inputs } of accounts) {
    // What a node that is not listed has free is not known, so nothing of it is counted.
    if (!inputs.view) continue;
    for (const [resource, count] of Object.entries(node.resources)) {
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
