import type { Clock } from '../base/clock.ts';
import { ownNode } from '../base/own-node.ts';
import { ReaderPool } from './pool.ts';
import type { TaskTable } from './types.ts';

/** The readers of a window or a command line. `entry`: `src/reader.ts`, bundled. */
export function productReaders<Tasks extends TaskTable>(
  entry: string,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): ReaderPool<Tasks> {
  // A reader needs nothing of the environment but what the system's libraries look for; tokens stay here.
  const { SystemRoot, LD_LIBRARY_PATH } = env;
  return new ReaderPool<Tasks>({ entry, node: ownNode({ SystemRoot, LD_LIBRARY_PATH }), clock });
}
