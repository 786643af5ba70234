import { sumOf } from '../../inventory/counts.ts';
import { gpuUnit } from '../../kube/model/gpu.ts';
import type { GpuNode, NodeView } from '../../inventory/types.ts';
import { formatNumber, plural } from '../../protocol/format.ts';

/** Counts of one noun: GPUs, MIG slices, GPU shares and TPUs are never added up. */
export interface Tally {
  readonly noun: string;
  /** On nodes that take ordinary pods. */
  readonly free: number;
  /** Not requested, on whatever node. */
  readonly idle: number;
  readonly all: number;
}

type Views = ReadonlyMap<string, NodeView>;

export function tallies(nodes: readonly GpuNode[], views: Views): readonly Tally[] {
  const byNoun = new Map<string, { free: number; idle: number; all: number }>();
  for (const node of nodes) {
    for (const { noun, free, idle, all } of talliesOf(node, views.get(node.name)?.labels)) {
      const tally = byNoun.get(noun) ?? { free: 0, idle: 0, all: 0 };
      tally.all += all;
      tally.idle += idle;
      tally.free += free;
      byNoun.set(noun, tally);
    }
  }
  return byNoun
    .entries()
    .map(([noun, tally]) => ({ noun, ...tally }))
    .toArray();
}

/** Between two reports most nodes are the same. */
const known = new WeakMap<
  GpuNode,
  { readonly labels: NodeView['labels'] | undefined; readonly tallies: readonly Tally[] }
>();

/** A noun may come twice. */
function talliesOf(node: GpuNode, labels: NodeView['labels'] | undefined): readonly Tally[] {
  const before = known.get(node);
  if (before && before.labels === labels) return before.tallies;
  const usable = node.ready && node.schedulable;
  const made = Object.entries(node.resources).map(([resource, { allocatable, free }]) => ({
    noun: gpuUnit(resource, labels).noun,
    all: allocatable,
    idle: free,
    free: usable ? free : 0,
  }));
  known.set(node, { labels, tallies: made });
  return made;
}

/** `16 of 24 free`, or with its noun where it is not plain GPUs: `3 of 4 GPU shares free`. */
export function freeOfAll(counted: readonly Tally[]): string {
  const [only] = counted;
  if (only && counted.length === 1 && only.noun === 'GPU')
    return `${formatNumber(only.free)} of ${formatNumber(only.all)} free`;
  return `${counted.map(({ noun, free, all }) => `${formatNumber(free)} of ${plural(all, noun)}`).join(', ')} free`;
}

/** `8`, or with nouns where it is not plain GPUs: `4 GPUs, 14 MIG slices`. */
export function idleOf(counted: readonly Tally[]): string {
  const [only] = counted;
  if (only && counted.length === 1 && only.noun === 'GPU') return formatNumber(only.idle);
  return counted.map((tally) => plural(tally.idle, tally.noun)).join(', ');
}

export function allOf(counted: readonly Tally[]): string {
  return counted.map((tally) => plural(tally.all, tally.noun)).join(', ');
}

/** What a pod holds: `3 MIG slices, 1 GPU` by what it requests; where that does not tell it all, by what its node offers. */
export function heldText(
  count: number,
  requested: Readonly<Record<string, number>> | undefined,
  node: NodeView | undefined,
  offered: readonly Tally[],
): string {
  if (requested && sumOf(requested) === count) {
    const byNoun = Map.groupBy(Object.entries(requested), ([resource]) => gpuUnit(resource, node?.labels).noun);
    return byNoun
      .entries()
      .map(([noun, some]) =>
        plural(
          some.reduce((sum, [, each]) => sum + each, 0),
          noun,
        ),
      )
      .toArray()
      .join(', ');
  }
  const [only] = offered;
  return plural(count, only && offered.length === 1 ? only.noun : 'device');
}
