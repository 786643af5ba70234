import { systemClock } from '../base/clock.ts';
import type { ResultTasks } from '../benchmarks/reader-tasks.ts';
import { ResultReader } from '../benchmarks/result-reader.ts';
import { productReaders } from '../readers/product-readers.ts';
import type { Io } from './io.ts';
import { readerProgram } from './own-folder.ts';

/** Reads result files for one command. The other features are left out: to load them takes longer than most files to read. */
export async function withResults<T>(io: Io, work: (results: ResultReader) => Promise<T>): Promise<T> {
  const readers = productReaders<ResultTasks>(readerProgram(), io.env, systemClock);
  try {
    return await work(new ResultReader({ readers, clock: systemClock, lifetime: io.signal }));
  } finally {
    readers.dispose();
  }
}
