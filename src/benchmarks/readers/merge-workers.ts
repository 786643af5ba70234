import { WorkbenchError } from '../../base/errors.ts';
import type { Warning } from '../../inventory/types.ts';
import { fileError } from '../file-error.ts';
import type { AggregateReport, FileError, ResultFile, WorkerResult, WorkersReport } from '../types.ts';
import type { GuidellmBenchmark, GuidellmFile } from './guidellm-schema.ts';
import { hasAllSamples, mergeLatency } from './merge-latency.ts';
import { readResultFile } from './result-file.ts';
import { commonWindow, shareInside, unionSeconds, type Window } from './windows.ts';

/** Parallel workers, of which each wrote one file. */
export interface WorkersJob {
  /** Their folder. */
  readonly path: string;
  readonly workers: readonly { readonly index: number; readonly path: string }[];
  /** Workers without a file. */
  readonly missing: readonly number[];
  /** Sums the workers' throughput over all requests rather than over the successful ones. */
  readonly useTotal: boolean;
}

interface Worker {
  readonly index: number;
  readonly path: string;
  readonly file: GuidellmFile;
  readonly benchmark: GuidellmBenchmark;
}

/** Below this overlap the workers did not load the servers together for most of the time. */
const GOOD_OVERLAP = 0.9;

/**
 * Each worker's own figures, and one report of all of them.
 * Throughput: the naive sum, tokens over the union of windows, and the rate while all workers ran.
 * Percentiles come from merged raw samples or not at all. Never rejects: what cannot be read is listed.
 */
export async function mergeWorkers({ workers: given, missing, useTotal }: WorkersJob): Promise<WorkersReport> {
  const files: ResultFile[] = [];
  const unread: FileError[] = [];
  const unmerged: FileError[] = [];
  const workers: Worker[] = [];
  for (const { index, path } of given) {
    try {
      const { file, guidellm } = await readResultFile(path);
      files.push(file);
      const benchmark = guidellm?.benchmarks[0];
      if (guidellm && benchmark) workers.push({ index, path, file: guidellm, benchmark });
      else unmerged.push(fileError(path, noGuidellm(path)));
    } catch (error) {
      unread.push(fileError(path, error));
    }
  }
  const merged = merge(workers, useTotal);
  return {
    report: { files, errors: unread },
    aggregate: {
      ...merged,
      missing,
      errors: [...unread, ...unmerged],
      warnings: warningsOf(workers, missing, merged.throughput.overlap),
    },
  };
}

function noGuidellm(path: string): WorkbenchError {
  return new WorkbenchError({
    code: 'format-unknown',
    message: `${path} is no guidellm file`,
    hint: "Workers of a parallel run write guidellm's JSON; read other results one by one.",
  });
}

function merge(
  workers: readonly Worker[],
  useTotal: boolean,
): Pick<
  AggregateReport,
  'workers' | 'requests' | 'output_tokens' | 'throughput' | 'ttft_ms' | 'tpot_ms' | 'itl_ms' | 'e2e_ms'
> {
  const results = workers.map(toResult);
  const benchmarks = workers.map(({ benchmark }) => benchmark);
  const windows = results.flatMap((result) => (result.window ? [result.window] : []));
  const whole = windows.length === workers.length && windows.length > 0;
  const union = whole ? unionSeconds(windows) : null;
  const common = whole ? commonWindow(windows) : undefined;
  const commonSeconds = common ? common.end_s - common.start_s : whole ? 0 : null;
  const tokens = sum(results.map((result) => result.output_tokens));
  return {
    workers: results,
    requests: {
      successful: sum(results.map((result) => result.requests.successful)),
      errored: sum(results.map((result) => result.requests.errored)),
      incomplete: sum(results.map((result) => result.requests.incomplete)),
    },
    output_tokens: tokens,
    throughput: {
      sum_of_means: sum(
        results.map((result) => (useTotal ? result.output_token_throughput_total : result.output_token_throughput)),
      ),
      over_union: tokens !== null && union ? tokens / union : null,
      in_common_window: common ? rateInside(workers, common) : null,
      union_window_s: union,
      common_window_s: commonSeconds,
      overlap: union && commonSeconds !== null ? commonSeconds / union : null,
    },
    ttft_ms: mergeLatency(benchmarks, 'ttft'),
    tpot_ms: mergeLatency(benchmarks, 'tpot'),
    itl_ms: mergeLatency(benchmarks, 'itl'),
    e2e_ms: mergeLatency(benchmarks, 'e2e'),
  };
}

function toResult({ index, path, benchmark }: Worker): WorkerResult {
  const { start, end, totals } = benchmark;
  return {
    index,
    path,
    requests: totals,
    output_tokens: benchmark.successful.output_token_count?.total_sum ?? null,
    output_token_throughput: benchmark.successful.output_tokens_per_second?.mean ?? null,
    output_token_throughput_total: benchmark.total.output_tokens_per_second?.mean ?? null,
    window: start !== null && end !== null && end > start ? { start_s: start, end_s: end } : null,
  };
}

/** Output tokens a second inside `window`: each request's tokens are spread evenly from its first to its last token. */
function rateInside(workers: readonly Worker[], window: Window): number | null {
  let tokens = 0;
  for (const { benchmark } of workers) {
    if (!hasAllSamples(benchmark)) return null;
    for (const { output_tokens, first_token, last_token } of benchmark.samples) {
      if (output_tokens === null || first_token === null || last_token === null) return null;
      tokens += output_tokens * shareInside({ start_s: first_token, end_s: last_token }, window);
    }
  }
  return tokens / (window.end_s - window.start_s);
}

/** Null as soon as one worker does not say it: a sum of some is no total. */
function sum(values: readonly (number | null)[]): number | null {
  if (values.length === 0) return null;
  let total = 0;
  for (const value of values) {
    if (value === null) return null;
    total += value;
  }
  return total;
}

function warningsOf(workers: readonly Worker[], missing: readonly number[], overlap: number | null): Warning[] {
  const warnings: Warning[] = [];
  const warn = (code: string, message: string): void => void warnings.push({ code, message });
  if (missing.length > 0)
    warn('workers-missing', `no file of worker ${missing.join(', ')}: the sums are of the others only`);

  const versions = distinct(workers, ({ file }) => file.version ?? `${file.layout} (by layout)`);
  if (versions.length > 1)
    warn(
      'versions-mixed',
      `the workers ran different versions of guidellm (${versions.join(', ')}), whose figures are defined differently`,
    );
  const loads = distinct(
    workers,
    ({ benchmark }) =>
      `${benchmark.strategy}${benchmark.rate === null ? '' : ` at ${benchmark.rate}/s`} on ${benchmark.model ?? 'unknown model'}`,
  );
  if (loads.length > 1) warn('configurations-mixed', `the workers ran different loads: ${loads.join('; ')}`);
  const streams = distinct(workers, ({ benchmark }) => String(benchmark.streams));
  if (streams.length > 1)
    warn('streams-differ', `the workers ran different numbers of streams (${streams.join(', ')})`);

  for (const { index, file, benchmark } of workers) {
    if (file.benchmarks.length > 1)
      warn(
        'several-benchmarks',
        `worker ${index}: the file holds ${file.benchmarks.length} benchmarks, of which the first is taken`,
      );
    if (benchmark.cooldown !== null && benchmark.cooldown < 0)
      warn(
        'cooldown-negative',
        `worker ${index}: guidellm wrote a cool-down of ${benchmark.cooldown} s, so its window is wrong`,
      );
    if (!hasAllSamples(benchmark))
      warn(
        'samples-incomplete',
        `worker ${index}: the file lists ${benchmark.samples.length} of ${benchmark.totals.successful ?? 'unknown'} successful requests, so percentiles cannot be merged`,
      );
  }
  if (overlap !== null && overlap < GOOD_OVERLAP) {
    warn(
      'overlap-small',
      `all workers ran together for ${Math.round(overlap * 100)} % of the time only: the sum of their means is higher than what the servers sustained`,
    );
  }
  return warnings;
}

function distinct(workers: readonly Worker[], of: (worker: Worker) => string): string[] {
  return [...new Set(workers.map(of))];
}
