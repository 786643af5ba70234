import { Block, Entry, type ScannerExports } from './layout.ts';

/** Kept events, a column a field. Starts are integer ns from `base`, exact in a double. */
export interface Columns {
  readonly rows: number;
  readonly start: Float64Array;
  readonly duration: Float64Array;
  /** Index into `names`. */
  readonly name: Uint32Array;
  /** An id, or NO_CORRELATION. */
  readonly correlation: Uint32Array;
  /** Indices into `lanes`. */
  readonly device: Uint32Array;
  readonly stream: Uint32Array;
  /** EventClass. */
  readonly class: Uint8Array;
}

/** A text of a table and how often it was counted. */
export interface CountedText {
  readonly text: string;
  readonly count: number;
}

export function readColumns(scanner: ScannerExports): Columns {
  const rows = scanner.getRowCount() >>> 0;
  const blocks = new Uint32Array(
    scanner.memory.buffer,
    scanner.getBlockDirectory() >>> 0,
    scanner.getBlockCount() >>> 0,
  );
  const columns: Columns = {
    rows,
    start: new Float64Array(rows),
    duration: new Float64Array(rows),
    name: new Uint32Array(rows),
    correlation: new Uint32Array(rows),
    device: new Uint32Array(rows),
    stream: new Uint32Array(rows),
    class: new Uint8Array(rows),
  };
  blocks.forEach((address, index) => {
    const first = index * Block.rows;
    const count = Math.min(Block.rows, rows - first);
    const { buffer } = scanner.memory;
    columns.start.set(new Float64Array(buffer, address + Block.start, count), first);
    columns.duration.set(new Float64Array(buffer, address + Block.duration, count), first);
    columns.name.set(new Uint32Array(buffer, address + Block.name, count), first);
    columns.correlation.set(new Uint32Array(buffer, address + Block.correlation, count), first);
    columns.device.set(new Uint32Array(buffer, address + Block.device, count), first);
    columns.stream.set(new Uint32Array(buffer, address + Block.stream, count), first);
    columns.class.set(new Uint8Array(buffer, address + Block.class, count), first);
  });
  return columns;
}

/** The texts of a table, in the order of their ids; `badUtf8` is called for each that is no UTF-8. */
export function readTable(scanner: ScannerExports, address: number, badUtf8: () => void): readonly CountedText[] {
  const { buffer } = scanner.memory;
  const [entries = 0, size = 0] = new Uint32Array(buffer, address >>> 0, 2);
  const words = new Uint32Array(buffer, entries, size * Entry.words);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return Array.from({ length: size }, (_, id) => {
    const at = id * Entry.words;
    const text = decoder.decode(new Uint8Array(buffer, words[at + Entry.text] ?? 0, words[at + Entry.length] ?? 0));
    if (text.includes('\uFFFD')) badUtf8();
    return { text, count: words[at + Entry.count] ?? 0 };
  });
}
