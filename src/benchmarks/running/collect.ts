import { isWorkbenchError } from '../../base/errors.ts';
import type { WorkspaceFiles } from '../../base/workspace-files.ts';
import type { RemoteRun } from '../remote/remote-run.ts';
import { whenConnected, type Waiting } from './when-connected.ts';

/**
 * Copies a run's result files into its folder, checked, and answers their names: `<first>.json` and on, in the order of
 * their paths in the pod. A pod that is gone has none.
 */
export async function collect(
  run: RemoteRun,
  files: WorkspaceFiles,
  first: number,
  waiting: Waiting,
): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for (const file of await whenConnected(run.pod, waiting, () => run.files(waiting.signal))) {
      const name = `${first + names.length}.json`;
      waiting.progress({ message: `copying ${file.path}, ${Math.ceil(file.size / 1000)} kB` });
      await whenConnected(run.pod, waiting, () => run.fetch(file, files, name, waiting.signal));
      names.push(name);
    }
  } catch (error) {
    if (!isWorkbenchError(error, 'not-found')) throw error;
  }
  return names;
}
