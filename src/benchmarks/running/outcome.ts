import { lastLine } from '../../base/last-line.ts';
import type { AggregateReport, ResultPoint, ResultsReport } from '../types.ts';
import type { Ending } from './follow.ts';

/** What a finished run was worth, in one line. */
export interface Outcome {
  readonly state: 'succeeded' | 'failed';
  readonly summary: string;
}

export interface Finished {
  /** One a pod that ran it. */
  readonly endings: readonly Ending[];
  readonly report: ResultsReport;
  readonly aggregate: AggregateReport | undefined;
  /** The last lines that the run printed. */
  readonly lastOutput: string;
}

/** Figures, or why there are none and what to do. A run without one successful request failed, whatever its exit code. */
export function outcomeOf({ endings, report, aggregate, lastOutput }: Finished): Outcome {
  const figures = aggregate && endings.length > 1 ? aggregateWords(aggregate) : reportWords(report);
  const failures = endings.flatMap((ending, index) => {
    const why = failureOf(ending, lastOutput);
    return why === undefined ? [] : [endings.length > 1 ? `worker ${index}: ${why}` : why];
  });
  if (failures.length > 0) {
    const before = figures === undefined ? '' : `. Before that: ${figures}`;
    const next = endings.some((ending) => ending.kind === 'vanished')
      ? '. What it printed and wrote until then is kept: start it again'
      : '';
    return { state: 'failed', summary: `${failures.join('; ')}${before}${next}` };
  }

  const points = report.files.flatMap((file) => file.points);
  if (points.length > 0 && points.every((point) => point.requests.successful === 0)) {
    const errored = points.reduce((sum, point) => sum + (point.requests.errored ?? 0), 0);
    return {
      state: 'failed',
      summary: `${errored > 0 ? `all ${errored} requests failed` : 'no request succeeded'}: look at the run's output and at the model servers`,
    };
  }
  if (figures === undefined) {
    const [error] = report.errors;
    return {
      state: 'failed',
      summary: error
        ? `its result cannot be read: ${error.message}`
        : `it wrote no result${lastOutput === '' ? '' : `; its last words: ${lastLine(lastOutput)}`}`,
    };
  }
  return { state: 'succeeded', summary: figures };
}

function failureOf(ending: Ending, lastOutput: string): string | undefined {
  if (ending.kind === 'vanished') return ending.reason;
  switch (ending.exitCode) {
    case 0:
      return undefined;
    case 127:
      return `the pod has no such tool (${lastLine(lastOutput)}): use a poker image that has it`;
    default:
      return `it ended with exit code ${ending.exitCode}${lastOutput === '' ? '' : `: ${lastLine(lastOutput)}`}`;
  }
}

function aggregateWords({ throughput, ttft_ms: ttft, requests, workers }: AggregateReport): string | undefined {
  const rate = throughput.in_common_window ?? throughput.over_union;
  if (rate === null || !requests.successful) return undefined;
  return words([
    `${whole(rate)} output tok/s of ${workers.length} workers`,
    ttft.p99 === null ? undefined : `TTFT p99 ${whole(ttft.p99)} ms`,
    `${whole(requests.successful)} requests`,
    failed(requests.errored),
  ]);
}

function reportWords(report: ResultsReport): string | undefined {
  const [score] = report.files.flatMap((file) => file.scores);
  if (score)
    return `${score.task} ${score.metric}${score.filter === null ? '' : ` (${score.filter})`} ${score.value.toFixed(3)}${score.stderr === null ? '' : ` ± ${score.stderr.toFixed(3)}`}`;

  const all = report.files.flatMap((file) => file.points);
  const points = all.filter((point) => point.requests.successful !== 0 && point.output_token_throughput !== null);
  const best = points.reduce<ResultPoint | undefined>(
    (top, point) =>
      top === undefined || (point.output_token_throughput ?? 0) > (top.output_token_throughput ?? 0) ? point : top,
    undefined,
  );
  if (!best) return undefined;
  // A level at which nothing was answered has no figure of its own, but its failures are what matters most.
  const errored = all.reduce((sum, point) => sum + (point.requests.errored ?? 0), 0);
  return words([
    `${whole(best.output_token_throughput ?? 0)} output tok/s${all.length > 1 ? ` at ${best.label}, best of ${all.length}` : ''}`,
    best.ttft_ms?.['p99'] == null ? undefined : `TTFT p99 ${whole(best.ttft_ms['p99'])} ms`,
    failed(errored),
  ]);
}

function failed(errored: number | null): string | undefined {
  return errored === null || errored === 0 ? undefined : `${whole(errored)} failed`;
}

function words(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(' · ');
}

function whole(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });
}
