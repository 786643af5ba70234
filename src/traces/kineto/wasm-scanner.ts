import { readColumns, readTable, type Columns, type CountedText } from './columns.ts';
import { ScanState, type ScannerExports } from './layout.ts';
import { readMetadata } from './metadata.ts';
import type { Nanoseconds, TraceMeta } from '../types.ts';

const INITIAL_BUFFER = 1 << 20;
/** Head and tail of a trace are kilobytes; an object that has nothing but other keys for this long is no trace. */
const MAX_AROUND_EVENTS = 16 << 20;

/** How a document ended. `cut`: before its end; `other`: JSON of something else; `invalid`: no JSON object. */
export type DocumentEnd = 'complete' | 'cut' | 'other' | 'invalid';

export interface Skipped {
  readonly spans: number;
  readonly bytes: number;
}

/** All that a summary needs of a trace. */
export interface ScannedTrace {
  readonly jsonBytes: number;
  readonly events: number;
  readonly categories: readonly CountedText[];
  readonly phases: readonly CountedText[];
  readonly names: readonly string[];
  readonly lanes: readonly string[];
  readonly columns: Columns;
  /** Absolute ns of offset 0. */
  readonly base: bigint;
  /** Absolute ns; undefined without any complete event. */
  readonly bounds: { readonly first: Nanoseconds; readonly last: Nanoseconds } | undefined;
  readonly meta: TraceMeta;
  readonly metaSound: boolean;
  readonly skipped: Skipped;
  /** Events with a time that does not fit 64 bits, or 52 days and more away from the others. */
  readonly unusableTimes: number;
  readonly textsWithBadUtf8: number;
}

/** Feeds one trace to one instance of the WASM scanner, in chunks of any size. */
export class KinetoScanner {
  readonly #wasm: ScannerExports;
  #input: number;
  #capacity = INITIAL_BUFFER;
  #waiting = 0;
  #bytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;

  constructor(module: WebAssembly.Module) {
    const instance = new WebAssembly.Instance(module, { env: { abort: () => undefined } });
    this.#wasm = instance.exports as unknown as ScannerExports;
    this.#input = this.#wasm.init(this.#capacity) >>> 0;
  }

  /** False as soon as more bytes can't change the outcome: it is no trace. */
  push(chunk: Uint8Array): boolean {
    this.#bytes += chunk.length;
    let from = 0;
    while (from < chunk.length) {
      if (this.#state !== ScanState.beforeEvents && this.#state !== ScanState.inEvents)
        return this.#keepTail(chunk.subarray(from));
      const count = Math.min(chunk.length - from, this.#capacity - this.#waiting);
      this.#memory(this.#waiting, count).set(chunk.subarray(from, from + count));
      from += count;
      this.#waiting = this.#wasm.feed(this.#waiting + count) >>> 0;
      if (this.#state === ScanState.beforeEvents && this.#waiting > MAX_AROUND_EVENTS) return false;
      this.#takeTail();
      if (this.#waiting > this.#capacity / 2) this.#growInput();
    }
    return true;
  }

  /** Ends the scan. Call once. */
  finish(): DocumentEnd {
    this.#waiting = this.#wasm.finish(this.#waiting) >>> 0;
    this.#takeTail();
    switch (this.#state) {
      case ScanState.afterEvents:
        return this.#tailText().trimEnd().endsWith('}') ? 'complete' : 'cut';
      case ScanState.inEvents:
        return 'cut';
      case ScanState.beforeEvents:
        return this.#endBeforeEvents();
      case ScanState.noEvents:
        return this.#tailBytes > MAX_AROUND_EVENTS || this.#tailIsJson() ? 'other' : 'invalid';
      default:
        return this.#tailBytes <= MAX_AROUND_EVENTS && this.#tailIsJson() ? 'other' : 'invalid';
    }
  }

  /** What was read; only after `finish`. */
  result(): ScannedTrace {
    const wasm = this.#wasm;
    const { meta, sound } = readMetadata(
      this.#text(wasm.getHead() >>> 0, wasm.getHeadLength() >>> 0),
      this.#tailText(),
    );
    let textsWithBadUtf8 = 0;
    const table = (address: number): readonly CountedText[] => readTable(wasm, address, () => textsWithBadUtf8++);
    const textsOf = (address: number): readonly string[] => table(address).map((entry) => entry.text);
    const first = wasm.getFirstStart();
    const last = wasm.getLastEnd();
    return {
      jsonBytes: this.#bytes,
      events: wasm.getEventCount() >>> 0,
      categories: [...table(wasm.getCategories()), { text: 'None', count: wasm.getEventsWithoutCategory() >>> 0 }],
      phases: [...table(wasm.getPhases()), { text: 'None', count: wasm.getEventsWithoutPhase() >>> 0 }],
      names: textsOf(wasm.getNames()),
      lanes: textsOf(wasm.getLanes()),
      columns: readColumns(wasm),
      base: wasm.getBaseTime(),
      bounds: first !== INT64_MAX ? { first: compact(first), last: compact(last) } : undefined,
      meta,
      metaSound: sound,
      skipped: { spans: wasm.getSkippedSpans() >>> 0, bytes: wasm.getSkippedBytes() },
      unusableTimes: (wasm.getUnreadableTimes() >>> 0) + (wasm.getFarRows() >>> 0),
      textsWithBadUtf8,
    };
  }

  get #state(): number {
    return this.#wasm.getState();
  }

  #memory(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.#wasm.memory.buffer, this.#input + offset, length);
  }

  #text(address: number, length: number): string {
    return Buffer.from(this.#wasm.memory.buffer, address, length).toString('utf8');
  }

  #growInput(): void {
    this.#capacity *= 2;
    this.#input = this.#wasm.reserve(this.#capacity) >>> 0;
  }

  /** What the scanner left over, behind the events or of a document that has none, is the tail's start. */
  #takeTail(): void {
    if (this.#state === ScanState.beforeEvents || this.#state === ScanState.inEvents || this.#waiting === 0) return;
    this.#keepTail(this.#memory(0, this.#waiting));
    this.#waiting = 0;
  }

  #keepTail(bytes: Uint8Array): boolean {
    this.#tailBytes += bytes.length;
    this.#tail.push(Buffer.from(bytes));
    return this.#tailBytes <= MAX_AROUND_EVENTS;
  }

  #tailText(): string {
    return Buffer.concat(this.#tail).toString('utf8');
  }

  /** The text ended, or was given up, among the outermost keys. */
  #endBeforeEvents(): DocumentEnd {
    if (this.#waiting > MAX_AROUND_EVENTS) return 'other';
    return this.#text(this.#input, this.#waiting).trim() === '' ? 'invalid' : 'cut';
  }

  /** A document without events was kept as a whole: whether it is JSON. */
  #tailIsJson(): boolean {
    try {
      JSON.parse(this.#tailText());
      return true;
    } catch (error) {
      if (error instanceof SyntaxError) return false;
      throw error;
    }
  }
}

const INT64_MAX = 0x7fff_ffff_ffff_ffffn;

/** A number where a double holds it exactly. */
export function compact(value: bigint): Nanoseconds {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
