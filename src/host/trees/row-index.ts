import { sameFace, sameIds, type Row } from './row.ts';

/** What a view holds of a row: one object an id for as long as the view shows it, so that selection and expansion survive. */
export interface RowElement {
  readonly id: string;
  row: Row;
}

/** How often a tree is brought up to date while its cluster changes all the time: it never takes more than a seventh of the event loop. */
export const TREE_PACE = { everyMs: 25, restTimes: 6 } as const;

interface Entry {
  readonly element: RowElement;
  readonly parent: string | undefined;
  /** The view has asked for its children, so it has to hear when they change. */
  asked: boolean;
  /** A person has looked at its tooltip, so the view has to hear when that changes. */
  hovered: boolean;
}

/**
 * The rows of a tree and what of them a view has asked for. Rows below one that was never opened are not looked at, nor
 * made where they are lazy; told of new rows it looks only at those that are other objects than before.
 */
export class RowIndex {
  readonly #entries = new Map<string, Entry>();
  #rows: readonly Row[] = [];

  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** How many elements the view holds. */
  get size(): number {
    return this.#entries.size;
  }

  elements(): IteratorObject<RowElement> {
    return this.#entries.values().map(({ element }) => element);
  }

  /** Takes these rows for the ones before; answers the fewest elements that have to be asked for again, `root` for all. */
  show(rows: readonly Row[]): 'root' | readonly RowElement[] {
    const before = this.#rows;
    this.#rows = rows;
    const changed: RowElement[] = [];
    this.#compare(before, rows, changed);
    return sameIds(before, rows) ? changed : 'root';
  }

  /** The elements below one, or the top ones: the view knows them from now on. */
  children(parent: RowElement | undefined): readonly RowElement[] {
    const entry = parent && this.#entries.get(parent.id);
    if (entry) entry.asked = true;
    return (parent ? (parent.row.children ?? []) : this.#rows).map((row) => this.#enter(row, parent?.id));
  }

  parent(element: RowElement): RowElement | undefined {
    const parent = this.#entries.get(element.id)?.parent;
    return parent === undefined ? undefined : this.#entries.get(parent)?.element;
  }

  /** The text of an element that a person points at. */
  tooltip(element: RowElement): string | undefined {
    const entry = this.#entries.get(element.id);
    if (entry) entry.hovered = true;
    return element.row.tooltip;
  }

  #enter(row: Row, parent: string | undefined): RowElement {
    const known = this.#entries.get(row.id);
    if (known) {
      known.element.row = row;
      if (known.parent === parent) return known.element;
    }
    const entry = {
      element: known?.element ?? { id: row.id, row },
      parent,
      asked: known?.asked ?? false,
      hovered: known?.hovered ?? false,
    };
    this.#entries.set(row.id, entry);
    return entry.element;
  }

  /** `changed` is undefined below an element that is asked for again with all that is below it. */
  #compare(before: readonly Row[], after: readonly Row[], changed: RowElement[] | undefined): void {
    if (before === after) return;
    const gone = new Map(before.map((row) => [row.id, row]));
    for (const row of after) {
      const old = gone.get(row.id);
      gone.delete(row.id);
      if (old && old !== row) this.#compareRow(old, row, changed);
    }
    for (const row of gone.values()) this.#forget(row);
  }

  #compareRow(before: Row, after: Row, changed: RowElement[] | undefined): void {
    const entry = this.#entries.get(after.id);
    if (!entry) return;
    entry.element.row = after;
    const [was, is] = entry.asked ? [before.children ?? [], after.children ?? []] : [[], []];
    const refreshed =
      changed !== undefined &&
      (!sameFace(before, after) || (entry.hovered && before.tooltip !== after.tooltip) || !sameIds(was, is));
    if (refreshed) {
      changed.push(entry.element);
      entry.hovered = false;
    }
    this.#compare(was, is, refreshed ? undefined : changed);
  }

  #forget(row: Row): void {
    const entry = this.#entries.get(row.id);
    // A row that stands elsewhere by now is not gone.
    if (entry?.element.row !== row) return;
    this.#entries.delete(row.id);
    if (entry.asked) for (const child of row.children ?? []) this.#forget(child);
  }
}
