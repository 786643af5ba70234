import { isDeepStrictEqual } from 'node:util';
import { collate } from '../../inventory/collate.ts';
import { gpuUnit, isGpuResource } from '../../kube/model/gpu.ts';
import { hasGpus } from '../../inventory/places.ts';
import { blockingTaints } from '../../inventory/taints.ts';
import type { GpuCount, GpuHolder, GpuNode, InventorySnapshot, NodeView, PodView } from '../../inventory/types.ts';
import { formatNumber } from '../../protocol/format.ts';
import { allOf, heldText, idleOf, tallies, type Tally } from './gpu-words.ts';
import { BUSY, codeText, ERROR, GOOD, lazyChildren, MUTED, plainText, WARNING, type Row } from './row.ts';

interface Kept {
  readonly view: NodeView | undefined;
  readonly owner: string;
  /** Of the node's holders, in their order. */
  readonly keys: readonly string[];
  readonly pods: readonly (PodView | undefined)[];
  readonly row: Row;
}

const kept = new WeakMap<GpuNode, Kept>();

/** A node with the pods that hold its GPUs. The same row as before, as an object, where nothing that it shows has changed. */
export function nodeRow(node: GpuNode, snapshot: InventorySnapshot, owner: string): Row {
  const view = snapshot.nodes.get(node.name);
  const before = kept.get(node);
  if (
    before &&
    before.view === view &&
    before.owner === owner &&
    before.keys.every((key, place) => looksLike(before.pods[place], snapshot.pods.get(key)))
  )
    return before.row;
  const keys = node.holders.map((holder) => `${holder.namespace}/${holder.pod}`);
  const pods = keys.map((key) => snapshot.pods.get(key));
  const row = makeRow(node, view, owner, pods);
  kept.set(node, { view, owner, keys, pods, row });
  return row;
}

/** As far as a holder's row shows it. */
function looksLike(before: PodView | undefined, after: PodView | undefined): boolean {
  return (
    before === after ||
    (before !== undefined &&
      after !== undefined &&
      before.reason === after.reason &&
      isDeepStrictEqual(before.gpus, after.gpus))
  );
}

function makeRow(
  node: GpuNode,
  view: NodeView | undefined,
  owner: string,
  pods: readonly (PodView | undefined)[],
): Row {
  const counted = tallies([node], new Map(view ? [[node.name, view]] : []));
  const row: Row = {
    id: `node/${node.name}`,
    label: node.name,
    description: [stateText(node, view, counted), ...holderTexts(node, owner)].join(' · '),
    tooltip: nodeTooltip(node, view),
    icon: nodeIcon(node, view, counted),
    context: 'node',
    target: { kind: 'node', name: node.name },
  };
  if (node.holders.length === 0) return row;
  return lazyChildren({ ...row, expand: 'collapsed' }, () =>
    node.holders
      .map((holder, place) => ({
        holder,
        pod: pods[place],
        held: heldText(holder.count, pods[place]?.gpus, view, counted),
      }))
      .sort((a, b) => collate(a.holder.pod, b.holder.pod))
      .map(({ holder, pod, held }) => holderRow(node, holder, held, pod?.reason, owner)),
  );
}

/** Why no ordinary pod can be placed on it, in a word; undefined for a node that takes pods. */
export function obstacle(node: GpuNode, view: NodeView | undefined): 'not ready' | 'cordoned' | 'tainted' | undefined {
  if (!node.ready) return 'not ready';
  if (node.schedulable) return undefined;
  return view?.schedulable === false ? 'cordoned' : 'tainted';
}

function stateText(node: GpuNode, view: NodeView | undefined, counted: readonly Tally[]): string {
  const inTheWay = obstacle(node, view);
  if (counted.every(({ all }) => all === 0)) return inTheWay ?? (hasGpus(node) ? 'offers no GPU' : 'no GPU');
  switch (inTheWay) {
    case 'not ready':
      return `not ready · ${allOf(counted)}`;
    case 'cordoned':
      return `cordoned · ${idleOf(counted)} idle`;
    case 'tainted':
      return `tainted: ${blockingTaints(view ?? { taints: [] })
        .map(({ key }) => shortKey(key))
        .join(', ')} · ${idleOf(counted)} idle`;
    case undefined:
      return view ? `${idleOf(counted)} free` : 'free unknown';
  }
}

function shortKey(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

function holderTexts(node: GpuNode, owner: string): readonly string[] {
  const held = new Map<string, number>();
  for (const holder of node.holders)
    if (holder.count > 0) held.set(holder.owner, (held.get(holder.owner) ?? 0) + holder.count);
  return held
    .entries()
    .map(([name, count]) => `${name === owner ? `${name} (you)` : name} ${formatNumber(count)}`)
    .toArray();
}

function nodeIcon(node: GpuNode, view: NodeView | undefined, counted: readonly Tally[]): NonNullable<Row['icon']> {
  switch (obstacle(node, view)) {
    case 'not ready':
      return { id: 'error', color: ERROR };
    case 'cordoned':
      return { id: 'warning', color: WARNING };
    case 'tainted':
      return { id: 'shield', color: WARNING };
    case undefined:
      return { id: 'server', color: counted.length === 0 ? MUTED : counted.some(({ idle }) => idle > 0) ? GOOD : BUSY };
  }
}

function nodeTooltip(node: GpuNode, view: NodeView | undefined): string {
  const places = Object.entries(node.topology).map(([name, value]) => `- ${plainText(name)}: ${plainText(value)}`);
  const counts = Object.entries(node.resources).map(([resource, count]) => countText(resource, count, view));
  return [
    `**${plainText(node.name)}** ${plainText(node.product ?? '')}`,
    stateSentence(node, view),
    counts.join('\n'),
    places.join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function countText(resource: string, count: GpuCount, view: NodeView | undefined): string {
  const { noun, kind } = gpuUnit(resource, view?.labels);
  const one =
    kind === 'share'
      ? `, each a share of a GPU that several pods use (${noun})`
      : kind === 'partition'
        ? `, each a part of a GPU (${noun})`
        : '';
  const held = isGpuResource(resource)
    ? 'requested by pods that are bound here and have not ended, init containers and sidecars included'
    : 'held by resource claims, a shared claim once';
  if (!view)
    return `- ${codeText(resource)}: ${formatNumber(count.requested)} ${held}; what is free is unknown, since nodes may not be listed`;
  return `- ${codeText(resource)}: ${formatNumber(count.allocatable)} that the node offers${one}; ${formatNumber(count.requested)} ${held}; ${formatNumber(count.free)} left`;
}

function stateSentence(node: GpuNode, view: NodeView | undefined): string {
  switch (obstacle(node, view)) {
    case 'not ready':
      return 'Not ready: its GPUs are not counted as free.';
    case 'cordoned':
      return 'Cordoned: it takes no new pods, so its GPUs are not counted as free.';
    case 'tainted':
      return `Tainted: only pods that tolerate ${blockingTaints(view ?? { taints: [] })
        .map(taintText)
        .join(' and ')} are placed here, so its GPUs are not counted as free.`;
    case undefined:
      return 'Ready.';
  }
}

function taintText({ key, value, effect }: NodeView['taints'][number]): string {
  return codeText(`${key}${value === '' ? '' : `=${value}`}:${effect}`);
}

function holderRow(node: GpuNode, holder: GpuHolder, held: string, reason: string | undefined, owner: string): Row {
  const mine = holder.owner === owner;
  const name = `**${plainText(holder.namespace)}/${plainText(holder.pod)}**`;
  const how =
    holder.count === 0
      ? `${name} uses GPUs through a resource claim that it shares; they are counted with the first pod of the claim.`
      : `${name} holds ${held}: the most that its containers request at any moment of its life, or what its resource claims hold.`;
  return {
    id: `node/${node.name}/${holder.namespace}/${holder.pod}`,
    label: holder.pod,
    description: [holder.count === 0 ? 'shares GPUs' : held, mine ? 'you' : holder.owner, reason]
      .filter((part) => part !== undefined)
      .join(' · '),
    tooltip: `${how}\n\nOwner: ${plainText(holder.owner)}`,
    icon: { id: mine ? 'account' : 'package' },
    context: 'pod',
    target: { kind: 'pod', namespace: holder.namespace, name: holder.pod },
  };
}
