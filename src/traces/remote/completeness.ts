// A profiler writes a trace to its final name, for minutes. What can be told from outside, without reading it all:

/** Bytes at the end of a file that `looksEnded` wants to see. */
export const TAIL_BYTES = 4096;

const GZIP_TRAILER = 8;
/** gzip makes a trace 13 to 30 times smaller. Far outside of that the last bytes are no trailer; a cut file passes once in hundreds. */
const BEST_RATIO = 200;
const ENDS = [/"traceName"[^{}]*\}\s*$/, /\]\s*\}\s*$/];

/** Whether the last bytes of a file of `bytes` could be the end of a whole trace. A file that still grows must be told by its size. */
export function looksEnded(path: string, bytes: number, tail: Buffer): boolean {
  if (!path.endsWith('.gz')) return ENDS.some((end) => end.test(tail.toString('latin1')));
  if (tail.length < GZIP_TRAILER) return false;
  const inflated = tail.readUInt32LE(tail.length - 4);
  // The trailer holds the size modulo 2^32, so a large file may show any value.
  const wraps = bytes * BEST_RATIO >= 2 ** 32;
  return wraps ? inflated > 0 : inflated >= bytes / 2 && inflated <= bytes * BEST_RATIO;
}
