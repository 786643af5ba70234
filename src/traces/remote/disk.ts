import { statfs, type FileHandle } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { systemCode, toWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import type { WorkspaceFiles } from '../../base/workspace-files.ts';

/** The disk that traces are copied to, as a dependency: a test can make it full. */
export interface TraceDisk {
  /** Bytes that may still be written below the folder. */
  free(folder: string): Promise<number>;
  /** Opens a file of a set for writing, made if it is not there, with its folders. */
  open(set: WorkspaceFiles, file: string): Promise<PartFile>;
}

export interface PartFile {
  size(): Promise<number>;
  truncate(bytes: number): Promise<void>;
  write(chunk: Uint8Array, position: number): Promise<void>;
  close(): Promise<void>;
}

export const realDisk: TraceDisk = {
  async free(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
  open: async (set, file) => new RealPartFile(await set.open(file)),
};

class RealPartFile implements PartFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  truncate(bytes: number): Promise<void> {
    return this.#handle.truncate(bytes);
  }

  async write(chunk: Uint8Array, position: number): Promise<void> {
    for (let from = 0; from < chunk.length;) {
      const { bytesWritten } = await this.#handle.write(chunk, from, chunk.length - from, position + from);
      from += bytesWritten;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Writes what it is given from a position on, and no more than a limit. */
export class PartWriter extends Writable {
  readonly #file: PartFile;
  readonly #limit: number;
  /** What the bytes are written for, for messages. */
  readonly #doing: string;
  #position: number;

  constructor(file: PartFile, position: number, limit: number, doing: string) {
    super({ highWaterMark: 4 << 20 });
    this.#file = file;
    this.#position = position;
    this.#limit = limit;
    this.#doing = doing;
  }

  /** Everything before this is in the file. */
  get position(): number {
    return this.#position;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    void this.append(chunk.subarray(0, Math.max(0, this.#limit - this.#position)), done);
  }

  protected async append(bytes: Uint8Array, done: (error?: Error | null) => void): Promise<void> {
    try {
      await this.#file.write(bytes, this.#position);
    } catch (error) {
      done(diskError(error, this.#doing));
      return;
    }
    this.#position += bytes.length;
    done();
  }
}

/** A full disk is told apart: it ends the whole copy, for the other files would fail too. */
export function diskError(error: unknown, doing: string): WorkbenchError {
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(doing, error);
  return toWorkbenchError(error, `cannot ${doing}`);
}

export function diskFull(doing: string, cause?: unknown): WorkbenchError {
  return new WorkbenchError({
    code: 'disk-full',
    message: `cannot ${doing}: the disk is full`,
    hint: 'Free space and copy again: what is already there is kept and the copy goes on from it.',
    cause,
  });
}
