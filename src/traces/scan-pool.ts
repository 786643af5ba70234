import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { aborted } from '../base/clock.ts';
import type { Disposable } from '../base/disposables.ts';
import { WorkbenchError } from '../base/errors.ts';
import { Limiter } from '../base/limiter.ts';
import type { TraceSummary } from './types.ts';
import type { TraceJob, TraceJobResult } from './worker.ts';

/** Where the build put the worker and the scanner. */
export interface ScannerFiles {
  readonly worker: string;
  readonly wasm: string;
}

/** Summarises files in worker threads, one a file, as many at once as there are cores. Disposing ends those that run. */
export class ScanPool implements Disposable {
  readonly #files: ScannerFiles;
  readonly #limiter = new Limiter(availableParallelism());
  readonly #ended = new AbortController();

  constructor(files: ScannerFiles) {
    this.#files = files;
  }

  /** Rejects with the codes of `errors.ts`, or `aborted`: then the thread has been ended. */
  summarise(path: string, signal: AbortSignal): Promise<TraceSummary> {
    const either = AbortSignal.any([signal, this.#ended.signal]);
    return this.#limiter.run(either, () => runWorker(this.#files, path, either));
  }

  dispose(): void {
    this.#ended.abort();
  }
}

function runWorker(files: ScannerFiles, path: string, signal: AbortSignal): Promise<TraceSummary> {
  return new Promise((resolve, reject) => {
    const job: TraceJob = { path, wasm: files.wasm };
    const worker = new Worker(files.worker, { workerData: job });
    const onAbort = (): void => {
      void worker.terminate();
      reject(aborted(signal));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    worker.once('message', (result: TraceJobResult) => {
      if (result.ok) resolve(result.summary);
      else reject(new WorkbenchError({ code: result.code, message: result.message, ...(result.hint !== undefined && { hint: result.hint }) }));
    });
    worker.once('error', (cause) => reject(new WorkbenchError({ code: 'internal', message: `reading ${path}: the reader failed`, cause })));
    // After a message this changes nothing; without one the thread died (out of memory, mostly).
    worker.once('exit', (code) => {
      signal.removeEventListener('abort', onAbort);
      reject(new WorkbenchError({ code: 'internal', message: `reading ${path}: the reader ended with ${code}`, hint: 'The trace may need more memory than there is.' }));
    });
  });
}
