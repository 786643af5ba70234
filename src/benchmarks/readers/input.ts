import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { systemCode, WorkbenchError } from '../../base/errors.ts';
import { LARGEST_FILE } from './limits.ts';

const CHUNK = 1 << 20;
const GZIP_MAGIC = Buffer.of(0x1f, 0x8b);

/**
 * The bytes of a file, gunzipped where its first bytes say so, chunk by chunk. A chunk is valid until the next one is asked for.
 * Rejects with `file-missing`, `file-is-directory`, `file-unreadable`, `file-empty`, `gzip-cut`, `gzip-invalid` or `too-large`.
 */
export async function* readBytes(path: string): AsyncGenerator<Buffer> {
  const magic = await firstBytes(path);
  if (magic.length === 0)
    throw new WorkbenchError({
      code: 'file-empty',
      message: `${path} is empty`,
      hint: 'The run was cut before it wrote its result, or its disk was full. Run it again.',
    });
  const zipped = magic.equals(GZIP_MAGIC);
  if (!zipped && path.endsWith('.gz'))
    throw new WorkbenchError({
      code: 'gzip-invalid',
      message: `${path} is named .gz but is not gzip`,
      hint: 'Rename it, or copy it again in binary mode.',
    });
  let bytes = 0;
  try {
    for await (const chunk of zipped ? gunzip(path) : plain(path)) {
      bytes += chunk.length;
      if (bytes > LARGEST_FILE)
        throw new WorkbenchError({
          code: 'too-large',
          message: `${path} holds more than ${LARGEST_FILE / 2 ** 30} GB${zipped ? ' when inflated' : ''}`,
          hint: 'It is no result of a benchmark, or one with all prompts and answers: write it without them.',
        });
      yield chunk;
    }
  } catch (error) {
    throw inputError(path, error);
  }
}

/** Reads into one buffer again and again: a file of hundreds of MB leaves no garbage behind. */
async function* plain(path: string): AsyncGenerator<Buffer> {
  await using file = await open(path);
  const chunk = Buffer.allocUnsafe(CHUNK);
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK);
    if (bytesRead === 0) return;
    yield chunk.subarray(0, bytesRead);
  }
}

async function* gunzip(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK });
  const unzip = createGunzip({ chunkSize: CHUNK });
  // An error of either stream reaches the reader through `unzip`.
  pipeline(file, unzip, () => {});
  try {
    for await (const chunk of unzip) yield chunk as Buffer;
  } finally {
    file.destroy();
  }
}

async function firstBytes(path: string): Promise<Buffer> {
  try {
    const found = await stat(path);
    // A pipe or a device would keep the reader for ever.
    if (!found.isFile() && !found.isDirectory())
      throw new WorkbenchError({
        code: 'file-unreadable',
        message: `${path} is no regular file`,
        hint: 'Give a result file, or a directory that holds some.',
      });
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(GZIP_MAGIC.length), 0, GZIP_MAGIC.length, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw inputError(path, error);
  }
}

function inputError(path: string, error: unknown): unknown {
  switch (systemCode(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new WorkbenchError({
        code: 'file-missing',
        message: `${path} is not there`,
        hint: 'Check the path.',
        cause: error,
      });
    case 'EISDIR':
      return new WorkbenchError({
        code: 'file-is-directory',
        message: `${path} is a directory`,
        hint: 'Give a result file, or a directory that holds some.',
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EIO':
      return new WorkbenchError({
        code: 'file-unreadable',
        message: `cannot read ${path}`,
        hint: 'Check the permissions of the file.',
        cause: error,
      });
    case 'Z_BUF_ERROR':
      return new WorkbenchError({
        code: 'gzip-cut',
        message: `${path} ends inside its gzip data`,
        hint: 'The copy was cut. Copy the file again.',
        cause: error,
      });
    case 'Z_DATA_ERROR':
    case 'Z_STREAM_ERROR':
      return new WorkbenchError({
        code: 'gzip-invalid',
        message: `${path} holds damaged gzip data`,
        hint: 'Copy the file again in binary mode.',
        cause: error,
      });
    case undefined:
    default:
      return error;
  }
}
