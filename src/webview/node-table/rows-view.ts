import type { NodeRow } from '../../inventory/node-table/types.ts';
import { element } from '../shared/dom.ts';
import { cellChanged, fillCell } from './cells.ts';
import type { ShownColumn } from './columns.ts';

/**
 * The body of the table: one element a node for as long as the node is there, so that scroll, focus and what a screen
 * reader holds survive a change. All rows are in the page, not only those in sight: the find widget and screen readers see them.
 */
export class RowsView {
  readonly body = element('tbody');
  readonly #rows = new Map<string, NodeRow>();
  readonly #elements = new Map<string, HTMLTableRowElement>();
  #columns: readonly ShownColumn[] = [];
  #shown: readonly string[] = [];

  get rows(): ReadonlyMap<string, NodeRow> {
    return this.#rows;
  }

  /** Names of the rows that are shown, from top to bottom. */
  get shown(): readonly string[] {
    return this.#shown;
  }

  elementOf(name: string): HTMLTableRowElement | undefined {
    return this.#elements.get(name);
  }

  /** The name of the row that an event or the focus is in. */
  nameAt(target: EventTarget | null): string | undefined {
    return target instanceof Element ? target.closest<HTMLElement>('tbody tr')?.dataset['name'] : undefined;
  }

  /** Other columns, or another table: every cell is recreated. */
  reset(columns: readonly ShownColumn[], rows: Iterable<NodeRow>): void {
    const all = [...rows];
    this.#columns = columns;
    this.#rows.clear();
    this.#elements.clear();
    this.#shown = [];
    this.body.replaceChildren();
    for (const row of all) this.#add(row);
  }

  /** Fills the cells that differ. Which rows are shown is told by `show`. */
  change(rows: readonly NodeRow[], gone: readonly string[]): void {
    for (const name of gone) {
      this.#rows.delete(name);
      this.#elements.get(name)?.remove();
      this.#elements.delete(name);
    }
    for (const row of rows) {
      const before = this.#rows.get(row.name);
      const made = this.#elements.get(row.name);
      if (!before || !made) {
        this.#add(row);
        continue;
      }
      this.#rows.set(row.name, row);
      for (const [index, column] of this.#columns.entries()) {
        const cell = made.cells[index];
        if (cell && cellChanged(column, before, row)) fillCell(cell, column, row);
      }
    }
  }

  /** Shows these rows in this order, moving as few elements as need be; the focus stays where it is. */
  show(rows: readonly NodeRow[]): void {
    const names = rows.map(({ name }) => name);
    const wanted = new Set(names);
    const focused = this.nameAt(document.activeElement);
    for (const name of this.#shown) if (!wanted.has(name)) this.#elements.get(name)?.remove();
    this.#shown = names;
    let here = this.body.firstElementChild;
    for (const name of names) {
      const row = this.#elements.get(name);
      if (!row) continue;
      if (row === here) here = here.nextElementSibling;
      else this.body.insertBefore(row, here);
    }
    if (focused !== undefined && wanted.has(focused) && this.nameAt(document.activeElement) !== focused)
      this.#elements.get(focused)?.focus({ preventScroll: true });
  }

  #add(row: NodeRow): void {
    const cells = this.#columns.map((column) => {
      const cell =
        column.id === 'name'
          ? element('th', { class: 'text', attributes: { scope: 'row' } })
          : element('td', { class: column.numeric ? '' : 'text' });
      fillCell(cell, column, row);
      return cell;
    });
    this.#rows.set(row.name, row);
    this.#elements.set(
      row.name,
      element('tr', { attributes: { 'data-name': row.name, tabindex: '-1', 'aria-selected': 'false' } }, cells),
    );
  }
}
