import { button, element, icon } from '../shared/dom.ts';

export interface SortableColumn<Row> {
  readonly id: string;
  readonly title: string;
  readonly meaning?: string;
  readonly text?: boolean;
  readonly sortBy: (row: Row) => number | string;
  readonly cell: (row: Row) => Node | string;
}

export interface SortableOptions<Row> {
  readonly label: string;
  readonly columns: readonly SortableColumn<Row>[];
  readonly rows: readonly Row[];
  readonly sortedBy: string;
  readonly descending: boolean;
  readonly describeCount: (shown: number, all: number) => string;
}

/** Rows drawn at first: a trace can have thousands of kernels, of which few matter. */
const FIRST = 100;

/** A table that sorts by a click on a heading and can be narrowed; the rest of a long list comes on demand. */
export class SortableTable<Row> {
  readonly #options: SortableOptions<Row>;
  readonly #frame: HTMLElement;
  readonly #foot = element('div', { class: 'table-foot' });
  #rows: readonly Row[];
  #by: string;
  #descending: boolean;
  #all = false;

  constructor(options: SortableOptions<Row>) {
    this.#options = options;
    this.#rows = options.rows;
    this.#by = options.sortedBy;
    this.#descending = options.descending;
    this.#frame = element('div', {
      class: 'table-frame',
      attributes: { tabindex: '0', role: 'region', 'aria-label': options.label },
    });
    this.#draw();
  }

  get elements(): readonly HTMLElement[] {
    return [this.#frame, this.#foot];
  }

  narrow(fits: (row: Row) => boolean): void {
    this.#rows = this.#options.rows.filter(fits);
    this.#draw();
  }

  #sort(column: SortableColumn<Row>): void {
    this.#descending = this.#by === column.id ? !this.#descending : !column.text;
    this.#by = column.id;
    this.#draw();
    this.#frame.querySelector<HTMLElement>(`[data-column="${column.id}"]`)?.focus();
  }

  #draw(): void {
    const { columns, label, rows, describeCount } = this.#options;
    const sorted = this.#sorted();
    const shown = this.#all ? sorted : sorted.slice(0, FIRST);
    this.#frame.replaceChildren(
      element('table', {}, [
        element('caption', { class: 'visually-hidden', text: label }),
        element('thead', {}, [
          element(
            'tr',
            {},
            columns.map((column) => this.#heading(column)),
          ),
        ]),
        element(
          'tbody',
          {},
          shown.map((row) =>
            element(
              'tr',
              {},
              columns.map((column) => element('td', { class: column.text ? 'text' : '' }, [asNode(column.cell(row))])),
            ),
          ),
        ),
      ]),
    );
    const more =
      sorted.length > shown.length
        ? button({
            label: `Show All ${sorted.length.toLocaleString('en-US')}`,
            secondary: true,
            click: () => this.#showAll(),
          })
        : undefined;
    this.#foot.replaceChildren(
      element('span', {
        class: 'muted',
        text: describeCount(shown.length, rows.length),
        attributes: { role: 'status' },
      }),
      ...(more ? [more] : []),
    );
  }

  #showAll(): void {
    this.#all = true;
    this.#draw();
    // The button is gone, and with it the keyboard's place.
    this.#frame.focus();
  }

  #heading(column: SortableColumn<Row>): HTMLElement {
    const active = column.id === this.#by;
    const sorted = active ? (this.#descending ? 'descending' : 'ascending') : 'none';
    return element('th', { class: column.text ? 'text' : '', attributes: { scope: 'col', 'aria-sort': sorted } }, [
      element(
        'button',
        {
          ...(column.meaning === undefined ? {} : { title: column.meaning }),
          attributes: { 'data-column': column.id },
          on: { click: () => this.#sort(column) },
        },
        [
          element('span', { text: column.title }),
          active ? icon(this.#descending ? 'arrow-down' : 'arrow-up') : undefined,
        ],
      ),
    ]);
  }

  #sorted(): readonly Row[] {
    const column = this.#options.columns.find((found) => found.id === this.#by);
    if (!column) return this.#rows;
    const direction = this.#descending ? -1 : 1;
    return this.#rows.toSorted((a, b) => compare(column.sortBy(a), column.sortBy(b)) * direction);
  }
}

function compare(a: number | string, b: number | string): number {
  return typeof a === 'number' && typeof b === 'number'
    ? a - b
    : String(a).localeCompare(String(b), 'en', { numeric: true });
}

function asNode(content: Node | string): Node {
  return typeof content === 'string' ? document.createTextNode(content) : content;
}
