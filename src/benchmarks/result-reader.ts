import { abortable, throwIfAborted, type Clock } from '../base/clock.ts';
import { isWorkbenchError } from '../base/errors.ts';
import type { Readers } from '../readers/types.ts';
import { fileError } from './file-error.ts';
import { resultFiles, workerFile } from './find-results.ts';
import { KeptReadings } from './kept-readings.ts';
import type { ResultTasks } from './reader-tasks.ts';
import type { WorkersJob } from './readers/merge-workers.ts';
import type { FileError, ResultFile, ResultsReport, WorkersReport } from './types.ts';

export interface ResultReaderOptions {
  readonly readers: Readers<ResultTasks>;
  readonly clock: Clock;
  /** Ends what is being read. A caller who does not wait any longer ends nothing: others may wait for the same. */
  readonly lifetime: AbortSignal;
}

/** Figures of result files. The files are found here and read by reader processes, each once as long as it stays as it is. */
export class ResultReader {
  readonly #options: ResultReaderOptions;
  readonly #files: KeptReadings<ResultFile | FileError>;
  readonly #workers: KeptReadings<WorkersReport>;

  constructor(options: ResultReaderOptions) {
    this.#options = options;
    this.#files = new KeptReadings(options.clock, (reading) => 'code' in reading && isPassing(reading));
    this.#workers = new KeptReadings(options.clock, ({ aggregate }) => aggregate.errors.some(isPassing));
  }

  /**
   * Result files, and those in directories, of any known tool and version, told by content. A file that cannot be read becomes
   * an entry under `errors`; the others are read all the same. Rejects only when cancelled.
   */
  async read(paths: readonly string[], signal: AbortSignal): Promise<ResultsReport> {
    throwIfAborted(signal);
    const files: ResultFile[] = [];
    const errors: FileError[] = [];
    for (const path of paths) {
      for await (const candidate of resultFiles(path, signal, errors)) {
        const reading = await abortable(
          this.#files.of([candidate], '', () => this.#readFile(candidate)),
          signal,
        );
        if ('code' in reading) errors.push(reading);
        else files.push(reading);
      }
    }
    return { files, errors };
  }

  /**
   * The guidellm files `0.json` ... `<n-1>.json` of `n` parallel workers in `directory`: each one's own figures, and one report of
   * all of them. `useTotal` sums the workers' throughput over all requests rather than over the successful ones. Rejects when
   * cancelled, or with `reader-failed` or `too-large` where the files can be read one by one but not together.
   */
  async workers(
    n: number,
    directory: string,
    { useTotal, signal }: { readonly useTotal: boolean; readonly signal: AbortSignal },
  ): Promise<WorkersReport> {
    const workers: WorkersJob['workers'][number][] = [];
    const missing: number[] = [];
    for (let index = 0; index < n; index += 1) {
      throwIfAborted(signal);
      const path = await workerFile(directory, index);
      if (path === undefined) missing.push(index);
      else workers.push({ index, path });
    }
    const job = { path: directory, workers, missing, useTotal };
    const found = await abortable(
      this.#workers.of(
        workers.map(({ path }) => path),
        JSON.stringify([n, directory, useTotal]),
        () => this.#merge(job),
      ),
      signal,
    );
    if (workers.length > 0) return found;
    return withErrors(found, [
      {
        path: directory,
        code: 'no-result',
        message: `${directory} holds none of the workers' files 0.json to ${n - 1}.json`,
        hint: 'Give the directory of the parallel run, and its number of workers.',
      },
    ]);
  }

  async #readFile(path: string): Promise<ResultFile | FileError> {
    try {
      return await this.#options.readers.run('read result file', { path }, { signal: this.#options.lifetime });
    } catch (error) {
      return fileError(path, error);
    }
  }

  async #merge(job: WorkersJob): Promise<WorkersReport> {
    const { readers, lifetime } = this.#options;
    try {
      return await readers.run('merge workers', job, { signal: lifetime });
    } catch (error) {
      if (!isWorkbenchError(error, 'reader-failed', 'too-large')) throw error;
      // Which of them it was is told by reading each alone.
      const { files, errors } = await this.read(
        job.workers.map(({ path }) => path),
        lifetime,
      );
      const readable = job.workers.filter(({ path }) => files.some((file) => file.path === path));
      return withErrors(
        await readers.run('merge workers', { ...job, workers: readable }, { signal: lifetime }),
        errors,
      );
    }
  }
}

/** The process that read it died, or the system did not let it: another time it may be read. */
function isPassing({ code }: FileError): boolean {
  return code === 'reader-failed' || code === 'file-unreadable' || code === 'file-missing' || code === 'internal';
}

function withErrors({ report, aggregate }: WorkersReport, errors: readonly FileError[]): WorkersReport {
  return {
    report: { ...report, errors: [...errors, ...report.errors] },
    aggregate: { ...aggregate, errors: [...errors, ...aggregate.errors] },
  };
}
