import { systemClock } from '../base/clock.ts';
import { productReaders } from '../readers/product-readers.ts';
import type { Readers, TaskTable } from '../readers/types.ts';
import type { Io } from './io.ts';
import { readerProgram } from './own-folder.ts';

/** Reads files for one command. The other features are left out: to load them takes longer than most files to read. */
export async function withReaders<Tasks extends TaskTable, T>(
  io: Io,
  work: (readers: Readers<Tasks>) => Promise<T>,
): Promise<T> {
  const readers = productReaders<Tasks>(readerProgram(), io.env, systemClock);
  try {
    return await work(readers);
  } finally {
    readers.dispose();
  }
}
