import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { WorkspaceFiles } from '../base/workspace-files.ts';
import { productReaders } from '../readers/product-readers.ts';
import { TraceSummaries } from '../traces/local/summaries.ts';
import type { TraceTasks } from '../traces/reader-tasks.ts';
import type { Io } from './io.ts';
import { ownFolder, readerProgram } from './own-folder.ts';

/** Summaries of traces for one command. The other features are left out: to load them takes longer than to read a summary that is cached. */
export async function withSummaries<T>(io: Io, work: (summaries: TraceSummaries) => Promise<T>): Promise<T> {
  const readers = productReaders<TraceTasks>(readerProgram(), io.env, systemClock);
  const files = new WorkspaceFiles(io.cwd).below('traces');
  try {
    return await work(new TraceSummaries({ files: () => files, readers, wasm: join(ownFolder(), 'dist', 'kineto.wasm'), logger: silentLogger }));
  } finally {
    readers.dispose();
  }
}
