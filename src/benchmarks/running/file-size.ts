import { stat } from 'node:fs/promises';
import { systemCode } from '../../base/errors.ts';

/** Bytes of a file; 0 when it is not there yet. */
export async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0;
    throw error;
  }
}
