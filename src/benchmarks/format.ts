import { printedLine } from '../base/terminal-text.ts';
import type { AggregateReport, LatencyStats, MergedLatency, ResultFile, ResultPoint, ResultsReport } from './types.ts';
import type { Warning } from '../inventory/types.ts';

const UNKNOWN = '-';

/** Result files as tables for people. Errors are left to the caller, who prints them on stderr. */
export function formatResults(report: ResultsReport): string {
  return report.files.map(formatFile).join('\n');
}

function formatFile(file: ResultFile): string {
  const version = file.tool_version === null ? '' : ` ${file.tool_version}`;
  const parts = [`${printedLine(`${file.path}: ${file.tool}${version}`)}\n`];
  if (file.points.length > 0) {
    const header = [
      'load',
      'ok',
      'failed',
      'req/s',
      'output tok/s',
      'total tok/s',
      'TTFT p50/p99 ms',
      'TPOT p50/p99 ms',
      'ITL p50/p99 ms',
      'E2E p50/p99 ms',
    ];
    parts.push(columns([header, ...file.points.map(pointRow)]));
  }
  if (file.scores.length > 0) {
    const header = ['task', 'metric', 'filter', 'value', '± stderr', 'n'];
    parts.push(
      columns([
        header,
        ...file.scores.map((score) => [
          score.task,
          score.metric,
          score.filter ?? UNKNOWN,
          number(score.value, 4),
          number(score.stderr, 4),
          number(score.n, 0),
        ]),
      ]),
    );
  }
  return parts.join('') + formatWarnings(file.warnings);
}

function pointRow(point: ResultPoint): string[] {
  const { successful, errored, incomplete } = point.requests;
  const failed = errored === null && incomplete === null ? null : (errored ?? 0) + (incomplete ?? 0);
  return [
    point.label,
    number(successful, 0),
    number(failed, 0),
    number(point.request_throughput, 2),
    number(point.output_token_throughput, 1),
    number(point.total_token_throughput, 1),
    pair(point.ttft_ms),
    pair(point.tpot_ms),
    pair(point.itl_ms),
    pair(point.e2e_ms),
  ];
}

export interface AggregateFormat {
  /** Prints each worker too. */
  readonly details: boolean;
  /** As given to `aggregate`: says what the sum is of. */
  readonly useTotal: boolean;
}

/** The aggregate of parallel workers as text for people. Errors are left to the caller, who prints them on stderr. */
export function formatAggregate(report: AggregateReport, format: AggregateFormat): string {
  const { throughput, requests } = report;
  const overlap = throughput.overlap === null ? UNKNOWN : `${(throughput.overlap * 100).toFixed(1)} %`;
  const facts: readonly (readonly [string, string])[] = [
    ['Workers', `${report.workers.length}${report.missing.length > 0 ? `, missing ${report.missing.join(', ')}` : ''}`],
    [
      'Requests',
      `${number(requests.successful, 0)} successful, ${number(requests.errored, 0)} errored, ${number(requests.incomplete, 0)} incomplete`,
    ],
    ['Output tokens', number(report.output_tokens, 0)],
    ['Output throughput', ''],
    [
      `  sum of the workers' means (${format.useTotal ? 'all requests' : 'successful requests'})`,
      `${number(throughput.sum_of_means, 2)} tok/s`,
    ],
    [
      '  tokens / union of windows',
      `${number(throughput.over_union, 2)} tok/s over ${number(throughput.union_window_s, 2)} s`,
    ],
    [
      '  while all workers ran',
      `${number(throughput.in_common_window, 2)} tok/s in ${number(throughput.common_window_s, 2)} s (overlap ${overlap})`,
    ],
    ['TTFT', merged(report.ttft_ms)],
    ['TPOT', merged(report.tpot_ms)],
    ['ITL', merged(report.itl_ms)],
    ['E2E latency', merged(report.e2e_ms)],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const summary = facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd()).join('\n');
  return `${format.details ? `${formatWorkers(report)}\n` : ''}${summary}\n${formatWarnings(report.warnings)}`;
}

function merged({ mean, p50, p99, method }: MergedLatency): string {
  const how = method === 'merged' ? 'merged from raw samples' : 'percentiles not mergeable';
  return `mean ${number(mean, 2)} ms, p50 ${number(p50, 2)} ms, p99 ${number(p99, 2)} ms (${how})`;
}

function formatWorkers(report: AggregateReport): string {
  const first = Math.min(...report.workers.flatMap(({ window }) => (window ? [window.start_s] : [])));
  const header = [
    'worker',
    'ok',
    'errored',
    'incomplete',
    'output tokens',
    'tok/s (ok)',
    'tok/s (all)',
    'start s',
    'end s',
  ];
  const rows = report.workers.map(
    ({ index, requests, output_tokens, output_token_throughput, output_token_throughput_total, window }) => [
      String(index),
      number(requests.successful, 0),
      number(requests.errored, 0),
      number(requests.incomplete, 0),
      number(output_tokens, 0),
      number(output_token_throughput, 2),
      number(output_token_throughput_total, 2),
      number(window && window.start_s - first, 2),
      number(window && window.end_s - first, 2),
    ],
  );
  return columns([header, ...rows]);
}

function formatWarnings(warnings: readonly Warning[]): string {
  return warnings.map(({ message }) => `warning: ${printedLine(message)}\n`).join('');
}

/** The first column left-aligned, the others right-aligned. */
function columns(texts: readonly (readonly string[])[]): string {
  const rows = texts.map((row) => row.map(printedLine));
  const widths = (rows[0] ?? []).map((_title, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('');
}

function pair(stats: LatencyStats | null): string {
  return stats === null ? UNKNOWN : `${number(stats.median, 1)} / ${number(stats['p99'] ?? null, 1)}`;
}

function number(value: number | null, digits: number): string {
  return value === null ? UNKNOWN : value.toFixed(digits);
}
