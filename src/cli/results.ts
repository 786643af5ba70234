import { systemClock } from '../base/clock.ts';
import type { ResultTasks } from '../benchmarks/reader-tasks.ts';
import { ResultReader } from '../benchmarks/result-reader.ts';
import type { Io } from './io.ts';
import { withReaders } from './readers.ts';

/** Reads result files for one command. */
export function withResults<T>(io: Io, work: (results: ResultReader) => Promise<T>): Promise<T> {
  return withReaders<ResultTasks, T>(io, (readers) =>
    work(new ResultReader({ readers, clock: systemClock, lifetime: io.signal })),
  );
}
