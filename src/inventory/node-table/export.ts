import { csvText, markdownText, tsvText, type TableCell } from '../../base/table-text.ts';
import type { NodeColumn, NodeRow } from './types.ts';

export type NodeTableFormat = 'csv' | 'tsv' | 'markdown';

/** The table as text: the given columns in their order, a row a node, an empty cell for what is not known. */
export function nodeTableText(
  format: NodeTableFormat,
  columns: readonly NodeColumn[],
  rows: readonly NodeRow[],
): string {
  const header = columns.map(({ title }) => title);
  const cells = rows.map((row) => columns.map(({ id }): TableCell => row.values[id] ?? null));
  switch (format) {
    case 'csv':
      return csvText(header, cells);
    case 'tsv':
      return tsvText(header, cells);
    case 'markdown':
      return markdownText(header, cells);
  }
}
