import type { Writable } from 'node:stream';
import { InMemoryFs, type BufferEncoding, type FileContent } from 'just-bash';
import { writeAll } from './streams.ts';

type WriteOptions = { readonly encoding?: BufferEncoding } | BufferEncoding;

/** Work may go on this long before the event loop gets a turn: a script's busy loop must not stop the other pods. */
const turnMs = 25;

/** The device files `1` and `2` of a running script: what is appended goes to the client at once. */
export class StdioDevice extends InMemoryFs {
  readonly #stdout: Writable;
  readonly #stderr: Writable;
  #lastTurn = performance.now();

  constructor(stdout: Writable, stderr: Writable) {
    super({ '/1': '', '/2': '' });
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  override async appendFile(path: string, content: FileContent, options?: WriteOptions): Promise<void> {
    if (performance.now() - this.#lastTurn > turnMs) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#lastTurn = performance.now();
    }
    const bytes = toBytes(content, options);
    if (bytes.length > 0) await writeAll(path === '/2' ? this.#stderr : this.#stdout, bytes);
  }

  override writeFile(path: string, content: FileContent, options?: WriteOptions): Promise<void> {
    return this.appendFile(path, content, options);
  }
}

function toBytes(content: FileContent, options: WriteOptions | undefined): Buffer {
  if (typeof content !== 'string') return Buffer.from(content);
  const encoding = typeof options === 'string' ? options : options?.encoding;
  return Buffer.from(content, encoding ?? 'utf8');
}
