import { errorText, systemCode } from '../../../../base/errors.ts';

const texts: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
  EEXIST: 'File exists',
  EACCES: 'Permission denied',
  ENOSPC: 'No space left on device',
  EROFS: 'Read-only file system',
  ENOTEMPTY: 'Directory not empty',
};

/** The text that C programs print for a system error. The shell library's file systems put the code at the head of the message. */
export function systemErrorText(error: unknown): string {
  const code = systemCode(error) ?? /^(E[A-Z]+)\b/.exec(errorText(error))?.[1];
  return (code === undefined ? undefined : texts[code]) ?? errorText(error);
}
