import { NODE_COLUMNS, nodeColumn } from '../../inventory/node-table/columns.ts';
import type { FilterColumn } from '../../inventory/node-table/filter.ts';
import type { NodeColumn, NodeRow } from '../../inventory/node-table/types.ts';
import type { NodeTableLayout } from '../../protocol/node-table.ts';

/** A column as it is shown. */
export interface ShownColumn extends NodeColumn {
  /** px that a person chose; null: as wide as its content. */
  readonly chosenWidth: number | null;
}

export function shownColumns(layout: NodeTableLayout): readonly ShownColumn[] {
  return layout.columns.flatMap(({ id, width }) => {
    const column = nodeColumn(id);
    return column ? [{ ...column, chosenWidth: width }] : [];
  });
}

/** What a filter can name: the built-in columns, shown or not, and the labels that are shown. */
export function filterColumns(shown: readonly ShownColumn[]): readonly FilterColumn[] {
  return [...NODE_COLUMNS, ...shown];
}

const NARROWEST = 44;
const WIDEST = 340;
/** Room beside the text of a cell, and in a heading for the arrow as well. */
const CELL_PADDING = 22;
const HEADING_PADDING = 40;
/** How much wider headings are than the same text in a cell. */
const BOLDER = 1.12;

/** The widths in px at which no cell is cut, within limits. `measure` answers the width of a text in the table's font. */
export function columnWidths(
  columns: readonly ShownColumn[],
  rows: Iterable<NodeRow>,
  measure: (text: string) => number,
): readonly number[] {
  const all = [...rows];
  return columns.map((column) => column.chosenWidth ?? fittingWidth(column, all, measure));
}

export function fittingWidth(column: NodeColumn, rows: readonly NodeRow[], measure: (text: string) => number): number {
  const texts = new Set(rows.map(({ values }) => String(values[column.id] ?? '')));
  // Only the longest by count can be the widest by much: measuring all of a thousand texts is slow.
  const longest = [...texts].sort((a, b) => b.length - a.length).slice(0, 5);
  const content = Math.max(0, ...longest.map(measure)) + CELL_PADDING;
  return Math.round(Math.min(WIDEST, Math.max(NARROWEST, measure(column.title) * BOLDER + HEADING_PADDING, content)));
}

/** The columns with one moved before another; before none: to the end. */
export function moveColumn(
  columns: NodeTableLayout['columns'],
  id: string,
  before: string | undefined,
): NodeTableLayout['columns'] {
  const moved = columns.find((column) => column.id === id);
  if (!moved || id === before) return columns;
  const others = columns.filter((column) => column !== moved);
  const place = before === undefined ? others.length : others.findIndex((column) => column.id === before);
  return place < 0 ? columns : others.toSpliced(place, 0, moved);
}
