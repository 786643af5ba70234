import { collate } from '../collate.ts';
import type { NodeRow, NodeSorting, NodeValue } from './types.ts';

/** Numbers by size, texts as people count (`node-2` before `node-10`), the unknown last either way; equal ones by name. */
export function sortNodes(rows: readonly NodeRow[], sorting: NodeSorting): readonly NodeRow[] {
  return rows.toSorted((a, b) => compareNodes(a, b, sorting));
}

export function compareNodes(a: NodeRow, b: NodeRow, { by, descending }: NodeSorting): number {
  const [left, right] = [a.values[by] ?? null, b.values[by] ?? null];
  if (left === null || right === null) {
    if (left !== right) return left === null ? 1 : -1;
  } else {
    const order = compareValues(left, right);
    if (order !== 0) return descending ? -order : order;
  }
  return collate(a.name, b.name);
}

function compareValues(left: NonNullable<NodeValue>, right: NonNullable<NodeValue>): number {
  return typeof left === 'number' && typeof right === 'number' ? left - right : collate(String(left), String(right));
}
