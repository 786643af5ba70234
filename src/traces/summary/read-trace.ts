import { unreadable } from '../errors.ts';
import type { TraceSummary } from '../types.ts';
import { summarise } from './summarise.ts';
import { inspectFile, readText } from '../kineto/inflate.ts';
import { KinetoScanner } from '../kineto/wasm-scanner.ts';

/** Streams a trace file through the scanner to its summary. Rejects with the codes of `errors.ts`. */
export async function readTrace(path: string, module: WebAssembly.Module): Promise<TraceSummary> {
  const file = await inspectFile(path);
  const scanner = new KinetoScanner(module);
  await readText(file, (chunk) => scanner.push(chunk));
  switch (scanner.finish()) {
    case 'complete':
      return summarise(path, file.bytes, scanner.result());
    case 'cut':
      throw unreadable('json-cut', path);
    case 'other':
      throw unreadable('format-unknown', path);
    case 'invalid':
      throw unreadable('json-invalid', path);
  }
}
