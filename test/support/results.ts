import { systemClock, type Clock } from '../../src/base/clock.ts';
import { ResultReader } from '../../src/benchmarks/result-reader.ts';
import type { ResultTasks } from '../../src/benchmarks/reader-tasks.ts';
import type { ReaderPool, ReaderPoolOptions } from '../../src/readers/pool.ts';
import { sourceReaders } from './readers.ts';

/** Reads results as the product does, by reader processes that run the sources; dispose `readers`. */
export function sourceResults({
  clock = systemClock,
  ...options
}: Partial<ReaderPoolOptions> & { readonly clock?: Clock } = {}): {
  readonly results: ResultReader;
  readonly readers: ReaderPool<ResultTasks>;
} {
  const readers = sourceReaders<ResultTasks>(options);
  return { readers, results: new ResultReader({ readers, clock, lifetime: new AbortController().signal }) };
}
