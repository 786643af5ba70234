import { formatMeasure, formatNumber, formatShare } from '../../protocol/format.ts';
import type { ChartFigure, ChartLine } from '../../protocol/live-figures.ts';

/** One of the small charts, and one column of the table. */
export interface Figure {
  readonly id: ChartFigure;
  readonly title: string;
  readonly unit: string;
  readonly meaning: string;
  /** Upper end of the axis where it is known. */
  readonly most?: number;
  readonly format: (value: number | null) => string;
}

export const FIGURES: readonly Figure[] = [
  {
    id: 'generationRate',
    title: 'Output',
    unit: 'tok/s',
    meaning: 'Generated tokens a second, from one round to the next',
    format: figureText,
  },
  {
    id: 'promptRate',
    title: 'Prompt',
    unit: 'tok/s',
    meaning: 'Prompt tokens a second, from one round to the next',
    format: figureText,
  },
  { id: 'running', title: 'Running', unit: 'requests', meaning: 'Requests in the batch', format: formatNumber },
  {
    id: 'waiting',
    title: 'Waiting',
    unit: 'requests',
    meaning: 'Requests that wait for a place in the batch',
    format: formatNumber,
  },
  {
    id: 'kvCacheUse',
    title: 'KV cache',
    unit: '% in use',
    meaning: 'Share of the KV cache that is in use; of a role the mean of its ranks',
    most: 1,
    format: formatShare,
  },
  {
    id: 'prefixHitRate',
    title: 'Prefix hits',
    unit: '% of lookups',
    meaning: 'Prompt tokens found in the prefix cache over those looked up, from one round to the next',
    most: 1,
    format: formatShare,
  },
  {
    id: 'queue',
    title: 'Picker queue',
    unit: 'requests',
    meaning:
      'Requests that the endpoint picker holds back; without its flow control those that wait at the endpoints, as it saw them',
    format: figureText,
  },
];

/** Whole numbers as they are: most of them are counts, and a rate of 0 is one too. */
function figureText(value: number | null): string {
  return value !== null && Number.isInteger(value) ? formatNumber(value) : formatMeasure(value);
}

/** The value of the newest round. */
export function latest(line: ChartLine, figure: ChartFigure): number | null {
  return line.figures[figure].at(-1) ?? null;
}

/** Figures that at least one line has: charts that could only be empty are not drawn. */
export function toldBy(lines: readonly ChartLine[]): readonly Figure[] {
  return FIGURES.filter(({ id }) => lines.some((line) => line.figures[id].some((value) => value !== null)));
}
