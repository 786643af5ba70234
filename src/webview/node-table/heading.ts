import type { NodeSorting } from '../../inventory/node-table/types.ts';
import { element, icon } from '../shared/dom.ts';
import type { ShownColumn } from './columns.ts';

/** What a heading can ask for. */
export interface HeadingActions {
  sort(id: string): void;
  /** By one place. */
  move(id: string, direction: -1 | 1): void;
  /** Before another column; undefined: to the end. */
  moveBefore(id: string, before: string | undefined): void;
  resize(id: string, width: number): void;
  /** As wide as its content. */
  fit(id: string): void;
  remove(id: string): void;
  /** Puts the keyboard on the heading that many places further. */
  focusNext(id: string, direction: -1 | 1): void;
  focusRows(): void;
}

const WIDTH_STEP = 16;
/** A click may tremble. */
const DRAG_FROM = 5;
const HELP =
  'Click or Enter sorts. Drag, or Alt+Left and Alt+Right, moves it; the edge, or Shift+Left and Shift+Right, sizes it; Delete hides it.';

/** The heading of a column: a button that sorts, moves and hides it, and an edge that sizes it. */
export function heading(column: ShownColumn, sorting: NodeSorting, actions: HeadingActions): HTMLTableCellElement {
  const active = sorting.by === column.id;
  const sorted = active ? (sorting.descending ? 'descending' : 'ascending') : 'none';
  const button = element(
    'button',
    {
      title: `${column.meaning}\n\n${HELP}`,
      attributes: { 'data-column': column.id, tabindex: '-1', type: 'button' },
      on: { click: () => actions.sort(column.id) },
    },
    [
      element('span', { class: 'heading-text', text: column.title }),
      active ? icon(sorting.descending ? 'arrow-down' : 'arrow-up') : undefined,
    ],
  );
  const edge = element('span', { class: 'edge', attributes: { 'aria-hidden': 'true' } });
  const cell = element(
    'th',
    {
      class: column.numeric ? '' : 'text',
      attributes: { scope: 'col', 'aria-sort': sorted, 'data-column': column.id },
    },
    [button, edge],
  );
  button.addEventListener('keydown', (event) => onKey(event, column.id, cell, actions));
  button.addEventListener('pointerdown', (event) => drag(event, cell, column.id, actions));
  edge.addEventListener('pointerdown', (event) => size(event, cell, column.id, actions));
  edge.addEventListener('dblclick', () => actions.fit(column.id));
  return cell;
}

function onKey(event: KeyboardEvent, id: string, cell: HTMLElement, actions: HeadingActions): void {
  const direction = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : undefined;
  if (direction !== undefined && event.altKey) actions.move(id, direction);
  else if (direction !== undefined && event.shiftKey) actions.resize(id, cell.offsetWidth + direction * WIDTH_STEP);
  else if (direction !== undefined) actions.focusNext(id, direction);
  else if (event.key === 'ArrowDown') actions.focusRows();
  else if (event.key === 'Delete' || event.key === 'Backspace') actions.remove(id);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function size(event: PointerEvent, cell: HTMLElement, id: string, actions: HeadingActions): void {
  event.preventDefault();
  event.stopPropagation();
  const start = cell.offsetWidth - event.clientX;
  follow(event, (move) => actions.resize(id, start + move.clientX));
}

/** Shows while it is dragged where it would be put down. The click that ends the drag does not sort. */
function drag(event: PointerEvent, cell: HTMLElement, id: string, actions: HeadingActions): void {
  if (event.button !== 0) return;
  const row = cell.parentElement;
  let moving = false;
  let before: string | undefined = id;
  const mark = (target: HTMLElement | undefined, last: boolean): void => {
    for (const each of row?.children ?? []) each.classList.remove('drop-before', 'drop-after');
    target?.classList.add(last ? 'drop-after' : 'drop-before');
  };
  follow(
    event,
    (move) => {
      if (!moving && Math.abs(move.clientX - event.clientX) < DRAG_FROM) return;
      moving = true;
      cell.classList.add('dragged');
      const headings = [...(row?.children ?? [])].filter((each) => each instanceof HTMLElement);
      const target = headings.find((each) => move.clientX < each.getBoundingClientRect().left + each.offsetWidth / 2);
      before = target?.dataset['column'];
      mark(target ?? headings.at(-1), target === undefined);
    },
    (cancelled) => {
      mark(undefined, false);
      cell.classList.remove('dragged');
      if (!moving) return;
      window.addEventListener('click', stopClick, { capture: true, once: true });
      setTimeout(() => window.removeEventListener('click', stopClick, { capture: true }));
      if (!cancelled) actions.moveBefore(id, before);
    },
  );
}

function stopClick(event: Event): void {
  event.stopPropagation();
}

/** Until the button is let go; Escape and a lost pointer cancel. */
function follow(
  start: PointerEvent,
  moved: (event: PointerEvent) => void,
  ended: (cancelled: boolean) => void = () => {},
): void {
  const over = new AbortController();
  const end = (cancelled: boolean): void => {
    over.abort();
    ended(cancelled);
  };
  const { signal } = over;
  window.addEventListener('pointermove', (event) => event.pointerId === start.pointerId && moved(event), { signal });
  window.addEventListener('pointerup', () => end(false), { signal });
  window.addEventListener('pointercancel', () => end(true), { signal });
  window.addEventListener('keydown', (event) => event.key === 'Escape' && end(true), { signal, capture: true });
}
