import { VscodeTextfield } from '@vscode-elements/elements/dist/vscode-textfield/index.js';
import { nodeTableText, type NodeTableFormat } from '../../inventory/node-table/export.ts';
import { parseNodeFilter } from '../../inventory/node-table/filter.ts';
import type { NodeRow } from '../../inventory/node-table/types.ts';
import { formatNumber, plural } from '../../protocol/format.ts';
import type { FromNodeTable, NodeTableHead, NodeTableLayout, NodeTablePicture } from '../../protocol/node-table.ts';
import { button, element, icon } from '../shared/dom.ts';
import { menu } from '../shared/menu.ts';
import { arrange, arrangeInPlace, type Arrangement } from './arrange.ts';
import { filterColumns, moveColumn, shownColumns } from './columns.ts';
import type { PageMemory } from './memory.ts';
import { NodeTable } from './table.ts';

type Shown = Extract<NodeTablePicture, { readonly kind: 'table' }>;

export interface PageActions {
  send(message: FromNodeTable): void;
  remember(memory: PageMemory): void;
}

/** Typing and dragging end before the host is told. */
const SETTLE_MS = 250;

const FILTER_HELP = [
  'All terms must hold:',
  'h200: text in a shown column',
  'type:gd-8, rack:12: text in this column',
  'free>0, free>=8, state=production, state!=production',
  '-cordon:yes: the term must not hold',
  '"in use": text with spaces',
].join('\n');

/** The whole page. Parts are made once and filled again, so that scroll, focus and selection survive a new picture. */
export class NodeTablePage {
  readonly root: HTMLElement;
  readonly #actions: PageActions;
  readonly #table: NodeTable;
  readonly #filter = new VscodeTextfield();
  readonly #summary = element('span', { class: 'summary' });
  readonly #counted = element('span', { class: 'count' });
  readonly #spoken = element('span', { class: 'visually-hidden', attributes: { role: 'status' } });
  readonly #notices = element('ul', { class: 'warnings' });
  readonly #noMatch: HTMLElement;
  #layout: NodeTableLayout;
  #restored: PageMemory | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #remembering: ReturnType<typeof setTimeout> | undefined;

  constructor(layout: NodeTableLayout, memory: PageMemory | undefined, actions: PageActions) {
    this.#layout = layout;
    this.#restored = memory;
    this.#actions = actions;
    this.#table = new NodeTable({
      sort: (id) => this.#sort(id),
      move: (id, direction) => this.#move(id, direction),
      moveBefore: (id, before) => this.#setColumns(moveColumn(this.#layout.columns, id, before), id),
      remove: (id) => this.#remove(id),
      resize: (id, width) =>
        this.#keep({
          ...this.#layout,
          columns: this.#layout.columns.map((column) => (column.id === id ? { id, width } : column)),
        }),
      stateChanged: () => this.#stateChanged(),
      copySelected: () => this.#copy('tsv'),
      released: () => this.#arrange(false),
    });
    if (memory) this.#table.restoreSelection(memory.selected, memory.focused ?? undefined);
    this.#noMatch = element('div', { class: 'no-match' }, [
      element('p', { class: 'muted', text: 'No node matches the filter.' }),
      button({ label: 'Clear Filter', secondary: true, click: () => this.#setFilter('') }),
    ]);
    this.root = element('main', { class: 'node-table' }, [
      element('h1', { class: 'visually-hidden', text: 'Nodes' }),
      this.#toolbar(),
      this.#notices,
      this.#table.frame,
      this.#noMatch,
    ]);
    document.addEventListener('keydown', (event) => this.#shortcut(event));
  }

  /** Another layout or another cluster. */
  open(layout: NodeTableLayout, picture: Shown): void {
    // The filter box is the page's own: what is being typed is newer than what the host knows.
    this.#layout = { ...layout, filter: this.#layout.filter };
    this.#fill(picture.head, picture.rows);
  }

  show(picture: Shown): void {
    this.#fill(picture.head, picture.rows);
  }

  change(head: NodeTableHead, rows: readonly NodeRow[], gone: readonly string[]): void {
    this.#table.rows.change(rows, gone);
    this.#arrange(this.#table.inUse);
    this.#fillHead(head);
  }

  #fill(head: NodeTableHead, rows: Iterable<NodeRow>): void {
    const { scrollTop, scrollLeft } = this.#table.frame;
    this.#table.reset(shownColumns(this.#layout), this.#layout.sorting, rows);
    this.#filter.value = this.#layout.filter;
    this.#arrange(false);
    this.#fillHead(head);
    const { top, left } = this.#restored ?? { top: scrollTop, left: scrollLeft };
    this.#restored = undefined;
    requestAnimationFrame(() => this.#table.frame.scrollTo({ top, left }));
  }

  /** `inPlace` leaves the rows that are shown where they are. */
  #arrange(inPlace: boolean): void {
    const shown = shownColumns(this.#layout);
    const arrangement: Arrangement = {
      matches: parseNodeFilter(
        this.#layout.filter,
        filterColumns(shown),
        shown.map(({ id }) => id),
      ),
      sorting: this.#layout.sorting,
    };
    const { rows } = this.#table;
    this.#table.showRows(
      inPlace ? arrangeInPlace(rows.shown, rows.rows, arrangement) : arrange(rows.rows.values(), arrangement),
    );
    this.#fillCount();
  }

  #toolbar(): HTMLElement {
    const filter = this.#filter;
    filter.placeholder = 'Filter: h200, free>0, state:prod, -cordon:yes';
    filter.title = FILTER_HELP;
    filter.label = 'Filter nodes';
    filter.className = 'filter';
    filter.addEventListener('input', () => this.#setFilter(filter.value));
    filter.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && filter.value !== '') this.#setFilter('');
      else if (event.key === 'ArrowDown') this.#table.focusHeading(this.#layout.columns[0]?.id ?? '');
    });
    return element('div', { class: 'toolbar', attributes: { role: 'toolbar', 'aria-label': 'Nodes' } }, [
      filter,
      element('div', { class: 'grow facts' }, [this.#counted, this.#summary]),
      this.#spoken,
      element('div', { class: 'buttons' }, [this.#columnsButton(), this.#copyMenu()]),
    ]);
  }

  #columnsButton(): HTMLElement {
    return button({
      label: 'Columns',
      icon: 'list-selection',
      secondary: true,
      title: 'Choose columns: figures, and any label of the nodes',
      click: () => this.#chooseColumns(),
    });
  }

  #copyMenu(): HTMLElement {
    return menu({
      label: 'Copy',
      icon: 'copy',
      about: () => this.#aboutCopy(),
      actions: [
        { label: 'Copy as TSV', icon: 'copy', run: () => this.#copy('tsv') },
        { label: 'Copy as CSV', icon: 'copy', run: () => this.#copy('csv') },
        { label: 'Copy as Markdown', icon: 'markdown', run: () => this.#copy('markdown') },
        {
          label: 'Save as CSV...',
          icon: 'save',
          run: () => this.#actions.send({ type: 'save', text: this.#text('csv') }),
        },
      ],
    });
  }

  #fillHead({ place, headline, freshness, notices }: NodeTableHead): void {
    const text = [headline, freshness, place].join(' · ');
    if (this.#summary.textContent !== text) {
      this.#summary.textContent = text;
      this.#summary.title = text;
    }
    const lines = notices.map((notice) => `${notice.icon} ${notice.text}`).join('\n');
    if (this.#notices.dataset['lines'] === lines) return;
    this.#notices.dataset['lines'] = lines;
    this.#notices.hidden = notices.length === 0;
    this.#notices.replaceChildren(
      ...notices.map((notice) => element('li', {}, [icon(notice.icon), document.createTextNode(` ${notice.text}`)])),
    );
  }

  #fillCount(): void {
    const { rows, shown } = this.#table.rows;
    const selected = this.#table.selectedRows.length;
    const all = plural(rows.size, 'node');
    const count = shown.length === rows.size ? all : `${formatNumber(shown.length)} of ${all}`;
    this.#counted.textContent = selected > 1 ? `${count}, ${formatNumber(selected)} selected` : count;
    this.#noMatch.hidden = shown.length > 0 || rows.size === 0;
  }

  #setFilter(filter: string): void {
    if (this.#filter.value !== filter) this.#filter.value = filter;
    this.#keep({ ...this.#layout, filter });
    this.#arrange(false);
    this.#spoken.textContent = `${formatNumber(this.#table.rows.shown.length)} of ${plural(this.#table.rows.rows.size, 'node')}`;
  }

  /** A second time turns the order; figures begin with the greatest. */
  #sort(id: string): void {
    const { sorting } = this.#layout;
    const numeric = shownColumns(this.#layout).find((column) => column.id === id)?.numeric === true;
    this.#keep({ ...this.#layout, sorting: { by: id, descending: sorting.by === id ? !sorting.descending : numeric } });
    this.#table.drawHeadings(this.#layout.sorting);
    this.#table.focusHeading(id);
    this.#arrange(false);
  }

  #move(id: string, direction: -1 | 1): void {
    const { columns } = this.#layout;
    const here = columns.findIndex((column) => column.id === id);
    const next = columns[direction < 0 ? here - 1 : here + 2]?.id;
    if (direction < 0 && here <= 0) return;
    this.#setColumns(moveColumn(columns, id, next), id);
  }

  #remove(id: string): void {
    const { columns } = this.#layout;
    const here = columns.findIndex((column) => column.id === id);
    const left = columns.filter((column) => column.id !== id);
    if (left.length > 0) this.#setColumns(left, left[Math.min(here, left.length - 1)]?.id);
  }

  #setColumns(columns: NodeTableLayout['columns'], focused: string | undefined): void {
    this.#keep({ ...this.#layout, columns });
    this.#table.reset(shownColumns(this.#layout), this.#layout.sorting, [...this.#table.rows.rows.values()]);
    if (focused !== undefined) this.#table.focusHeading(focused);
    this.#arrange(false);
  }

  #chooseColumns(): void {
    this.#tell();
    this.#actions.send({ type: 'columns' });
  }

  #keep(layout: NodeTableLayout): void {
    this.#layout = layout;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#tell(), SETTLE_MS);
  }

  #tell(): void {
    clearTimeout(this.#settling);
    this.#actions.send({ type: 'layout', layout: this.#layout });
  }

  #stateChanged(): void {
    this.#fillCount();
    clearTimeout(this.#remembering);
    this.#remembering = setTimeout(() => {
      const { frame, selection } = this.#table;
      this.#actions.remember({
        top: frame.scrollTop,
        left: frame.scrollLeft,
        selected: [...selection.names],
        focused: selection.focused ?? null,
      });
    }, SETTLE_MS);
  }

  /** The selected rows, or all that are shown. */
  #exported(): readonly NodeRow[] {
    const { selectedRows, rows } = this.#table;
    return selectedRows.length > 0
      ? selectedRows
      : rows.shown.map((name) => rows.rows.get(name)).filter((row) => row !== undefined);
  }

  #aboutCopy(): string {
    const count = plural(this.#exported().length, this.#table.selectedRows.length > 0 ? 'selected node' : 'shown node');
    return `${count}, ${plural(this.#layout.columns.length, 'column')}`;
  }

  #text(format: NodeTableFormat): string {
    return nodeTableText(format, shownColumns(this.#layout), this.#exported());
  }

  #copy(format: NodeTableFormat): void {
    this.#actions.send({ type: 'copy', what: plural(this.#exported().length, 'node'), text: this.#text(format) });
  }

  /** As in many lists: a slash goes to the filter. Ctrl+F is VS Code's find widget. */
  #shortcut(event: KeyboardEvent): void {
    if (event.key !== '/' || event.target instanceof VscodeTextfield || !this.root.isConnected) return;
    event.preventDefault();
    this.#filter.focus();
  }
}
