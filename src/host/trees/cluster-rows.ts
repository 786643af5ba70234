import { collate } from '../../inventory/collate.ts';
import { sumOf } from '../../inventory/counts.ts';
import { waitingPods, type WaitingPod } from '../../inventory/gpu-waiting.ts';
import { hasGpus, Places, type Place } from '../../inventory/places.ts';
import type { GpuNode, GpuReport, InventorySnapshot, NodeView } from '../../inventory/types.ts';
import { formatNumber, plural } from '../../protocol/format.ts';
import { allOf, freeOfAll, tallies, type Tally } from './gpu-words.ts';
import { nodeRow, obstacle } from './node-rows.ts';
import { codeText, lazyChildren, plainText, WARNING, type Row } from './row.ts';

/** Groups open by themselves on a cluster of up to so many nodes; on a larger one their figures are what one reads first. */
const NODES_AT_A_GLANCE = 40;

/** Nodes with GPUs by what they are and where they stand, the others, and the pods that wait for GPUs. */
export function clusterRows(
  report: GpuReport,
  snapshot: InventorySnapshot,
  owner: string,
  grouping?: string,
): readonly Row[] {
  const places = Places.of(report, snapshot);
  const level = groupingLevel(places.levels, grouping);
  const cluster = clusterSentences(places);
  const expand = report.nodes.length > NODES_AT_A_GLANCE ? 'collapsed' : 'expanded';
  const rows = places.at(level).map((place) => groupRow(place, level, cluster, expand, snapshot, owner));
  const rest = report.nodes.filter((node) => !hasGpus(node));
  const pending = pendingRow(snapshot);
  return [...rows, ...(rest.length > 0 ? [restRow(rest, snapshot, owner)] : []), ...(pending ? [pending] : [])];
}

/** The person's choice where the cluster has it, `product` for none, else the most telling level. */
export function groupingLevel(levels: readonly string[], grouping: string | undefined): string | undefined {
  if (grouping === BY_PRODUCT) return undefined;
  return levels.find((level) => level === grouping) ?? levels[0];
}

/** Choice of no level at all. */
export const BY_PRODUCT = 'product';

function groupRow(
  place: Place,
  level: string | undefined,
  cluster: readonly string[],
  expand: 'collapsed' | 'expanded',
  snapshot: InventorySnapshot,
  owner: string,
): Row {
  const label = [place.product ?? 'GPU', level === undefined ? undefined : `${level} ${place.value}`]
    .filter((part) => part !== undefined)
    .join(' · ');
  const { text, figures } = wordsOf(place, snapshot);
  const row: Row = {
    // Two places may look alike: a product that is called GPU, and none.
    id: `group/${JSON.stringify([place.product ?? null, level ?? null, place.value])}`,
    label,
    description: text,
    tooltip: [`**${plainText(label)}**`, figures, ...cluster].join('\n\n'),
    expand,
    icon: { id: 'layers' },
    context: 'group',
  };
  return lazyChildren(row, () => place.nodes.map((node) => nodeRow(node, snapshot, owner)));
}

interface GroupWords {
  readonly nodes: readonly GpuNode[];
  readonly views: readonly (NodeView | undefined)[];
  readonly text: string;
  readonly figures: string;
}

/** By their first node. */
const words = new WeakMap<GpuNode, GroupWords>();

/** What a group says of its nodes: the same as before where they are. */
function wordsOf(place: Place, snapshot: InventorySnapshot): GroupWords {
  const { nodes } = place;
  const [first] = nodes;
  const views = nodes.map(({ name }) => snapshot.nodes.get(name));
  const before = first && words.get(first);
  if (
    before?.nodes.length === nodes.length &&
    nodes.every((node, index) => node === before.nodes[index] && views[index] === before.views[index])
  )
    return before;
  const counted = tallies(nodes, snapshot.nodes);
  const made = {
    nodes,
    views,
    text: groupText(place, counted, snapshot),
    figures: groupFigures(place, counted, snapshot),
  };
  if (first) words.set(first, made);
  return made;
}

function groupText(place: Place, counted: readonly Tally[], snapshot: InventorySnapshot): string {
  if (counted.every(({ all }) => all === 0)) return `${plural(place.nodes.length, 'node')} · no GPU offered`;
  if (!place.nodes.some((node) => snapshot.nodes.has(node.name))) return `${allOf(counted)} held · free unknown`;
  const { freeNodes } = place.figures;
  return [freeOfAll(counted), ...(freeNodes > 0 ? [`${plural(freeNodes, 'node')} all free`] : [])].join(' · ');
}

function groupFigures(place: Place, counted: readonly Tally[], snapshot: InventorySnapshot): string {
  return [
    `- ${plural(place.nodes.length, 'node')} with ${allOf(counted) || 'no GPU'}: what they offer to pods (allocatable), which does not fall with use`,
    ...counted.map(
      ({ noun, free }) =>
        `- ${plural(free, noun)} free: offered on nodes that are ready, not cordoned and without a taint of their own, less what pods that are bound there and have not ended request`,
    ),
    `- ${plural(place.figures.freeNodes, 'node')} all free: such nodes on which nothing is requested`,
    ...apart(place.nodes, snapshot),
  ].join('\n');
}

/** The nodes whose GPUs are not counted as free, by reason. */
function apart(nodes: readonly GpuNode[], snapshot: InventorySnapshot): readonly string[] {
  const byReason = Map.groupBy(nodes, (node) => obstacle(node, snapshot.nodes.get(node.name)));
  return byReason
    .entries()
    .flatMap(([reason, some]) =>
      reason === undefined
        ? []
        : [
            `- not counted as free: ${plural(some.length, 'node')} ${reason}, with ${allOf(tallies(some, snapshot.nodes)) || 'no GPU'}`,
          ],
    )
    .toArray();
}

/** What could be placed on the whole cluster. */
function clusterSentences(places: Places): readonly string[] {
  const group = places.largestFreeGroup();
  const { fits } = places.figures();
  return [
    ...(group
      ? [
          `Most free nodes of one kind in one ${group.level}: ${formatNumber(group.nodes)} (${plainText([group.product, `${group.level} ${group.value}`].filter((part) => part !== undefined).join(', '))}).`,
        ]
      : []),
    ...(places.podSize > 0
      ? [
          `In the whole cluster ${plural(fits, 'pod')} of ${plural(places.podSize, 'GPU')} could be placed now, each on one node.`,
        ]
      : []),
  ];
}

function restRow(nodes: readonly GpuNode[], snapshot: InventorySnapshot, owner: string): Row {
  const row: Row = {
    id: 'group/no GPUs',
    label: 'no GPUs',
    description: plural(nodes.length, 'node'),
    tooltip: `${plural(nodes.length, 'node')} without a GPU resource, a GPU device or a label that names one.`,
    expand: 'collapsed',
    icon: { id: 'layers' },
    context: 'group',
  };
  return lazyChildren(row, () => nodes.map((node) => nodeRow(node, snapshot, owner)));
}

function pendingRow(snapshot: InventorySnapshot): Row | undefined {
  const waiting = waitingPods(snapshot);
  if (waiting.length === 0) return undefined;
  const wanted = waiting.reduce((sum, { wants }) => sum + sumOf(wants), 0);
  return {
    id: 'pending',
    label: 'Pending',
    description: `${plural(waiting.length, 'pod')} ${waiting.length === 1 ? 'wants' : 'want'} ${plural(wanted, 'GPU')}`,
    tooltip: `${plural(waiting.length, 'pod')} that no node has been found for, and the ${plural(wanted, 'GPU')} that they request or that their resource claims wait for, a shared claim once. The reason is the one that the scheduler gives.`,
    expand: 'expanded',
    icon: { id: 'watch', color: WARNING },
    context: 'group',
    children: waiting.toSorted((a, b) => collate(a.pod.key, b.pod.key)).map(waitingRow),
  };
}

function waitingRow({ pod, wants }: WaitingPod): Row {
  const wanted = Object.entries(wants).map(
    ([resource, count]) => `- ${codeText(resource)}: ${formatNumber(count)} wanted`,
  );
  return {
    id: `pending/${pod.key}`,
    label: pod.name,
    description: [sumOf(wants) === 0 ? 'shares a claim' : plural(sumOf(wants), 'GPU'), pod.reason]
      .filter((part) => part !== undefined)
      .join(' · '),
    tooltip: [
      `**${plainText(pod.key)}**`,
      wanted.join('\n'),
      plainText(pod.reason ?? 'The scheduler has not said why yet.'),
    ]
      .filter((part) => part !== '')
      .join('\n\n'),
    icon: { id: 'circle-outline', color: WARNING },
    context: 'pod',
    target: { kind: 'pod', namespace: pod.namespace, name: pod.name },
  };
}

/** Warnings of what the figures leave out, and of claims that are old. What a row says by itself is not told again above all of them. */
const LEAVES_OUT: ReadonlySet<string> = new Set([
  'nodes-denied',
  'pods-denied',
  'pods-of-one-namespace',
  'claims-unknown',
  'claims-of-one-namespace',
  'claims-stale',
  'slices-denied',
  'slices-stale',
]);

/** What the view's figures leave out, for the line above its rows. */
export function uncounted(report: GpuReport): string | undefined {
  const left = report.warnings.filter(({ code }) => LEAVES_OUT.has(code)).map(({ message }) => message);
  return left.length === 0 ? undefined : left.join('; ');
}

/** `24/32 GPUs free`, for the view's description: what an ordinary new pod could get, of all that the nodes have. Other nouns stand for clusters without whole GPUs. */
export function gpuHeadline(report: GpuReport, snapshot: InventorySnapshot): string {
  const counted = tallies(report.nodes, snapshot.nodes);
  const [first] = counted.toSorted((a, b) => Number(b.noun === 'GPU') - Number(a.noun === 'GPU') || b.all - a.all);
  const unlisted = snapshot.states.nodes.kind === 'denied' && snapshot.nodes.size === 0;
  if (!first) return unlisted ? 'GPUs unknown' : 'no GPUs';
  if (unlisted) return `${plural(first.all, first.noun)} held · free unknown`;
  return `${formatNumber(first.free)}/${plural(first.all, first.noun)} free`;
}
