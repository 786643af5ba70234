import { parseEnv } from 'node:util';
import { isWorkbenchError, systemCode, WorkbenchError } from '../base/errors.ts';
import { readSmallFile } from '../base/small-file.ts';

/** The workspace's `.env`. Values are secrets: they go to the cluster, never to a log, a record or a message. */
export interface WorkspaceEnv {
  readonly path: string;
  readonly found: boolean;
  readonly values: Readonly<Record<string, string | undefined>>;
}

/** Far more than any `.env` holds. */
const MOST_BYTES = 2 ** 20;

/** Reads `.env` as Node itself does. One that is not there has no values. */
export async function readEnv(path: string): Promise<WorkspaceEnv> {
  try {
    const text = await readSmallFile(path, MOST_BYTES);
    return { path, found: true, values: parseEnv(text.replace(/^\u{FEFF}/u, '')) };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { path, found: false, values: {} };
    if (isWorkbenchError(error)) throw error;
    throw new WorkbenchError({
      code: 'file-unreadable',
      message: `cannot read ${path}`,
      hint: 'Check the permissions of the file.',
      cause: error,
    });
  }
}
