import { availableParallelism, totalmem } from 'node:os';

const GB = 2 ** 30;

/** What one reader may take of the machine. */
export interface ReaderLimits {
  /** V8's heap, in MB: what is built of a file. The process dies when it needs more. */
  readonly heapMegabytes: number;
  /** All that is resident, in bytes, buffers and WebAssembly included. The reader watches it itself and gives the file up. */
  readonly residentBytes: number;
}

/** A trace of 1 GB takes 250 MB and the largest known result files less than 1 GB; more than half of the machine would stop all else on it. */
export const READER_LIMITS: ReaderLimits = { heapMegabytes: 2048, residentBytes: Math.min(4 * GB, totalmem() / 2) };

/** Reading keeps one core busy. */
export const READERS_AT_ONCE = Math.min(8, availableParallelism());

/** A reader that is left with more, in bytes, is ended: what one file has filled must not count against the next. */
export const LEFT_OVER_BYTES = GB / 2;

/** Bytes of an answer. Summaries are some 100 kB; what is larger would stop the window that takes it in. */
export const LARGEST_ANSWER = 32 << 20;

/** The next file mostly comes within a few seconds; a process of 60 MB need not wait for longer. */
export const IDLE_MS = 20_000;

/** Inflating at 1 GB/s fills no more than the limits leave room for. */
export const WATCH_MS = 100;
