import type { NodeColumn, NodeRow } from '../../inventory/node-table/types.ts';
import { element, icon } from '../shared/dom.ts';

/** Fills a cell with its row's value. State is never colour alone: an icon stands beside it. */
export function fillCell(cell: HTMLElement, column: NodeColumn, row: NodeRow): void {
  const value = row.values[column.id] ?? null;
  if (value === null) cell.replaceChildren();
  else if (column.id === 'free' && row.usable && Number(value) > 0)
    cell.replaceChildren(element('span', { class: 'free', text: String(value) }));
  else if (column.id === 'ready' && value === 'no') cell.replaceChildren(icon('error', 'bad'), ` ${value}`);
  else if (column.id === 'cordon' && value === 'yes') cell.replaceChildren(icon('warning', 'warn'), ` ${value}`);
  else cell.replaceChildren(String(value));
  cell.classList.toggle('muted', column.id === 'free' && !row.usable);
}

/** Whether a cell has to be filled again. */
export function cellChanged(column: NodeColumn, before: NodeRow, after: NodeRow): boolean {
  return (
    before.values[column.id] !== after.values[column.id] || (column.id === 'free' && before.usable !== after.usable)
  );
}
