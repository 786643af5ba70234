import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../base/clock.ts';
import { systemCode, WorkbenchError } from '../base/errors.ts';
import { fileError } from './file-error.ts';
import type { FileError } from './types.ts';

/** What a directory walk looks at, by name. */
const CANDIDATE = /\.(?:json|jsonl|ya?ml|txt|log)(?:\.gz)?$/;
/** Files that stand beside results and are none: the ledger's own, manifests, and views that the readers refuse. */
const COMPANION =
  /^(?:run\.json|traces\.json|manifests\.ya?ml|(?:\d+\.)?stdout\.log)$|(?:_prometheus|^per_request_lifecycle)_metrics\.json$/;

/** The file itself, or those in the directory that may be results, by name. What cannot be listed goes into `errors`. */
export async function* resultFiles(path: string, signal: AbortSignal, errors: FileError[]): AsyncGenerator<string> {
  if (!(await isDirectory(path))) {
    yield path;
    return;
  }
  let found = 0;
  for await (const file of walk(path, signal, errors)) {
    found += 1;
    yield file;
  }
  if (found === 0) {
    errors.push({
      path,
      code: 'file-is-directory',
      message: `${path} is a directory without result files`,
      hint: 'Give a result file, or a directory that holds some.',
    });
  }
}

/** The file of one worker of a parallel run, plain or zipped; undefined when there is none. */
export async function workerFile(directory: string, index: number): Promise<string | undefined> {
  for (const name of [`${index}.json`, `${index}.json.gz`]) {
    const path = join(directory, name);
    try {
      await stat(path);
      return path;
    } catch (error) {
      // Anything but absence shows when the file is read, and is listed there.
      if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR') return path;
    }
  }
  return undefined;
}

/** False for what cannot be looked at either: reading it tells why. */
async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

async function* walk(directory: string, signal: AbortSignal, errors: FileError[]): AsyncGenerator<string> {
  for (const entry of await entries(directory, errors)) {
    throwIfAborted(signal);
    const path = join(directory, entry.name);
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    if (entry.isDirectory()) yield* walk(path, signal, errors);
    else if (CANDIDATE.test(entry.name) && !COMPANION.test(entry.name)) yield path;
  }
}

async function entries(directory: string, errors: FileError[]): Promise<readonly Dirent[]> {
  try {
    const found = await readdir(directory, { withFileTypes: true });
    return found.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  } catch (error) {
    errors.push(
      fileError(
        directory,
        new WorkbenchError({
          code: 'file-unreadable',
          message: `cannot list ${directory}`,
          hint: 'Check the permissions of the directory.',
          cause: error,
        }),
      ),
    );
    return [];
  }
}
