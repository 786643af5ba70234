import { errorText, isWorkbenchError, systemCode, WorkbenchError } from '../base/errors.ts';

/** What a failure to write on this machine means for a run; any other error is passed through. */
export function writeError(path: string, error: unknown): unknown {
  const code = systemCode(error);
  if (isWorkbenchError(error, 'disk-full') || code === 'ENOSPC' || code === 'EDQUOT') {
    return new WorkbenchError({
      code: 'disk-full',
      message: `cannot write ${path}: the disk is full`,
      hint: 'Free some space: old runs can be deleted in the Benchmarks view. What the benchmark left is still in its pod.',
      cause: error,
    });
  }
  return isWorkbenchError(error) || code === undefined
    ? error
    : new WorkbenchError({
        code: 'file-unreadable',
        message: `cannot write ${path}: ${errorText(error)}`,
        hint: 'Check the permissions of the folder. What the benchmark left is still in its pod.',
        cause: error,
      });
}
