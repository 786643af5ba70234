import { join } from 'node:path';
import type { RunRecord } from '../../runs/types.ts';
import { fileError } from '../file-error.ts';
import { mergedPoint } from '../merged-point.ts';
import type { ResultReader } from '../result-reader.ts';
import type { AggregateReport, ResultPoint, ResultsReport } from '../types.ts';

export interface ReadRun {
  readonly report: ResultsReport;
  /** As in `RunResults`. */
  readonly points: readonly ResultPoint[];
  /** Present for a run of several workers. */
  readonly aggregate: AggregateReport | undefined;
}

/** What a record says comes with the folder: for a number without an end nothing is looked up. */
const MOST_WORKERS = 10_000;

/** What a run's own output is called. A record that names other files, or some outside of its folder, is not believed. */
const OUTPUT = /^(\d+\.)?stdout\.log$/;

/** The figures of a run from the files in its folder. Where no result was written, the printed tables have to do. Rejects only when cancelled. */
export async function readRun(
  results: ResultReader,
  folder: string,
  record: Pick<RunRecord, 'files' | 'job' | 'parameters'>,
  signal: AbortSignal,
): Promise<ReadRun> {
  const written = record.files.filter((name) => /^\d+\.json$/.test(name));
  const workers = record.job === null ? 0 : Number(record.parameters['workers']);
  if (workers >= 1 && workers <= MOST_WORKERS && written.length > 0)
    return readWorkers(results, workers, folder, signal);
  const names = written.length > 0 ? written : record.files.filter((name) => OUTPUT.test(name));
  const report = await results.read(
    names.map((name) => join(folder, name)),
    signal,
  );
  return { report, points: pointsOf(report), aggregate: undefined };
}

async function readWorkers(
  results: ResultReader,
  workers: number,
  folder: string,
  signal: AbortSignal,
): Promise<ReadRun> {
  try {
    const { report, aggregate } = await results.workers(workers, folder, { useTotal: false, signal });
    const points = pointsOf(report);
    return { report, points: aggregate.workers.length > 0 ? [mergedPoint(aggregate, points)] : points, aggregate };
  } catch (error) {
    return { report: { files: [], errors: [fileError(folder, error)] }, points: [], aggregate: undefined };
  }
}

function pointsOf(report: ResultsReport): readonly ResultPoint[] {
  return report.files.flatMap((file) => file.points);
}
