import { labels } from '../base/labels.ts';
import { collate } from './collate.ts';
import { topController } from './identity.ts';
import { topologyOf } from './topology.ts';
import type { GpuCount, GpuHolder, GpuNode, GpuReport, InventorySnapshot, NodeView, PodView, Warning } from './types.ts';

type Counts = Readonly<Record<string, number>>;

/** Who holds which GPUs, and what a new pod could get. */
export function gpuReport(snapshot: InventorySnapshot): GpuReport {
  const holding = snapshot.pods.values().filter((pod) => !hasEnded(pod) && Object.keys(pod.gpus).length > 0).toArray();
  const byNode = Map.groupBy(holding.filter((pod) => pod.node !== undefined), (pod) => pod.node ?? '');
  const known = snapshot.nodes.values().map((node) => gpuNode(node, byNode.get(node.name) ?? [])).toArray();
  const unknown = [...byNode].filter(([name]) => !snapshot.nodes.has(name)).map(([name, pods]) => nodeKnownByPods(name, pods));
  const nodes = [...known, ...unknown].sort((a, b) => collate(a.name, b.name));
  return {
    nodes,
    totals: totalsOf(known, holding.filter((pod) => pod.node === undefined)),
    warnings: warningsOf(snapshot, known, unknown),
  };
}

/** Pods that have ended give their GPUs back; a pod being deleted holds them until it is gone. */
function hasEnded(pod: PodView): boolean {
  return pod.phase === 'Succeeded' || pod.phase === 'Failed';
}

function gpuNode(node: NodeView, pods: readonly PodView[]): GpuNode {
  const requested = sumOf(pods.map((pod) => pod.gpus));
  const names = new Set([...Object.keys(node.allocatable), ...Object.keys(requested)]);
  const resources: Record<string, GpuCount> = {};
  for (const name of [...names].sort()) {
    const count = countOf(node.allocatable[name] ?? 0, requested[name] ?? 0);
    // A node cut into MIG slices advertises no whole GPU: a zero that only confuses.
    if (count.allocatable > 0 || count.requested > 0) resources[name] = count;
  }
  return {
    name: node.name,
    ready: node.ready,
    schedulable: node.schedulable,
    product: node.product ?? null,
    resources,
    topology: topologyOf(node.labels),
    holders: holdersOf(pods),
  };
}

/** Without permission to list nodes, a node is what its pods say: what they hold is known, what is free is not. */
function nodeKnownByPods(name: string, pods: readonly PodView[]): GpuNode {
  const requested = sumOf(pods.map((pod) => pod.gpus));
  return {
    name,
    ready: true,
    schedulable: true,
    product: null,
    resources: Object.fromEntries(Object.entries(requested).map(([resource, count]) => [resource, countOf(count, count)])),
    topology: {},
    holders: holdersOf(pods),
  };
}

function countOf(allocatable: number, requested: number): GpuCount {
  return { allocatable, requested, free: Math.max(0, allocatable - requested) };
}

function holdersOf(pods: readonly PodView[]): readonly GpuHolder[] {
  return pods
    .map((pod) => ({ namespace: pod.namespace, pod: pod.name, owner: holderName(pod), count: Object.values(pod.gpus).reduce((a, b) => a + b, 0) }))
    .sort((a, b) => collate(a.namespace, b.namespace) || collate(a.pod, b.pod));
}

function holderName(pod: PodView): string {
  return pod.labels[labels.owner] ?? topController(pod).name;
}

type Totals = Record<string, { allocatable: number; requested: number; free: number; unusable: number; pending: number }>;

function totalsOf(nodes: readonly GpuNode[], waiting: readonly PodView[]): GpuReport['totals'] {
  const totals: Totals = {};
  const of = (resource: string): Totals[string] => (totals[resource] ??= { allocatable: 0, requested: 0, free: 0, unusable: 0, pending: 0 });
  for (const node of nodes) {
    for (const [resource, count] of Object.entries(node.resources)) {
      const total = of(resource);
      if (!node.ready || !node.schedulable) {
        total.unusable += count.allocatable;
        continue;
      }
      total.allocatable += count.allocatable;
      total.requested += count.requested;
      total.free += count.free;
    }
  }
  for (const pod of waiting) for (const [resource, count] of Object.entries(pod.gpus)) of(resource).pending += count;
  return totals;
}

function sumOf(all: readonly Counts[]): Counts {
  const total: Record<string, number> = {};
  for (const counts of all) for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  return total;
}

function warningsOf(snapshot: InventorySnapshot, known: readonly GpuNode[], unknown: readonly GpuNode[]): readonly Warning[] {
  const warnings: Warning[] = [];
  const where = `context "${snapshot.cluster.context}"`;
  const warn = (code: string, names: readonly string[], text: (list: string) => string): void => {
    if (names.length > 0) warnings.push({ code, message: text(names.join(', ')) });
  };
  if (snapshot.states.nodes.kind === 'denied') {
    warnings.push({ code: 'nodes-denied', message: `no permission to list nodes in ${where}: only nodes with visible pods are shown, and free GPUs are unknown` });
  } else {
    warn('nodes-unknown', unknown.map((node) => node.name), (list) => `pods name nodes that are not in the list of nodes (${list}); their GPUs are not in the totals`);
  }
  if (snapshot.states.pods.kind === 'denied') {
    warnings.push({ code: 'pods-denied', message: `no permission to list pods in ${where}: requested GPUs are unknown, so free ones are too many` });
  } else if (snapshot.podScope === 'namespace') {
    warnings.push({ code: 'pods-of-one-namespace', message: `no permission to list pods of all namespaces in ${where}: only those of namespace "${snapshot.cluster.namespace}" are counted, so free GPUs may be too many` });
  }
  for (const kind of ['nodes', 'pods'] as const) {
    const state = snapshot.states[kind];
    if (state.kind === 'stale') warnings.push({ code: `${kind}-stale`, message: `${kind} are as of ${new Date(state.since).toISOString()}: ${state.error.message}` });
  }
  const views = [...snapshot.nodes.values()];
  warn('time-slicing', views.filter(isTimeSliced).map((node) => node.name), (list) => `GPUs are time-sliced on ${list}: their counts are shares, not devices`);
  warn('no-device-plugin', views.filter(lacksDevices).map((node) => node.name), (list) => `${list} ${list.includes(',') ? 'have' : 'has'} GPUs by label but offer${list.includes(',') ? '' : 's'} none: the device plugin may be down`);
  warn('over-requested', known.filter(isOverRequested).map((node) => node.name), (list) => `pods request more GPUs than ${list} offer${list.includes(',') ? '' : 's'}: devices may have failed`);
  return warnings;
}

function isTimeSliced(node: NodeView): boolean {
  return Number(node.labels['nvidia.com/gpu.replicas'] ?? '1') > 1;
}

function lacksDevices(node: NodeView): boolean {
  return node.product !== undefined && Object.values(node.allocatable).every((count) => count === 0);
}

function isOverRequested(node: GpuNode): boolean {
  return Object.values(node.resources).some((count) => count.requested > count.allocatable);
}
