/** How far back figures are kept. */
export const WINDOW_MS = 15 * 60_000;

/**
 * Figures by line and round: all lines share the rounds' times, so that what one round asked can be added up. The oldest
 * round is overwritten. NaN is a figure that is not known; a round that a line had no part in is NaN throughout.
 *
 * Memory is `lines x columns x rounds x 8` bytes: 64 ranks with 9 columns and a round every 5 s take 0.8 MB, every second 4.2 MB.
 */
export class History<Column extends string> {
  readonly #columns: readonly Column[];
  readonly #capacity: number;
  readonly #times: Float64Array;
  readonly #lines = new Map<string, Float64Array>();
  /** Rounds that have begun, the overwritten ones too. */
  #begun = 0;

  constructor(columns: readonly Column[], capacity: number) {
    this.#columns = columns;
    this.#capacity = capacity;
    this.#times = new Float64Array(capacity).fill(NaN);
  }

  /** Rounds that can be read; round `length - 1` is the newest. */
  get length(): number {
    return Math.min(this.#begun, this.#capacity);
  }

  get bytes(): number {
    return this.#times.byteLength + this.#lines.values().reduce((total, values) => total + values.byteLength, 0);
  }

  /** When a round began, in ms. */
  time(round: number): number {
    return this.#times[this.#slot(round)] ?? NaN;
  }

  begin(time: number): void {
    const slot = this.#begun % this.#capacity;
    this.#begun += 1;
    this.#times[slot] = time;
    for (const values of this.#lines.values())
      values.fill(NaN, slot * this.#columns.length, (slot + 1) * this.#columns.length);
  }

  /** Writes figures of the newest round. */
  record(line: string, figures: Readonly<Partial<Record<Column, number | undefined>>>): void {
    const values = this.#lines.get(line) ?? new Float64Array(this.#capacity * this.#columns.length).fill(NaN);
    this.#lines.set(line, values);
    const start = this.#slot(this.length - 1) * this.#columns.length;
    for (const [index, column] of this.#columns.entries()) {
      const figure = figures[column];
      if (figure !== undefined) values[start + index] = figure;
    }
  }

  value(line: string, column: Column, round: number): number {
    const values = this.#lines.get(line);
    if (values === undefined || round < 0 || round >= this.length) return NaN;
    return values[this.#slot(round) * this.#columns.length + this.#columns.indexOf(column)] ?? NaN;
  }

  /** Adds up a column over the rounds from `since` on in which it and `along` are known. NaN when there is none. */
  sum(line: string, column: Column, since: number, along: Column = column): number {
    let total = NaN;
    for (let round = this.length - 1; round >= 0 && this.time(round) >= since; round -= 1) {
      const value = this.value(line, column, round);
      if (Number.isNaN(value) || Number.isNaN(this.value(line, along, round))) continue;
      total = Number.isNaN(total) ? value : total + value;
    }
    return total;
  }

  /** Whether any round that is kept knows the column. */
  knows(line: string, column: Column): boolean {
    for (let round = this.length - 1; round >= 0; round -= 1)
      if (!Number.isNaN(this.value(line, column, round))) return true;
    return false;
  }

  forget(line: string): void {
    this.#lines.delete(line);
  }

  #slot(round: number): number {
    return (this.#begun - this.length + round) % this.#capacity;
  }
}
