import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { errorText, WorkbenchError, type ErrorCode } from '../base/errors.ts';
import { readTrace } from './kineto/read-trace.ts';
import type { TraceSummary } from './types.ts';

/** What a worker is started with. */
export interface TraceJob {
  readonly path: string;
  readonly wasm: string;
}

/** What it posts, once. Errors cross the border of a thread as data. */
export type TraceJobResult =
  | { readonly ok: true; readonly summary: TraceSummary }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly hint: string | undefined };

async function run(job: TraceJob): Promise<TraceJobResult> {
  try {
    const module = await WebAssembly.compile(await readFile(job.wasm));
    return { ok: true, summary: await readTrace(job.path, module) };
  } catch (error) {
    if (error instanceof WorkbenchError) return { ok: false, code: error.code, message: error.message, hint: error.hint };
    return { ok: false, code: 'internal', message: `reading ${job.path}: ${errorText(error)}`, hint: undefined };
  }
}

parentPort?.postMessage(await run(workerData as TraceJob), []);
