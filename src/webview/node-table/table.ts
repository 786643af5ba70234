import type { NodeRow, NodeSorting } from '../../inventory/node-table/types.ts';
import { element } from '../shared/dom.ts';
import { columnWidths, fittingWidth, type ShownColumn } from './columns.ts';
import { heading, type HeadingActions } from './heading.ts';
import { RowsView } from './rows-view.ts';
import { Selection } from './selection.ts';

export interface TableActions extends Pick<HeadingActions, 'sort' | 'move' | 'moveBefore' | 'remove'> {
  resize(id: string, width: number | null): void;
  /** The selection, the focus or the scroll position is another. */
  stateChanged(): void;
  copySelected(): void;
  /** No hand is on the table any longer: what was held back may be shown. */
  released(): void;
}

/** The table: headings that sort, move and size, rows that can be selected; all of it by mouse and by keyboard. */
export class NodeTable {
  readonly frame: HTMLElement;
  readonly rows = new RowsView();
  readonly #actions: TableActions;
  readonly #columnGroup = element('colgroup');
  readonly #headings = element('tr');
  readonly #table: HTMLTableElement;
  #selection = new Selection();
  #columns: readonly ShownColumn[] = [];
  #headingFocus = '';

  constructor(actions: TableActions) {
    this.#actions = actions;
    this.#table = element(
      'table',
      { attributes: { role: 'grid', 'aria-label': 'Nodes', 'aria-multiselectable': 'true' } },
      [this.#columnGroup, element('thead', {}, [this.#headings]), this.rows.body],
    );
    this.frame = element('div', { class: 'table-frame' }, [this.#table]);
    this.frame.addEventListener('scroll', () => actions.stateChanged(), { passive: true });
    const { body } = this.rows;
    body.addEventListener('mousedown', (event) => event.shiftKey && event.preventDefault());
    body.addEventListener('click', (event) => this.#click(event));
    body.addEventListener('keydown', (event) => this.#key(event));
    body.addEventListener('focusin', (event) => this.#focus(event));
    body.addEventListener(
      'focusout',
      (event) => this.rows.nameAt(event.relatedTarget) === undefined && this.#release(),
    );
    body.addEventListener('mouseleave', () => this.#release());
    body.addEventListener('mouseover', (event) => tellCutText(event));
  }

  get selection(): Selection {
    return this.#selection;
  }

  /** A hand is on the rows: they must not move away under it. */
  get inUse(): boolean {
    return this.rows.body.matches(':hover') || this.rows.body.contains(document.activeElement);
  }

  /** The rows that are both selected and shown, from top to bottom. */
  get selectedRows(): readonly NodeRow[] {
    return this.rows.shown
      .filter((name) => this.#selection.has(name))
      .map((name) => this.rows.rows.get(name))
      .filter((row) => row !== undefined);
  }

  restoreSelection(names: readonly string[], focused: string | undefined): void {
    this.#selection = new Selection(names, focused);
  }

  reset(columns: readonly ShownColumn[], sorting: NodeSorting, rows: Iterable<NodeRow>): void {
    const all = [...rows];
    this.#columns = columns;
    this.rows.reset(columns, all);
    this.#drawWidths(columnWidths(columns, all, measurer()));
    this.drawHeadings(sorting);
  }

  drawHeadings(sorting: NodeSorting): void {
    const focused = this.#headings.contains(document.activeElement);
    const actions: HeadingActions = {
      sort: (id) => this.#actions.sort(id),
      move: (id, direction) => this.#actions.move(id, direction),
      moveBefore: (id, before) => this.#actions.moveBefore(id, before),
      remove: (id) => this.#actions.remove(id),
      resize: (id, width) => this.#resize(id, width),
      fit: (id) => this.#fit(id),
      focusNext: (id, direction) =>
        this.focusHeading(this.#columns[this.#columns.findIndex((column) => column.id === id) + direction]?.id ?? id),
      focusRows: () => this.#focusRow(this.#selection.focused),
    };
    this.#headings.replaceChildren(...this.#columns.map((column) => heading(column, sorting, actions)));
    if (!this.#columns.some(({ id }) => id === this.#headingFocus)) this.#headingFocus = this.#columns[0]?.id ?? '';
    this.focusHeading(this.#headingFocus, focused);
  }

  /** One heading takes part in the order of Tab; arrows go from one to the next. */
  focusHeading(id: string, take = true): void {
    for (const button of this.#headings.querySelectorAll<HTMLElement>('button')) {
      const chosen = button.dataset['column'] === id;
      button.tabIndex = chosen ? 0 : -1;
      if (chosen && take) button.focus();
    }
    this.#headingFocus = id;
  }

  showRows(rows: readonly NodeRow[]): void {
    this.rows.show(rows);
    this.markSelection();
  }

  markSelection(): void {
    const tabStop = this.#tabStop();
    for (const name of this.rows.shown) {
      const row = this.rows.elementOf(name);
      const selected = String(this.#selection.has(name));
      if (row && row.getAttribute('aria-selected') !== selected) row.setAttribute('aria-selected', selected);
      const tabIndex = name === tabStop ? 0 : -1;
      if (row && row.tabIndex !== tabIndex) row.tabIndex = tabIndex;
    }
    this.#table.setAttribute('aria-rowcount', String(this.rows.shown.length + 1));
  }

  #tabStop(): string | undefined {
    const { focused } = this.#selection;
    return focused !== undefined && this.rows.shown.includes(focused) ? focused : this.rows.shown[0];
  }

  #drawWidths(widths: readonly number[]): void {
    const columns = widths.map((width, index) => {
      const made = element('col');
      // The last one takes the room that is left; the table is as wide as all of them where there is none.
      if (index < widths.length - 1) made.style.width = `${width}px`;
      made.dataset['width'] = String(width);
      return made;
    });
    this.#columnGroup.replaceChildren(...columns);
    this.#fillWidth();
  }

  #fillWidth(): void {
    const columns = [...this.#columnGroup.children].filter((column) => column instanceof HTMLElement);
    const sum = columns.reduce((total, column) => total + Number(column.dataset['width']), 0);
    this.#table.style.width = `max(100%, ${sum}px)`;
  }

  #resize(id: string, width: number): void {
    const index = this.#columns.findIndex((column) => column.id === id);
    const column = this.#columnGroup.children[index];
    if (!(column instanceof HTMLElement)) return;
    const wide = Math.round(Math.min(2000, Math.max(36, width)));
    column.dataset['width'] = String(wide);
    if (index < this.#columns.length - 1) column.style.width = `${wide}px`;
    this.#fillWidth();
    this.#actions.resize(id, wide);
  }

  #fit(id: string): void {
    const column = this.#columns.find((each) => each.id === id);
    if (!column) return;
    this.#resize(id, fittingWidth(column, [...this.rows.rows.values()], measurer()));
    this.#actions.resize(id, null);
  }

  #release(): void {
    if (!this.inUse) this.#actions.released();
  }

  #focus(event: FocusEvent): void {
    const name = this.rows.nameAt(event.target);
    if (name === undefined || name === this.#selection.focused) return;
    this.#selection.focused = name;
    this.#selectionChanged();
  }

  #click(event: MouseEvent): void {
    const name = this.rows.nameAt(event.target);
    // Whoever drags over text wants the text.
    if (name === undefined || getSelection()?.isCollapsed === false) return;
    if (event.shiftKey) this.#selection.extend(name, this.rows.shown);
    else if (event.ctrlKey || event.metaKey) this.#selection.toggle(name);
    else this.#selection.only(name);
    this.#selectionChanged();
    this.#focusRow(name);
  }

  #key(event: KeyboardEvent): void {
    const { shown } = this.rows;
    const name = this.rows.nameAt(event.target);
    if (name === undefined) return;
    const command = event.ctrlKey || event.metaKey;
    const target = this.#rowFor(event.key, shown.indexOf(name));
    if (event.key === 'ArrowUp' && !event.shiftKey && name === shown[0]) this.focusHeading(this.#headingFocus);
    else if (target !== undefined) this.#goTo(target, event.shiftKey, command);
    else if (event.key === ' ') this.#selection.toggle(name);
    else if (event.key === 'Enter') this.#selection.only(name);
    else if (event.key === 'Escape') this.#selection.clear();
    else if (command && event.key.toLowerCase() === 'a') this.#selection.all(shown);
    else if (command && event.key.toLowerCase() === 'c' && getSelection()?.isCollapsed !== false)
      this.#actions.copySelected();
    else return;
    event.preventDefault();
    this.#selectionChanged();
  }

  #rowFor(key: string, here: number): string | undefined {
    const { shown } = this.rows;
    const page = Math.max(1, Math.floor(this.frame.clientHeight / (this.rows.body.rows[0]?.offsetHeight ?? 24)) - 2);
    const last = shown.length - 1;
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: here + 1,
      ArrowUp: here - 1,
      PageDown: here + page,
      PageUp: here - page,
      Home: 0,
      End: last,
    };
    const wanted = steps[key];
    return wanted === undefined ? undefined : shown[Math.min(last, Math.max(0, wanted))];
  }

  /** As in VS Code's lists: Ctrl moves the focus alone. */
  #goTo(name: string, extend: boolean, focusOnly: boolean): void {
    if (extend) this.#selection.extend(name, this.rows.shown);
    else if (!focusOnly) this.#selection.only(name);
    this.#focusRow(name);
  }

  #focusRow(name: string | undefined): void {
    const row = this.rows.elementOf(
      name !== undefined && this.rows.shown.includes(name) ? name : (this.rows.shown[0] ?? ''),
    );
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest' });
  }

  #selectionChanged(): void {
    this.markSelection();
    this.#actions.stateChanged();
  }
}

/** Text that does not fit its cell is told on hover. */
function tellCutText(event: MouseEvent): void {
  const cell = event.target instanceof Element ? event.target.closest<HTMLElement>('tbody td, tbody th') : null;
  if (!cell) return;
  if (cell.scrollWidth > cell.clientWidth) cell.title = cell.textContent.trim();
  else cell.removeAttribute('title');
}

/** Widths of text in the page's font. */
function measurer(): (text: string) => number {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) return (text) => text.length * 8;
  const { fontSize, fontFamily } = getComputedStyle(document.body);
  context.font = `${fontSize} ${fontFamily}`;
  return (text) => context.measureText(text).width;
}
