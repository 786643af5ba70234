import { join } from 'node:path';
import { silentLogger } from '../base/logger.ts';
import { WorkspaceFiles } from '../base/workspace-files.ts';
import { TraceSummaries } from '../traces/local/summaries.ts';
import type { TraceTasks } from '../traces/reader-tasks.ts';
import type { Io } from './io.ts';
import { ownFolder } from './own-folder.ts';
import { withReaders } from './readers.ts';

/** Summaries of traces for one command, cached as the window caches them. */
export function withSummaries<T>(io: Io, work: (summaries: TraceSummaries) => Promise<T>): Promise<T> {
  const files = new WorkspaceFiles(io.cwd).below('traces');
  const wasm = join(ownFolder(), 'dist', 'kineto.wasm');
  return withReaders<TraceTasks, T>(io, (readers) =>
    work(new TraceSummaries({ files: () => files, readers, wasm, logger: silentLogger })),
  );
}
