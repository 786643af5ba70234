import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A program of the containers that prints a checksum of a file, and the same figure of a file here. */
export interface Checksum {
  readonly program: string;
  /** The figure in the program's output; undefined where there is none. */
  read(output: string): string | undefined;
  ofFile(path: string, signal: AbortSignal): Promise<string>;
}

export const sha256: Checksum = {
  program: 'sha256sum',
  // A leading backslash says that the name behind the sum is escaped.
  read: (output) => /^\\?([0-9a-f]{64})\s/.exec(output)?.[1],
  async ofFile(path, signal) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash, { signal });
    return hash.digest('hex');
  },
};

/** POSIX `cksum`: in every container that has a shell. */
export const cksum: Checksum = {
  program: 'cksum',
  read: (output) => /^\d+ \d+(?=\s)/.exec(output)?.[0],
  async ofFile(path, signal) {
    let crc = 0;
    let bytes = 0;
    const sum = new Writable({
      write(chunk: Buffer, _encoding, done) {
        for (const byte of chunk) crc = step(crc, byte);
        bytes += chunk.length;
        done();
      },
    });
    await pipeline(createReadStream(path), sum, { signal });
    for (let rest = bytes; rest > 0; rest = Math.floor(rest / 256)) crc = step(crc, rest % 256);
    return `${~crc >>> 0} ${bytes}`;
  },
};

const POLYNOMIAL = 0x04c11db7;
const TABLE = Int32Array.from({ length: 256 }, (_, index) => {
  let remainder = index << 24;
  for (let bit = 0; bit < 8; bit++) remainder = remainder < 0 ? (remainder << 1) ^ POLYNOMIAL : remainder << 1;
  return remainder;
});

function step(crc: number, byte: number): number {
  return (crc << 8) ^ (TABLE[((crc >>> 24) ^ byte) & 0xff] ?? 0);
}
