import { fileURLToPath } from 'node:url';
import { ownNode } from '../../src/base/own-node.ts';
import type { ResultTasks } from '../../src/benchmarks/reader-tasks.ts';
import { ReaderPool, type ReaderPoolOptions } from '../../src/readers/pool.ts';
import type { TaskTable } from '../../src/readers/types.ts';
import type { TraceTasks } from '../../src/traces/reader-tasks.ts';

/** Reader processes that run the sources; dispose them. */
export function sourceReaders<Tasks extends TaskTable = ResultTasks & TraceTasks>(
  options: Partial<ReaderPoolOptions> = {},
): ReaderPool<Tasks> {
  return new ReaderPool<Tasks>({
    entry: fileURLToPath(new URL('../../src/reader.ts', import.meta.url)),
    node: ownNode({}),
    ...options,
  });
}
