const NEWLINE = 0x0a;

/** Cuts a byte stream into lines without splitting a UTF-8 character that spans two chunks. Of a line that is too long, the end is left out, and its text says so. */
export class LineSplitter {
  readonly #longest: number;
  #pending: Buffer[] = [];
  #keptBytes = 0;
  #pendingBytes = 0;

  constructor(longestBytes: number) {
    this.#longest = longestBytes;
  }

  /** Bytes of the line that has begun and not ended, with those that were left out. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** The lines that this chunk completes, without their newline. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      lines.push(this.#complete(chunk.subarray(start, end)));
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
    return lines;
  }

  /** What came after the last newline. */
  rest(): string {
    return this.#complete(Buffer.alloc(0));
  }

  #keep(piece: Buffer): void {
    const kept = piece.subarray(0, this.#longest - this.#keptBytes);
    if (kept.length > 0) this.#pending.push(kept);
    this.#keptBytes += kept.length;
    this.#pendingBytes += piece.length;
  }

  #complete(tail: Buffer): string {
    if (this.#pending.length === 0 && tail.length <= this.#longest) return tail.toString('utf8');
    this.#keep(tail);
    const text = Buffer.concat(this.#pending).toString('utf8');
    const leftOut = this.#pendingBytes - this.#keptBytes;
    this.#pending = [];
    this.#keptBytes = 0;
    this.#pendingBytes = 0;
    return leftOut === 0 ? text : `${text} [${leftOut} bytes more of this line are left out]`;
  }
}
