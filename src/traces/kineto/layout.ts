// What the host knows of the scanner's memory. The other half of this contract is `src/traces/assemblyscript/`.

/** Functions of `kineto.wasm`. Addresses and counts are unsigned: apply `>>> 0`. */
export interface ScannerExports {
  readonly memory: WebAssembly.Memory;
  init(bytes: number): number;
  reserve(bytes: number): number;
  feed(length: number): number;
  finish(length: number): number;
  getState(): number;
  getHead(): number;
  getHeadLength(): number;
  getSkippedSpans(): number;
  getSkippedBytes(): number;
  getNames(): number;
  getCategories(): number;
  getPhases(): number;
  getLanes(): number;
  getEventCount(): number;
  getEventsWithoutCategory(): number;
  getEventsWithoutPhase(): number;
  getUnreadableTimes(): number;
  getFirstStart(): bigint;
  getLastEnd(): bigint;
  getRowCount(): number;
  getBlockCount(): number;
  getBlockDirectory(): number;
  getBaseTime(): bigint;
  getFarRows(): number;
}

/** Where in the document the scan stands: `scanner/scan.ts`. */
export const ScanState = { beforeEvents: 0, inEvents: 1, afterEvents: 2, noEvents: 3, invalid: 4 } as const;

/** What a row is: `scanner/categories.ts`. 0 is a row whose time could not be used. */
export const EventClass = {
  none: 0,
  kernel: 1,
  memcpy: 2,
  memset: 3,
  annotation: 4,
  gpuAnnotation: 5,
  launch: 6,
} as const;

export function isGpuWork(eventClass: number): boolean {
  return eventClass >= EventClass.kernel && eventClass <= EventClass.memset;
}

/** A row without correlation. */
export const NO_CORRELATION = 0xffffffff;

/** `scanner/rows.ts`: rows of a block, and where in it a column starts. */
const ROWS = 32768;
export const Block = {
  rows: ROWS,
  start: 0,
  duration: ROWS * 8,
  name: ROWS * 16,
  correlation: ROWS * 20,
  device: ROWS * 24,
  stream: ROWS * 28,
  class: ROWS * 32,
} as const;

/** `scanner/intern.ts`: u32 fields of an entry. */
export const Entry = { words: 6, text: 0, length: 1, count: 4 } as const;
