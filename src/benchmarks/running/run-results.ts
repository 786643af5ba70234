import { join } from 'node:path';
import type { RunRecord } from '../../runs/types.ts';
import { aggregate } from '../aggregate.ts';
import { readResults } from '../read-results.ts';
import { mergedPoint } from '../merged-point.ts';
import type { AggregateReport, ResultPoint, ResultsReport } from '../types.ts';

export interface ReadRun {
  readonly report: ResultsReport;
  /** As in `RunResults`. */
  readonly points: readonly ResultPoint[];
  /** Present for a run of several workers. */
  readonly aggregate: AggregateReport | undefined;
}

/** The figures of a run from the files in its folder. Where no result was written, the printed tables have to do. */
export async function readRun(folder: string, record: Pick<RunRecord, 'files' | 'job' | 'parameters'>, signal: AbortSignal): Promise<ReadRun> {
  const written = record.files.filter((name) => /^\d+\.json$/.test(name));
  const names = written.length > 0 ? written : record.files.filter((name) => name.endsWith('stdout.log'));
  const report = await readResults(names.map((name) => join(folder, name)), { signal });
  const points = report.files.flatMap((file) => file.points);
  const workers = record.job === null ? 0 : Number(record.parameters['workers']);
  if (workers === 0 || written.length === 0) return { report, points, aggregate: undefined };
  const merged = await aggregate(workers, folder, { signal });
  return { report, points: merged.workers.length > 0 ? [mergedPoint(merged, points)] : points, aggregate: merged };
}
