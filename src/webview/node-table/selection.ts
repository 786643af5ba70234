/** Which rows are selected, by name, as lists of VS Code do it: a click selects one, Shift a range, Ctrl or Cmd one more. */
export class Selection {
  #names: ReadonlySet<string>;
  /** Where a range begins. */
  #anchor: string | undefined;
  /** The row that has the keyboard. */
  focused: string | undefined;

  constructor(names: readonly string[] = [], focused?: string) {
    this.#names = new Set(names);
    this.#anchor = focused;
    this.focused = focused;
  }

  get names(): ReadonlySet<string> {
    return this.#names;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** This row alone. */
  only(name: string): void {
    this.#names = new Set([name]);
    this.#anchor = name;
    this.focused = name;
  }

  toggle(name: string): void {
    const names = new Set(this.#names);
    if (!names.delete(name)) names.add(name);
    this.#names = names;
    this.#anchor = name;
    this.focused = name;
  }

  /** From the anchor to this row, in the order in which rows are shown. */
  extend(name: string, shown: readonly string[]): void {
    const from = Math.max(0, shown.indexOf(this.#anchor ?? name));
    const to = shown.indexOf(name);
    this.#names = new Set(shown.slice(Math.min(from, to), Math.max(from, to) + 1));
    this.focused = name;
  }

  all(shown: readonly string[]): void {
    this.#names = new Set(shown);
  }

  clear(): void {
    this.#names = new Set();
  }
}
