import { topologyOf } from '../topology.ts';
import type { GpuNode, NodeView } from '../types.ts';
import type { NodeColumn, NodeValue } from './types.ts';

/** Everything that is known of a node. Where nodes may not be listed, `view` is missing and `gpus` knows only what its pods say. */
export interface NodeFacts {
  readonly name: string;
  readonly view: NodeView | undefined;
  readonly gpus: GpuNode;
}

export interface BuiltInColumn extends NodeColumn {
  readonly value: (facts: NodeFacts) => NodeValue;
  /** Shown as long as nobody chose otherwise. */
  readonly shown: boolean;
}

/** The labels that carry a figure, by provider. The first that a node carries gives the value. */
const TYPE = ['node.coreweave.cloud/type', 'node.kubernetes.io/instance-type', 'beta.kubernetes.io/instance-type'];
const LINK = ['ethernet.coreweave.cloud/speed'];
const RELIABILITY = ['node.coreweave.cloud/reliability'];
const VERSION = ['node.coreweave.cloud/version'];
const IB = ['ib.coreweave.cloud/speed'];
const STATE = ['node.coreweave.cloud/state'];
const RESERVED = ['node.coreweave.cloud/reserved', 'cloud.google.com/reservation-name'];

/** Taints of nodes that may be taken away at any time. */
const INTERRUPTABLE_TAINTS = [
  'qos.coreweave.cloud/interruptable',
  'cloud.google.com/gke-spot',
  'cloud.google.com/gke-preemptible',
  'kubernetes.azure.com/scalesetpriority',
];
/** Labels that say the same where no taint does. */
const INTERRUPTABLE_LABELS: readonly (readonly [label: string, value: string])[] = [
  ['cloud.google.com/gke-spot', 'true'],
  ['cloud.google.com/gke-preemptible', 'true'],
  ['kubernetes.azure.com/scalesetpriority', 'spot'],
  ['eks.amazonaws.com/capacityType', 'SPOT'],
  ['karpenter.sh/capacity-type', 'spot'],
];

/** The columns of the table that this one replaces, and the GPUs. */
export const NODE_COLUMNS: readonly BuiltInColumn[] = [
  text('name', 'Name', 'Name of the node', ({ name }) => name),
  text('product', 'GPU', 'GPU product, by its label', ({ view }) => view?.product ?? null),
  count(
    'free',
    'Free',
    'GPUs that no pod requests: allocatable minus requested. On a node that is not ready, cordoned or tainted they are idle: an ordinary pod cannot get them',
    ({ view, gpus }) => (view ? sum(gpus, 'free') : null),
  ),
  count(
    'requested',
    'Used',
    'GPUs that pods on the node request, whether they use them or not; pods that have ended do not count',
    ({ gpus }) => sum(gpus, 'requested'),
  ),
  count(
    'gpus',
    'GPUs',
    'GPUs that pods may request: allocatable, over all GPU resources of the node',
    ({ view, gpus }) => (view ? sum(gpus, 'allocatable') : null),
  ),
  text('holders', 'Held by', 'Who requests the GPUs: owner and count', ({ gpus }) => holders(gpus)),
  text('ip', 'IP', 'Internal IP address', ({ view }) => view?.internalIp ?? null),
  label('type', 'Type', 'Instance type', TYPE),
  label('link', 'Link', 'Speed of the Ethernet link', LINK),
  text('ready', 'Ready', 'Condition Ready of the node', ({ view }) => view && yesOrNo(view.ready)),
  text(
    'cordon',
    'Cordon',
    'Whether the node is cordoned: it takes no new pods',
    ({ view }) => view && yesOrNo(!view.schedulable),
  ),
  text(
    'taint',
    'Interruptable',
    `Effect of the taint that marks a node which may be taken away at any time (${INTERRUPTABLE_TAINTS.join(', ')}); "spot" where only a label says so`,
    ({ view }) => view && interruptable(view),
  ),
  label('reliability', 'Reliability', 'Reliability class', RELIABILITY),
  text('leafgroup', 'Leafgroup', 'The leaf switch of the GPU network, by the label of each provider', ({ view }) =>
    topology(view, 'leafgroup'),
  ),
  text(
    'version',
    'Version',
    `${VERSION.join(', ')}; else the version of the kubelet`,
    ({ view }) => view && (firstLabel(view, VERSION) ?? view.kubeletVersion ?? null),
  ),
  label('ib', 'IB', 'Speed of the InfiniBand link', IB),
  label('state', 'State', 'Life-cycle state', STATE),
  label('reserved', 'Reserved', 'For whom, or by which reservation, the node is reserved', RESERVED),
  hidden(
    text(
      'resources',
      'Resources',
      'GPU resources and how many of each may be requested',
      ({ view, gpus }) => view && resources(gpus),
    ),
  ),
  hidden(text('kubelet', 'Kubelet', 'Version of the kubelet', ({ view }) => view?.kubeletVersion ?? null)),
  hidden(text('taints', 'Taints', 'Every taint of the node, with its effect', ({ view }) => view && taints(view))),
  hidden(text('superpod', 'Superpod', 'By the label of each provider', ({ view }) => topology(view, 'superpod'))),
  hidden(text('rack', 'Rack', 'By the label of each provider', ({ view }) => topology(view, 'rack'))),
  hidden(text('zone', 'Zone', 'By the label of each provider', ({ view }) => topology(view, 'zone'))),
];

/** The columns that are shown as long as nobody chose others. */
export const DEFAULT_COLUMNS: readonly string[] = NODE_COLUMNS.filter(({ shown }) => shown).map(({ id }) => id);

const LABEL_ID = 'label:';

export function labelColumnId(key: string): string {
  return `${LABEL_ID}${key}`;
}

/** The key of a label column's label; undefined for a built-in column. */
export function labelKeyOf(columnId: string): string | undefined {
  return columnId.startsWith(LABEL_ID) ? columnId.slice(LABEL_ID.length) : undefined;
}

/** A column by its id. Undefined for an id that an older or newer version knew. */
export function nodeColumn(id: string): NodeColumn | undefined {
  const key = labelKeyOf(id);
  if (key === undefined) return NODE_COLUMNS.find((column) => column.id === id);
  return key === '' ? undefined : { id, title: shortLabel(key), meaning: `Label ${key}`, numeric: false };
}

/** The last part of a label's key, which tells more than its domain: `rack` of `node.coreweave.cloud/rack`. */
function shortLabel(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

function text(
  id: string,
  title: string,
  meaning: string,
  value: (facts: NodeFacts) => NodeValue | undefined,
): BuiltInColumn {
  return { id, title, meaning, numeric: false, shown: true, value: (facts) => value(facts) ?? null };
}

function count(id: string, title: string, meaning: string, value: (facts: NodeFacts) => number | null): BuiltInColumn {
  return { id, title, meaning, numeric: true, shown: true, value };
}

function label(id: string, title: string, meaning: string, keys: readonly string[]): BuiltInColumn {
  return text(id, title, `${meaning}: label ${keys.join(', else ')}`, ({ view }) => view && firstLabel(view, keys));
}

function hidden(column: BuiltInColumn): BuiltInColumn {
  return { ...column, shown: false };
}

function firstLabel(view: NodeView, keys: readonly string[]): string | null {
  return keys.map((key) => view.labels[key]).find((value) => value !== undefined && value !== '') ?? null;
}

function topology(view: NodeView | undefined, name: string): string | null {
  return view === undefined ? null : (topologyOf(view.labels)[name] ?? null);
}

function yesOrNo(state: boolean): string {
  return state ? 'yes' : 'no';
}

function interruptable({ taints, labels }: NodeView): string | null {
  const taint = INTERRUPTABLE_TAINTS.map((key) => taints.find((each) => each.key === key)).find(
    (found) => found !== undefined,
  );
  if (taint) return taint.effect;
  return INTERRUPTABLE_LABELS.some(([key, value]) => labels[key] === value) ? 'spot' : null;
}

function taints(view: NodeView): string | null {
  return (
    view.taints.map(({ key, value, effect }) => `${key}${value === '' ? '' : `=${value}`}:${effect}`).join(', ') || null
  );
}

function resources({ resources }: GpuNode): string | null {
  return (
    Object.entries(resources)
      .map(([name, { allocatable }]) => `${name} ${allocatable}`)
      .join(', ') || null
  );
}

function sum({ resources }: GpuNode, part: 'allocatable' | 'requested' | 'free'): number {
  return Object.values(resources).reduce((total, counts) => total + counts[part], 0);
}

/** Who holds most stands first. */
function holders(gpus: GpuNode): string | null {
  const byOwner = new Map<string, number>();
  for (const { owner, count } of gpus.holders) byOwner.set(owner, (byOwner.get(owner) ?? 0) + count);
  return (
    [...byOwner]
      .sort(([, a], [, b]) => b - a)
      .map(([owner, held]) => `${owner} ${held}`)
      .join(', ') || null
  );
}
