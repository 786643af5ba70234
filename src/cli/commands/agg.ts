import { resolve } from 'node:path';
import { formatAggregate } from '../../benchmarks/format.ts';
import { badUsage, type Invocation } from '../command.ts';
import { exit, line, type Io } from '../io.ts';
import { withResults } from '../results.ts';

export async function agg(invocation: Invocation, io: Io): Promise<number> {
  const [count, folder = '.', ...rest] = invocation.positionals;
  if (count === undefined || !/^[1-9]\d*$/.test(count) || rest.length > 0) {
    throw badUsage(
      'llmdw agg takes the number of workers and at most one folder',
      'For example "llmdw agg 4 results/20260102-101500-parallel-guidellm".',
    );
  }
  const useTotal = invocation.flag('use-total');
  const { aggregate: report } = await withResults(io, (results) =>
    results.workers(Number(count), resolve(io.cwd, folder), { useTotal, signal: io.signal }),
  );
  io.out(
    invocation.flag('json')
      ? `${JSON.stringify(report, undefined, 2)}\n`
      : formatAggregate(report, { details: invocation.flag('show-details'), useTotal }),
  );
  for (const error of report.errors) io.err(line`${error.message}` + line`hint: ${error.hint}`);
  return report.errors.length === 0 && report.workers.length > 0 ? exit.ok : exit.failed;
}
