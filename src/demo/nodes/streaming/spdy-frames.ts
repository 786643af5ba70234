import { createInflate, type Inflate } from 'node:zlib';
import { spdyDictionary } from './spdy-dictionary.ts';

/** Control frame types of SPDY/3.1 that Kubernetes' peers send. */
export const frameType = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

export const flagFin = 1;

/** Status codes of RST_STREAM. */
export const resetStatus = { protocolError: 1, refusedStream: 3, cancel: 5 } as const;

const controlBit = 0x8000;
const version = 3;
const headerBytes = 8;

export type SpdyHeaders = Readonly<Record<string, string>>;

export interface ControlFrame {
  readonly kind: 'control';
  readonly version: number;
  readonly type: number;
  readonly flags: number;
  readonly payload: Buffer;
}

export interface DataFrame {
  readonly kind: 'data';
  readonly streamId: number;
  readonly flags: number;
  readonly payload: Buffer;
}

/** 32-bit big-endian words. */
export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, 4 * index));
  return bytes;
}

export function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  return Buffer.concat([words((((controlBit | version) << 16) | type) >>> 0, (flags << 24) | payload.length), payload]);
}

/** The eight bytes before a data frame's payload; the payload itself is written beside it, uncopied. */
export function dataFrameHeader(streamId: number, flags: number, length: number): Buffer {
  return words(streamId, (flags << 24) | length);
}

/** Cuts a byte stream into frames. Feed chunks with `push`, take frames with `next` until it answers undefined. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #available = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#available += chunk.length;
  }

  next(): ControlFrame | DataFrame | undefined {
    if (this.#available < headerBytes) return undefined;
    const header = this.#peek(headerBytes);
    const first = header.readUInt32BE(0);
    const flags = header.readUInt8(4);
    const length = header.readUIntBE(5, 3);
    if (this.#available < headerBytes + length) return undefined;
    const payload = this.#take(headerBytes + length).subarray(headerBytes);
    if (first >>> 31 === 0) return { kind: 'data', streamId: first, flags, payload };
    return { kind: 'control', version: (first >>> 16) & 0x7fff, type: first & 0xffff, flags, payload };
  }

  #peek(count: number): Buffer {
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= count) return first.subarray(0, count);
    return this.#join().subarray(0, count);
  }

  #take(count: number): Buffer {
    let first = this.#chunks[0];
    if (first === undefined || first.length < count) first = this.#join();
    const taken = first.subarray(0, count);
    if (first.length === count) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(count);
    this.#available -= count;
    return taken;
  }

  /** Joining only when a frame spans chunks keeps a large frame from being copied once a chunk. */
  #join(): Buffer {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}

/** Header blocks that we send: one zlib stream a direction, made of stored (uncompressed) blocks, each ended by a sync flush. */
export class HeaderEncoder {
  #started = false;

  encode(headers: SpdyHeaders): Buffer {
    const entries = Object.entries(headers);
    const parts = [words(entries.length)];
    for (const [name, value] of entries) {
      for (const text of [name.toLowerCase(), value]) parts.push(words(Buffer.byteLength(text)), Buffer.from(text));
    }
    const block = Buffer.concat(parts);
    const stored = Buffer.alloc(5);
    stored.writeUInt16LE(block.length, 1);
    stored.writeUInt16LE(~block.length & 0xffff, 3);
    const zlibHeader = this.#started ? [] : [Buffer.from([0x78, 0x01])];
    this.#started = true;
    return Buffer.concat([...zlibHeader, stored, block, Buffer.from([0, 0, 0, 0xff, 0xff])]);
  }
}

/** Header blocks that we receive; they must be decoded in the order of their arrival, whether used or not. */
export class HeaderDecoder {
  readonly #inflate: Inflate = createInflate({ dictionary: spdyDictionary });

  async decode(block: Buffer): Promise<SpdyHeaders> {
    const plain = await this.#decompress(block);
    const headers: Record<string, string> = {};
    let position = 4;
    const text = (): string => {
      const length = plain.readUInt32BE(position);
      position += 4 + length;
      return plain.toString('utf8', position - length, position);
    };
    for (let remaining = plain.readUInt32BE(0); remaining > 0; remaining -= 1) {
      const name = text();
      headers[name] = text();
    }
    return headers;
  }

  dispose(): void {
    this.#inflate.destroy();
  }

  #decompress(block: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#inflate.once('error', reject);
      this.#inflate.write(block, (error) => {
        this.#inflate.removeListener('error', reject);
        if (error) {
          reject(error);
          return;
        }
        const plain: unknown = this.#inflate.read();
        resolve(Buffer.isBuffer(plain) ? plain : Buffer.alloc(0));
      });
    });
  }
}
