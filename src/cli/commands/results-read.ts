import { resolve } from 'node:path';
import { formatResults } from '../../benchmarks/format.ts';
import { badUsage, type Invocation } from '../command.ts';
import { exit, line, type Io } from '../io.ts';
import { withResults } from '../results.ts';

export async function resultsRead(invocation: Invocation, io: Io): Promise<number> {
  if (invocation.positionals.length === 0)
    throw badUsage('llmdw results read takes at least one file or folder', 'For example "llmdw results read results".');
  const paths = invocation.positionals.map((path) => resolve(io.cwd, path));
  const report = await withResults(io, (results) => results.read(paths, io.signal));
  io.out(invocation.flag('json') ? `${JSON.stringify(report, undefined, 2)}\n` : formatResults(report));
  for (const error of report.errors) io.err(line`${error.message}` + line`hint: ${error.hint}`);
  return report.errors.length === 0 ? exit.ok : exit.failed;
}
