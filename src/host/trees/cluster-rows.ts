import type { GpuHolder, GpuNode, GpuReport, InventorySnapshot, PodView } from '../../inventory/types.ts';
import { formatNumber, plural } from '../../protocol/format.ts';
import { BUSY, ERROR, GOOD, MUTED, plainText, WARNING, type Row } from './row.ts';

/** The topology labels by which nodes are grouped, the most telling one first. */
const GROUPINGS = ['leafgroup', 'superpod', 'rack', 'block', 'zone'];

/** Groups of nodes that share a network leaf (or what the cluster labels), and the pods that wait for GPUs. */
export function clusterRows(report: GpuReport, snapshot: InventorySnapshot, owner: string): readonly Row[] {
  const grouping = GROUPINGS.find((name) => report.nodes.some((node) => node.topology[name] !== undefined));
  const groups = Map.groupBy(report.nodes, (node) => groupLabel(node, grouping));
  const rows = groups
    .entries()
    .map(([label, nodes]) => groupRow(label, nodes, snapshot, owner))
    .toArray()
    .sort((a, b) => collate(a.label, b.label));
  const pending = pendingRow(snapshot);
  return pending ? [...rows, pending] : rows;
}

function groupLabel(node: GpuNode, grouping: string | undefined): string {
  if (node.product === null && Object.keys(node.resources).length === 0) return 'no GPUs';
  const place = grouping === undefined ? undefined : `${grouping} ${node.topology[grouping] ?? 'unknown'}`;
  return [node.product ?? 'GPU', place].filter((part) => part !== undefined).join(' · ');
}

function groupRow(label: string, nodes: readonly GpuNode[], snapshot: InventorySnapshot, owner: string): Row {
  const usable = nodes.filter(isUsable);
  const free = sum(usable.map(freeOf));
  const all = sum(nodes.map(allocatableOf));
  const withGpus = all > 0;
  return {
    id: `group/${label}`,
    label,
    description: withGpus ? `${free} of ${all} free` : plural(nodes.length, 'node'),
    tooltip: withGpus
      ? `**${plainText(label)}**: ${plural(nodes.length, 'node')}, ${all} GPUs.\n\n${free} free: allocatable minus what pods that have not ended request, on nodes that are ready and not cordoned.`
      : `${plural(nodes.length, 'node')} without a GPU resource.`,
    expand: withGpus ? 'expanded' : 'collapsed',
    icon: { id: 'layers' },
    context: 'group',
    children: nodes.toSorted((a, b) => collate(a.name, b.name)).map((node) => nodeRow(node, snapshot, owner)),
  };
}

function nodeRow(node: GpuNode, snapshot: InventorySnapshot, owner: string): Row {
  const children = node.holders.toSorted((a, b) => collate(a.pod, b.pod)).map((holder) => holderRow(node, holder, snapshot, owner));
  return {
    id: `node/${node.name}`,
    label: node.name,
    description: nodeState(node, owner),
    tooltip: nodeTooltip(node),
    icon: nodeIcon(node),
    context: 'node',
    target: { kind: 'node', name: node.name },
    children,
    ...(children.length > 0 ? { expand: 'collapsed' as const } : {}),
  };
}

function nodeState(node: GpuNode, owner: string): string {
  const all = allocatableOf(node);
  if (!node.ready) return all > 0 ? `not ready · ${all} GPUs` : 'not ready';
  if (!node.schedulable) return all > 0 ? `cordoned · ${freeOf(node)} idle` : 'cordoned';
  if (all === 0) return 'no GPU';
  const byOwner = Map.groupBy(node.holders, (holder) => holder.owner);
  const holders = byOwner
    .entries()
    .map(([name, held]) => `${name === owner ? `${name} (you)` : name} ${sum(held.map((holder) => holder.count))}`)
    .toArray();
  return [`${freeOf(node)} free`, ...holders].join(' · ');
}

function nodeTooltip(node: GpuNode): string {
  const counts = Object.entries(node.resources).map(
    ([resource, count]) => `- \`${resource}\`: ${count.allocatable} allocatable, ${count.requested} requested by pods that have not ended, ${count.free} free`,
  );
  const places = Object.entries(node.topology).map(([name, value]) => `- ${plainText(name)}: ${plainText(value)}`);
  const state = node.ready ? (node.schedulable ? 'ready' : 'cordoned: takes no new pods') : 'not ready';
  return [`**${plainText(node.name)}** ${plainText(node.product ?? '')}`, state, counts.join('\n'), places.join('\n')].filter((part) => part !== '').join('\n\n');
}

function nodeIcon(node: GpuNode): NonNullable<Row['icon']> {
  if (!node.ready) return { id: 'error', color: ERROR };
  if (!node.schedulable) return { id: 'warning', color: WARNING };
  if (allocatableOf(node) === 0) return { id: 'server', color: MUTED };
  return { id: 'server', color: freeOf(node) > 0 ? GOOD : BUSY };
}

function holderRow(node: GpuNode, holder: GpuHolder, snapshot: InventorySnapshot, owner: string): Row {
  const pod = snapshot.pods.get(`${holder.namespace}/${holder.pod}`);
  const mine = holder.owner === owner;
  return {
    id: `node/${node.name}/${holder.namespace}/${holder.pod}`,
    label: holder.pod,
    description: [plural(holder.count, 'GPU'), mine ? 'you' : holder.owner, pod?.reason].filter((part) => part !== undefined).join(' · '),
    tooltip: `**${plainText(holder.namespace)}/${plainText(holder.pod)}** requests ${plural(holder.count, 'GPU')}.\n\nOwner: ${plainText(holder.owner)}`,
    icon: { id: mine ? 'account' : 'package' },
    context: 'pod',
    target: { kind: 'pod', namespace: holder.namespace, name: holder.pod },
  };
}

function pendingRow(snapshot: InventorySnapshot): Row | undefined {
  const waiting = snapshot.pods
    .values()
    .filter((pod) => pod.phase === 'Pending' && pod.node === undefined && gpusOf(pod) > 0)
    .toArray();
  if (waiting.length === 0) return undefined;
  const wanted = sum(waiting.map(gpusOf));
  return {
    id: 'pending',
    label: 'Pending',
    description: `${plural(waiting.length, 'pod')} ${waiting.length === 1 ? 'wants' : 'want'} ${plural(wanted, 'GPU')}`,
    tooltip: 'Pods that no node has room for. The reason is the one that the scheduler gives.',
    expand: 'expanded',
    icon: { id: 'watch', color: WARNING },
    context: 'group',
    children: waiting
      .toSorted((a, b) => collate(a.key, b.key))
      .map((pod) => ({
        id: `pending/${pod.key}`,
        label: pod.name,
        description: [plural(gpusOf(pod), 'GPU'), pod.reason].filter((part) => part !== undefined).join(' · '),
        tooltip: `**${plainText(pod.key)}**\n\n${plainText(pod.reason ?? 'The scheduler has not said why yet.')}`,
        icon: { id: 'circle-outline', color: WARNING },
        context: 'pod',
        target: { kind: 'pod' as const, namespace: pod.namespace, name: pod.name },
      })),
  };
}

function isUsable(node: GpuNode): boolean {
  return node.ready && node.schedulable;
}

function freeOf(node: GpuNode): number {
  return sum(Object.values(node.resources).map((count) => count.free));
}

function allocatableOf(node: GpuNode): number {
  return sum(Object.values(node.resources).map((count) => count.allocatable));
}

function gpusOf(pod: PodView): number {
  return sum(Object.values(pod.gpus));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function collate(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** `24/32 GPUs free`, for the view's description: what a new pod could get, of all that the nodes have. */
export function gpuHeadline(report: GpuReport): string {
  const all = sum(report.nodes.map(allocatableOf));
  return all === 0 ? 'no GPUs' : `${formatNumber(sum(report.nodes.filter(isUsable).map(freeOf)))}/${formatNumber(all)} GPUs free`;
}
