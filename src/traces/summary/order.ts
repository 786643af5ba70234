import type { Columns } from '../kineto/columns.ts';

/**
 * The rows by start, then by duration. Traces are written nearly in order, so this merges the runs that are already there:
 * nothing to do for a sorted trace, and no worse than any other sort for a shuffled one.
 */
export function inOrder(rows: Uint32Array, columns: Columns): Uint32Array {
  let from: Uint32Array = rows;
  let runs = ascendingRuns(from, columns);
  if (runs.length <= 2) return from;
  let to: Uint32Array = new Uint32Array(rows.length);
  while (runs.length > 2) {
    const merged = [0];
    for (let run = 0; run + 1 < runs.length; run += 2) {
      const start = runs[run] ?? 0;
      const middle = runs[run + 1] ?? rows.length;
      const end = runs[run + 2] ?? middle;
      mergeRuns(from, to, start, middle, end, columns);
      merged.push(end);
    }
    [from, to] = [to, from === rows ? new Uint32Array(rows.length) : from];
    runs = merged;
  }
  return from;
}

/** Borders of the runs, from 0 to the number of rows. */
function ascendingRuns(rows: Uint32Array, columns: Columns): number[] {
  const borders = [0];
  for (let i = 1; i < rows.length; i++) if (isAfter(columns, rows[i - 1] ?? 0, rows[i] ?? 0)) borders.push(i);
  if (rows.length > 0) borders.push(rows.length);
  return borders;
}

function mergeRuns(
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  middle: number,
  end: number,
  columns: Columns,
): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takeRight = left >= middle || (right < end && isAfter(columns, from[left] ?? 0, from[right] ?? 0));
    to[at] = (takeRight ? from[right++] : from[left++]) ?? 0;
  }
}

function isAfter(columns: Columns, a: number, b: number): boolean {
  const startA = columns.start[a] ?? 0;
  const startB = columns.start[b] ?? 0;
  if (startA !== startB) return startA > startB;
  return (columns.duration[a] ?? 0) > (columns.duration[b] ?? 0);
}
