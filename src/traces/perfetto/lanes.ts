/** Lanes of a stream; also what a stream's id is multiplied with, so that its lanes follow it when threads sort by id. */
export const LANES = 16;

/** Enough to see what crosses, as events come nearly in order. */
const REMEMBERED = 64;

/** Slices that nest or stand apart. */
class Lane {
  #starts: number[] = [];
  #ends: number[] = [];
  #lastEnd = -Infinity;

  /** False when a slice that is here would cross it. */
  take(start: number, end: number): boolean {
    if (start < this.#lastEnd && this.#crosses(start, end)) return false;
    if (this.#starts.length === REMEMBERED) this.#forgetEarliest();
    this.#starts.push(start);
    this.#ends.push(end);
    this.#lastEnd = Math.max(this.#lastEnd, end);
    return true;
  }

  /** Two slices cross when the later one starts inside the earlier one and ends behind it; of equal starts the one that came first is the earlier. */
  #crosses(start: number, end: number): boolean {
    return this.#starts.some((otherStart, index) => {
      const otherEnd = this.#ends[index] ?? 0;
      return otherStart <= start ? start < otherEnd && end > otherEnd : otherStart < end && otherEnd > end;
    });
  }

  #forgetEarliest(): void {
    const earliest = this.#ends.indexOf(Math.min(...this.#ends));
    this.#starts.splice(earliest, 1);
    this.#ends.splice(earliest, 1);
  }
}

/** Distributes the slices of one stream so that none crosses another on its lane. */
export class StreamLanes {
  readonly #lanes: Lane[] = [];

  /** The lane for a slice, 0 for most; slices that find none stay on the last. */
  place(start: number, end: number): number {
    for (let index = 0; index < LANES; index++) {
      const lane = (this.#lanes[index] ??= new Lane());
      if (lane.take(start, end)) return index;
    }
    return LANES - 1;
  }
}
