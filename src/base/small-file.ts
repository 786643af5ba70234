import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { WorkbenchError } from './errors.ts';

/**
 * Reads a text file that somebody else may have put there: a pipe or a device would keep the reader for ever, and a huge
 * file fill its memory. Both are `file-unreadable`; errors of the system pass. It is UTF-8, or the UTF-16 that the `>` of
 * Windows PowerShell writes.
 */
export async function readSmallFile(path: string, mostBytes: number): Promise<string> {
  const { size } = await regular(path);
  if (size > mostBytes) throw tooLarge(path, mostBytes);
  // Should it have become a pipe since, opening and reading it return at once.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of handle.createReadStream({ end: mostBytes, autoClose: false }))
      chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    if (bytes.length > mostBytes) throw tooLarge(path, mostBytes);
    return bytes.toString(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf16le' : 'utf8');
  } finally {
    await handle.close();
  }
}

async function regular(path: string): Promise<{ readonly size: number }> {
  const found = await stat(path);
  if (found.isFile()) return found;
  throw new WorkbenchError({
    code: 'file-unreadable',
    message: `${path} is no regular file`,
    hint: 'Put a plain file in its place, or delete it.',
  });
}

function tooLarge(path: string, mostBytes: number): WorkbenchError {
  return new WorkbenchError({
    code: 'file-unreadable',
    message: `${path} is larger than ${mostBytes / 2 ** 20} MiB`,
    hint: 'That is no file of this kind: look at what it holds.',
  });
}
