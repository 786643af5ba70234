import { collate } from './collate.ts';
import { claimsByNode, indexOf } from './dra/holding.ts';
import { accountAfter, type NodeAccount, type NodeInputs } from './gpu-node.ts';
import { warningsOf } from './gpu-warnings.ts';
import { concernsGpus, hasEnded, waitingPods, type WaitingPod } from './gpu-waiting.ts';
import type { ClusterRef } from '../kube/types.ts';
import type { GpuReport, InventorySnapshot, NodeView, PodView } from './types.ts';

/** What is remembered of a cluster's last report, so that a change costs what it changes. */
interface Remembered {
  accounts: ReadonlyMap<string, NodeAccount>;
  order: readonly string[];
}

const remembered = new WeakMap<ClusterRef, Remembered>();
const reports = new WeakMap<InventorySnapshot, GpuReport>();

/**
 * Who holds which GPUs, and what a new pod could get. A function of the snapshot alone; between snapshots of one cluster, nodes for
 * which nothing changed are the same objects, and for one snapshot the report is.
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
  const inputs = inputsOf(snapshot);
  const order = orderOf([...inputs.keys()], before?.order);
  const accounts = new Map<string, NodeAccount>();
  for (const name of order) {
    const input = inputs.get(name);
    if (input) accounts.set(name, accountAfter(before?.accounts.get(name), input));
  }
  remembered.set(snapshot.cluster, { accounts, order });
  const all = [...accounts.values()];
  return { nodes: all.map(({ node }) => node), totals: totalsOf(all, waitingPods(snapshot)), warnings: warningsOf(snapshot, all) };
}

/** The nodes of the list, and those that only pods or claims tell of. */
function inputsOf(snapshot: InventorySnapshot): ReadonlyMap<string, NodeInputs> {
  const { dra } = snapshot;
  const index = dra && indexOf(dra);
  const pods = podsByNode(snapshot);
  const claims = dra ? claimsByNode(dra, snapshot.pods) : new Map<string, never>();
  const inputs = new Map<string, NodeInputs>();
  const add = (name: string, view: NodeView | undefined): void => {
    inputs.set(name, { name, view, pods: pods.get(name) ?? [], claims: claims.get(name) ?? [], offer: index?.offerOf(name), index });
  };
  for (const view of snapshot.nodes.values()) add(view.name, view);
  for (const name of [...pods.keys(), ...claims.keys()]) if (!inputs.has(name)) add(name, undefined);
  return inputs;
}

/** Pods that hold a node's GPUs, bound or running: those that have not ended and request some, or use claims. */
function podsByNode({ pods }: InventorySnapshot): ReadonlyMap<string, readonly PodView[]> {
  const byNode = new Map<string, PodView[]>();
  for (const pod of pods.values()) {
    if (pod.node === undefined || hasEnded(pod) || !concernsGpus(pod)) continue;
    const list = byNode.get(pod.node);
    if (list) list.push(pod);
    else byNode.set(pod.node, [pod]);
  }
  return byNode;
}

/** Sorting a thousand names costs more than all else; they are seldom other ones than before. */
function orderOf(names: readonly string[], before: readonly string[] | undefined): readonly string[] {
  if (before?.length === names.length) {
    const known = new Set(before);
    if (names.every((name) => known.has(name))) return before;
  }
  return names.toSorted(collate);
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
