import { csvText } from '../../base/table-text.ts';
import type { LiveChart } from '../../protocol/live-figures.ts';
import { FIGURES } from './figures.ts';

/** All rounds of all lines, a row a line and round; what is not known is an empty cell. Times are RFC 3339. */
export function liveCsv({ times, lines }: LiveChart): string {
  const header = ['time', 'line', ...FIGURES.map(({ id }) => id)];
  const rows = times.flatMap((time, round) =>
    lines
      .map((line) => ({ line, values: FIGURES.map(({ id }) => line.figures[id][round] ?? null) }))
      .filter(({ values }) => values.some((value) => value !== null))
      .map(({ line, values }) => [new Date(time).toISOString(), line.label, ...values]),
  );
  return csvText(header, rows);
}
