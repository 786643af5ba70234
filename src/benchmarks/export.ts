import { csvText, markdownText, type TableCell } from '../base/table-text.ts';
import { speedOfUser, type SeriesRun } from './series.ts';
import type { LatencyStats, ResultPoint } from './types.ts';

interface Column {
  /** With unit. */
  readonly title: string;
  readonly of: (point: ResultPoint, run: SeriesRun) => TableCell;
}

const STATISTICS = ['mean', 'median', 'p90', 'p95', 'p99'] as const;
const LATENCIES = [
  ['TTFT', 'ttft_ms'],
  ['TPOT', 'tpot_ms'],
  ['ITL', 'itl_ms'],
  ['E2E', 'e2e_ms'],
] as const;

/** Every figure of the result table, in the order in which people compare them. */
const COLUMNS: readonly Column[] = [
  { title: 'run', of: (_point, run) => run.label },
  { title: 'load', of: (point) => point.label },
  { title: 'model', of: (point) => point.model },
  { title: 'GPUs', of: (_point, run) => run.gpus },
  { title: 'concurrency', of: (point) => point.concurrency },
  { title: 'request rate (req/s)', of: (point) => point.request_rate },
  { title: 'successful', of: (point) => point.requests.successful },
  { title: 'errored', of: (point) => point.requests.errored },
  { title: 'incomplete', of: (point) => point.requests.incomplete },
  { title: 'duration (s)', of: (point) => point.duration_s },
  { title: 'requests (req/s)', of: (point) => point.request_throughput },
  { title: 'output (tok/s)', of: (point) => point.output_token_throughput },
  { title: 'total (tok/s)', of: (point) => point.total_token_throughput },
  { title: 'user (tok/s, 1000 / median TPOT)', of: (point) => speedOfUser(point) },
  { title: 'prompt tokens', of: (point) => point.prompt_tokens },
  { title: 'output tokens', of: (point) => point.output_tokens },
  ...LATENCIES.flatMap(([name, field]) =>
    STATISTICS.map((statistic): Column => ({
      title: `${name} ${statistic} (ms)`,
      of: (point) => (point[field] satisfies LatencyStats | null)?.[statistic] ?? null,
    })),
  ),
];

/** A row a load level, figures at full precision; an unknown figure is an empty cell. */
export function toCsv(runs: readonly SeriesRun[]): string {
  return csvText(
    COLUMNS.map((column) => column.title),
    rows(runs),
  );
}

/** A GitHub table of the columns that hold something; figures rounded to four digits. */
export function toMarkdown(runs: readonly SeriesRun[]): string {
  const all = rows(runs);
  const used = COLUMNS.map((_column, index) => index).filter((index) => all.some((row) => row[index] !== null));
  return markdownText(
    used.map((index) => COLUMNS[index]?.title ?? ''),
    all.map((row) => used.map((index) => rounded(row[index] ?? null))),
  );
}

function rows(runs: readonly SeriesRun[]): TableCell[][] {
  return runs.flatMap((run) => run.points.map((point) => COLUMNS.map((column) => column.of(point, run))));
}

function rounded(value: TableCell): TableCell {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}
