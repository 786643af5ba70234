// What reader processes do for benchmarks. Figures come out; prompts, answers and raw samples stay there.
import type { TaskInput } from '../readers/types.ts';
import type { WorkersJob } from './readers/merge-workers.ts';
import type { ResultFile, WorkersReport } from './types.ts';

export const resultTasks = {
  /** Rejects with the codes of `FileError`. */
  async 'read result file'({ path }: TaskInput): Promise<ResultFile> {
    const { readResultFile } = await import('./readers/result-file.ts');
    return (await readResultFile(path)).file;
  },

  async 'merge workers'(job: WorkersJob): Promise<WorkersReport> {
    const { mergeWorkers } = await import('./readers/merge-workers.ts');
    return mergeWorkers(job);
  },
};

export type ResultTasks = typeof resultTasks;
