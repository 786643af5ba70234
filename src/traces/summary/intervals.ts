/** Disjoint half-open intervals [start, end) in rising order, flat: start, end, start, end… Integer ns, exact. */
export type Intervals = Float64Array;

/** The time that events cover, one or more at once. `rows` are in the order of their starts; offsets and durations in ns. */
export function coveredTime(rows: Uint32Array, starts: Float64Array, durations: Float64Array): Intervals {
  const bounds = new Float64Array(rows.length * 2);
  let length = 0;
  let end = -Infinity;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0;
    const start = starts[row] ?? 0;
    const until = start + (durations[row] ?? 0);
    if (until <= start) continue;
    if (start > end) {
      bounds[length] = start;
      length += 2;
    } else if (until <= end) {
      continue;
    }
    end = until;
    bounds[length - 1] = end;
  }
  return bounds.subarray(0, length);
}

/** The summed length. */
export function measure(intervals: Intervals): number {
  let total = 0;
  for (let i = 0; i < intervals.length; i += 2) total += (intervals[i + 1] ?? 0) - (intervals[i] ?? 0);
  return total;
}

/** The summed length of what lies in both. */
export function measureOfOverlap(a: Intervals, b: Intervals): number {
  let i = 0;
  let j = 0;
  let total = 0;
  while (i < a.length && j < b.length) {
    const endA = a[i + 1] ?? 0;
    const endB = b[j + 1] ?? 0;
    const start = Math.max(a[i] ?? 0, b[j] ?? 0);
    const end = Math.min(endA, endB);
    if (end > start) total += end - start;
    if (endA < endB) i += 2;
    else j += 2;
  }
  return total;
}
