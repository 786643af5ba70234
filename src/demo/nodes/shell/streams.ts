import { Writable } from 'node:stream';

const sliceBytes = 256 * 1024;

/** Writes bytes in slices and waits for a slow reader. A reader that has gone swallows the rest, as `kubectl exec` does. */
export async function writeAll(stream: Writable, bytes: Uint8Array): Promise<void> {
  for (let start = 0; start < bytes.length && stream.writable; start += sliceBytes) {
    if (!stream.write(bytes.subarray(start, start + sliceBytes))) await drained(stream);
  }
}

export function writeText(stream: Writable, text: string): Promise<void> {
  return writeAll(stream, Buffer.from(text));
}

/** Resolves when everything written so far has been taken, or never will be. */
export function flushed(stream: Writable): Promise<void> {
  if (!stream.writable) return Promise.resolve();
  return new Promise((resolve) => {
    stream.write(Buffer.alloc(0), () => resolve());
  });
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      stream.off('error', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
    stream.on('error', done);
  });
}

/** Everything that a stream still has to say. */
export async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

/** Collects what is written. */
export class Collector extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    done();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** Calls back for each whole line; `flush` gives a last line that has no end. */
export class LineWriter extends Writable {
  readonly #line: (line: string) => void;
  #pending = Buffer.alloc(0);

  constructor(line: (line: string) => void) {
    super();
    this.#line = line;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    let rest = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#line(rest.toString('utf8', 0, end));
      rest = rest.subarray(end + 1);
    }
    this.#pending = Buffer.from(rest);
    done();
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    this.#line(this.#pending.toString());
    this.#pending = Buffer.alloc(0);
  }
}
