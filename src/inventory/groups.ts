import { differingKeys } from './layered-map.ts';

/**
 * Values by what they belong to, kept from one snapshot to the next, so that a change costs what it changes. What comes out
 * is a function of the values alone; that a group stays the same array while nothing of it changes is all that is remembered.
 */
export class Groups<V> {
  readonly #groupOf: (value: V) => string | undefined;
  #values: ReadonlyMap<string, V> = new Map();
  #members = new Map<string, Map<string, V>>();
  #lists = new Map<string, readonly V[]>();

  /** `groupOf` answers undefined for what belongs to no group. */
  constructor(groupOf: (value: V) => string | undefined) {
    this.#groupOf = groupOf;
  }

  /** Each group in the order of its keys. Good until the next call. */
  of(values: ReadonlyMap<string, V>): ReadonlyMap<string, readonly V[]> {
    const differing = differingKeys(this.#values, values);
    if (!differing) this.#members.clear();
    const touched = new Set<string>();
    for (const key of differing ?? values.keys())
      this.#move(key, differing ? this.#values.get(key) : undefined, values.get(key), touched);
    this.#values = values;
    if (!differing) for (const group of this.#lists.keys()) touched.add(group);
    for (const group of touched) this.#gather(group);
    return this.#lists;
  }

  #move(key: string, before: V | undefined, after: V | undefined, touched: Set<string>): void {
    const from = before === undefined ? undefined : this.#groupOf(before);
    const to = after === undefined ? undefined : this.#groupOf(after);
    if (from !== undefined) {
      touched.add(from);
      this.#members.get(from)?.delete(key);
    }
    if (to === undefined || after === undefined) return;
    touched.add(to);
    const members = this.#members.get(to);
    if (members) members.set(key, after);
    else this.#members.set(to, new Map([[key, after]]));
  }

  #gather(group: string): void {
    const members = this.#members.get(group);
    if (!members || members.size === 0) {
      this.#members.delete(group);
      this.#lists.delete(group);
      return;
    }
    const list = [...members].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
    const before = this.#lists.get(group);
    if (before?.length !== list.length || list.some((value, place) => value !== before[place]))
      this.#lists.set(group, list);
  }
}
