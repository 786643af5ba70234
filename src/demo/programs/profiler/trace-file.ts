import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import type { IFileSystem } from 'just-bash';

/** Pieces are gathered to about this many characters before they are compressed. */
const PIECE_CHARS = 200_000;
/** Compressed bytes are added to the file in portions of about this size. */
const PORTION_BYTES = 64 * 1024;

type TraceFiles = Pick<IFileSystem, 'writeFile' | 'appendFile'>;

/**
 * Compresses text to a file, which is there under its final name from the start and grows, as PyTorch's does.
 * Between pieces other work gets its turn. Rejects as the file system does; what was written until then stays.
 */
export async function writeGzip(fs: TraceFiles, path: string, pieces: Iterable<string>): Promise<void> {
  await fs.writeFile(path, new Uint8Array());
  await pipeline(Readable.from(gathered(pieces)), createGzip({ level: 6 }), (gzip: AsyncIterable<Buffer>) =>
    appendPortions(fs, path, gzip),
  );
}

async function appendPortions(fs: TraceFiles, path: string, gzip: AsyncIterable<Buffer>): Promise<void> {
  let portion: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of gzip) {
    portion.push(chunk);
    bytes += chunk.length;
    if (bytes < PORTION_BYTES) continue;
    await fs.appendFile(path, Buffer.concat(portion));
    portion = [];
    bytes = 0;
  }
  await fs.appendFile(path, Buffer.concat(portion));
}

async function* gathered(pieces: Iterable<string>): AsyncGenerator<string, void> {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < PIECE_CHARS) continue;
    yield text;
    text = '';
    await nextTurn();
  }
  yield text;
}
