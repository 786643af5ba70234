/** Disjoint half-open intervals [start, end) in rising order, flat: start, end, start, end… Integer ns, exact. */
export type Intervals = Float64Array;

/** Collects intervals that come in the order of their starts, and joins those that touch. */
export class IntervalBuilder {
  #bounds: Float64Array;
  #length = 0;

  /** `capacity`: the most intervals that may come. */
  constructor(capacity: number) {
    this.#bounds = new Float64Array(capacity * 2);
  }

  add(start: number, end: number): void {
    if (end <= start) return;
    const last = this.#length - 1;
    if (last > 0 && start <= (this.#bounds[last] ?? 0)) {
      if (end > (this.#bounds[last] ?? 0)) this.#bounds[last] = end;
      return;
    }
    this.#bounds[this.#length] = start;
    this.#bounds[this.#length + 1] = end;
    this.#length += 2;
  }

  build(): Intervals {
    return this.#bounds.subarray(0, this.#length);
  }
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

/** What lies in either. */
export function union(a: Intervals, b: Intervals): Intervals {
  const joined = new IntervalBuilder((a.length + b.length) / 2);
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (j >= b.length || (i < a.length && (a[i] ?? 0) <= (b[j] ?? 0))) {
      joined.add(a[i] ?? 0, a[i + 1] ?? 0);
      i += 2;
    } else {
      joined.add(b[j] ?? 0, b[j + 1] ?? 0);
      j += 2;
    }
  }
  return joined.build();
}
