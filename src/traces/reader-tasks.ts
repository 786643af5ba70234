// What reader processes do for traces.
import { readFile } from 'node:fs/promises';
import type { Emit } from '../readers/types.ts';
import type { NormaliseJob } from './perfetto/trace-stream.ts';
import type { TraceSummary } from './types.ts';

let scanner: WebAssembly.Module | undefined;

export const traceTasks = {
  /** `wasm`: the compiled scanner. Rejects with the codes of `errors.ts`. */
  async 'summarise trace'({ path, wasm }: { readonly path: string; readonly wasm: string }): Promise<TraceSummary> {
    const { readTrace } = await import('./summary/read-trace.ts');
    scanner ??= await WebAssembly.compile(await readFile(wasm));
    return readTrace(path, scanner);
  },

  /** Emits the trace as Perfetto takes it. */
  async 'normalise trace'(job: NormaliseJob, emit: Emit): Promise<void> {
    const { streamNormalised } = await import('./perfetto/trace-stream.ts');
    await streamNormalised(job, emit);
  },
};

export type TraceTasks = typeof traceTasks;
