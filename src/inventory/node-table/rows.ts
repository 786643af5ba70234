import { collate } from '../collate.ts';
import { gpuReport } from '../gpus.ts';
import type { GpuNode, InventorySnapshot, NodeView } from '../types.ts';
import { labelKeyOf, NODE_COLUMNS, type NodeFacts } from './columns.ts';
import type { LabelUse, NodeRow, NodeValue } from './types.ts';

interface LabelColumn {
  readonly id: string;
  readonly key: string;
}

/** What a row was made of: as long as it is the same, the row is. */
interface Made {
  readonly view: NodeView | undefined;
  readonly columns: string;
  readonly row: NodeRow;
}

const made = new WeakMap<GpuNode, Made>();

/**
 * A row a node, by name: all built-in columns, and those of the given ids that are labels. Between snapshots of one cluster,
 * the row of a node for which nothing changed is the same object.
 */
export function nodeRows(snapshot: InventorySnapshot, columnIds: readonly string[]): readonly NodeRow[] {
  const labels = columnIds.flatMap((id): readonly LabelColumn[] => {
    const key = labelKeyOf(id);
    return key === undefined ? [] : [{ id, key }];
  });
  const columns = labels.map(({ id }) => id).join('\n');
  return gpuReport(snapshot).nodes.map((gpus) => {
    const view = snapshot.nodes.get(gpus.name);
    const before = made.get(gpus);
    if (before && before.view === view && before.columns === columns) return before.row;
    const row = nodeRow({ name: gpus.name, view, gpus }, labels);
    made.set(gpus, { view, columns, row });
    return row;
  });
}

function nodeRow(facts: NodeFacts, labels: readonly LabelColumn[]): NodeRow {
  const { name, view, gpus } = facts;
  const values: Record<string, NodeValue> = {};
  for (const column of NODE_COLUMNS) values[column.id] = column.value(facts);
  for (const { id, key } of labels) values[id] = view?.labels[key] ?? null;
  return { name, usable: view !== undefined && gpus.ready && gpus.schedulable, values };
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
      return {
        key,
        nodes: frequent.reduce((total, [, nodes]) => total + nodes, 0),
        examples: frequent.slice(0, EXAMPLES).map(([value]) => value),
      };
    })
    .sort((a, b) => b.nodes - a.nodes || collate(a.key, b.key));
}
