import { compareNodes, sortNodes } from '../../inventory/node-table/sort.ts';
import type { NodeRow, NodeSorting } from '../../inventory/node-table/types.ts';

/** What decides which rows are shown, and in which order. */
export interface Arrangement {
  readonly matches: (row: NodeRow) => boolean;
  readonly sorting: NodeSorting;
}

/** The rows to show, sorted. */
export function arrange(rows: Iterable<NodeRow>, { matches, sorting }: Arrangement): readonly NodeRow[] {
  return sortNodes([...rows].filter(matches), sorting);
}

/**
 * The rows to show while somebody has a hand on the table: those that were shown keep their places though their figures
 * changed, and new ones come where they belong among them.
 */
export function arrangeInPlace(
  shown: readonly string[],
  rows: ReadonlyMap<string, NodeRow>,
  { matches, sorting }: Arrangement,
): readonly NodeRow[] {
  const kept = shown.map((name) => rows.get(name)).filter((row) => row !== undefined && matches(row)) as NodeRow[];
  const known = new Set(kept);
  for (const row of rows.values()) {
    if (known.has(row) || !matches(row)) continue;
    const after = kept.findIndex((other) => compareNodes(other, row, sorting) > 0);
    kept.splice(after < 0 ? kept.length : after, 0, row);
  }
  return kept;
}
