import type { ResultPoint } from '../../benchmarks/types.ts';
import { formatMeasure, formatNumber } from '../../protocol/format.ts';
import { element, icon } from '../shared/dom.ts';
import { seriesColor } from '../shared/theme.ts';
import { COLUMNS, type Column } from './columns.ts';
import { baselinePoint, type ShownRun } from './model.ts';

export interface Sorting {
  /** A column's id, or `run`. */
  readonly by: string;
  readonly descending: boolean;
}

interface TableRow {
  readonly run: ShownRun;
  readonly point: ResultPoint;
}

/** The chart's figures as a table, with the difference to the baseline at the same load. */
export function resultsTable(runs: readonly ShownRun[], sorting: Sorting, sort: (by: string) => void): HTMLElement {
  const columns = COLUMNS.filter((column) =>
    runs.some((run) => run.points.some((point) => column.value(run, point) !== null)),
  );
  return element('table', {}, [
    element('caption', { class: 'visually-hidden', text: 'Figures of the chosen runs, a row a load level' }),
    element('thead', {}, [
      element('tr', {}, [
        heading('run', 'Run', '', 'text', sorting, sort),
        ...columns.map((column) => heading(column.id, column.title, column.unit, '', sorting, sort, column.meaning)),
      ]),
    ]),
    element(
      'tbody',
      {},
      sortedRows(runs, sorting).map(({ run, point }) => tableRow(runs, run, point, columns)),
    ),
  ]);
}

function heading(
  id: string,
  title: string,
  unit: string,
  extra: string,
  sorting: Sorting,
  sort: (by: string) => void,
  meaning?: string,
): HTMLElement {
  const active = sorting.by === id;
  const sorted = active ? (sorting.descending ? 'descending' : 'ascending') : 'none';
  return element('th', { class: extra, attributes: { scope: 'col', 'aria-sort': sorted } }, [
    element(
      'button',
      {
        ...(meaning === undefined ? {} : { title: meaning }),
        attributes: { 'data-key': `sort/${id}` },
        on: { click: () => sort(id) },
      },
      [
        element('span', { text: title }),
        unit === '' ? undefined : element('span', { class: 'muted', text: unit }),
        active ? icon(sorting.descending ? 'arrow-down' : 'arrow-up') : undefined,
      ],
    ),
  ]);
}

function tableRow(
  runs: readonly ShownRun[],
  run: ShownRun,
  point: ResultPoint,
  columns: readonly Column[],
): HTMLElement {
  const before = baselinePoint(runs, run, point);
  const baseline = runs.find((other) => other.item.baseline);
  const name = element('th', { class: 'text run-cell', attributes: { scope: 'row' } }, [
    runSwatch(run),
    element('span', { text: run.item.label }),
    run.item.baseline ? element('span', { class: 'muted', text: ' baseline' }) : undefined,
  ]);
  return element('tr', {}, [
    name,
    ...columns.map((column) =>
      figureCell(column, column.value(run, point), before && baseline ? column.value(baseline, before) : null),
    ),
  ]);
}

function figureCell(column: Column, value: number | null, before: number | null): HTMLElement {
  const mark = differenceMark(column, value, before);
  return element('td', {}, [
    element('span', { text: column.count ? formatNumber(value) : formatMeasure(value) }),
    // Said and copied as two words.
    mark && document.createTextNode(' '),
    mark,
  ]);
}

/** In per cent of the baseline; an arrow beside the colour, so that it reads without colour too. */
function differenceMark(column: Column, value: number | null, before: number | null): HTMLElement | undefined {
  if (!column.better || value === null || before === null || before === 0) return undefined;
  const change = (value - before) / before;
  if (Math.abs(change) < 0.0005) return element('span', { class: 'change muted', text: '±0.0 %' });
  const good = change > 0 === (column.better === 'higher');
  const title = `${good ? 'Better' : 'Worse'} than the baseline's ${formatMeasure(before)} ${column.unit}`.trim();
  const words = `${change > 0 ? '+' : '-'}${formatNumber(Math.abs(change) * 100, 1)} %`;
  return element('span', { class: 'change', title }, [
    icon(change > 0 ? 'triangle-up' : 'triangle-down', good ? 'good' : 'bad'),
    element('span', { text: words }),
    element('span', { class: 'visually-hidden', text: good ? ' better' : ' worse' }),
  ]);
}

export function runSwatch(run: ShownRun): HTMLElement {
  const swatch = element('span', { class: 'swatch' });
  swatch.style.setProperty('--swatch', seriesColor(run.color));
  return swatch;
}

export function sortedRows(runs: readonly ShownRun[], { by, descending }: Sorting): readonly TableRow[] {
  const rows = runs.flatMap((run) => run.points.map((point) => ({ run, point })));
  const column = COLUMNS.find((found) => found.id === by);
  const direction = descending ? -1 : 1;
  if (!column) return descending ? rows.toReversed() : rows;
  return rows.toSorted((a, b) => {
    const left = column.value(a.run, a.point);
    const right = column.value(b.run, b.point);
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
    return (left - right) * direction;
  });
}
