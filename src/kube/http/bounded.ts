import { pipeline, Writable, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { tooLarge, type Limit } from '../limits.ts';
import type { KubeResponse } from './types.ts';

/** The body unpacked, piece by piece: a few bytes may stand for gigabytes. Whatever breaks is thrown by the reading side. */
export function inflated({ headers, body }: KubeResponse): Readable {
  return headers['content-encoding'] === 'gzip' ? pipeline(body, createGunzip(), () => {}) : body;
}

/** The whole of a stream; fails with `too-large`, and closes the stream, where it does not end in time. */
export async function readWhole(body: Readable, limit: Limit, doing: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += (chunk as Buffer).length;
    if (length > limit.bytes) throw tooLarge(doing, limit);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** The beginning of a stream, which is closed then. */
export async function readStart(body: Readable, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks).subarray(0, bytes);
}

/** Collects what is written to it; what goes beyond the limit is its error, and what came before that stays. */
export class Collector extends Writable {
  readonly #limit: Limit;
  readonly #doing: string;
  readonly #chunks: Buffer[] = [];
  #length = 0;

  constructor(limit: Limit, doing: string) {
    super();
    this.#limit = limit;
    this.#doing = doing;
    // Whoever writes hears of it; later than that it is no news.
    this.on('error', () => {});
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#length += chunk.length;
    if (this.#length > this.#limit.bytes) {
      done(tooLarge(this.#doing, this.#limit));
      return;
    }
    this.#chunks.push(chunk);
    done();
  }
}
