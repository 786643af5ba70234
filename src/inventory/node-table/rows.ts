import { collate } from '../collate.ts';
import { gpuReport } from '../gpus.ts';
import type { InventorySnapshot } from '../types.ts';
import { labelKeyOf, NODE_COLUMNS, type NodeFacts } from './columns.ts';
import type { LabelUse, NodeRow, NodeValue } from './types.ts';

/** A row a node, by name: all built-in columns, and those of the given ids that are labels. */
export function nodeRows(snapshot: InventorySnapshot, columnIds: readonly string[]): readonly NodeRow[] {
  const labels = columnIds.flatMap((id) => {
    const key = labelKeyOf(id);
    return key === undefined ? [] : [{ id, key }];
  });
  return gpuReport(snapshot).nodes.map((gpus) => {
    const view = snapshot.nodes.get(gpus.name);
    const facts: NodeFacts = { name: gpus.name, view, gpus };
    const values: Record<string, NodeValue> = {};
    for (const column of NODE_COLUMNS) values[column.id] = column.value(facts);
    for (const { id, key } of labels) values[id] = view?.labels[key] ?? null;
    return { name: gpus.name, usable: view !== undefined && gpus.ready && gpus.schedulable, values };
  });
}

const EXAMPLES = 3;

/** Every label of the nodes, those that most nodes carry first. */
export function labelUses(snapshot: InventorySnapshot): readonly LabelUse[] {
  const uses = new Map<string, Map<string, number>>();
  for (const { labels } of snapshot.nodes.values()) {
    for (const [key, value] of Object.entries(labels)) {
      const values = uses.get(key) ?? new Map<string, number>();
      uses.set(key, values);
      values.set(value, (values.get(value) ?? 0) + 1);
    }
  }
  return [...uses]
    .map(([key, values]) => {
      const frequent = [...values].sort(([a, first], [b, second]) => second - first || collate(a, b));
      return { key, nodes: frequent.reduce((total, [, nodes]) => total + nodes, 0), examples: frequent.slice(0, EXAMPLES).map(([value]) => value) };
    })
    .sort((a, b) => b.nodes - a.nodes || collate(a.key, b.key));
}
