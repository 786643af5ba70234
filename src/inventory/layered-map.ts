/** A layer of more changes than this share of the whole is merged into a base of its own. */
const LARGEST_LAYER = 1 / 64;
const SMALLEST_LIMIT = 64;

/** Entries that are shared by all maps with layers on them. `before` names the base that they were made of, and the keys that were set or removed on the way. */
interface Base<K, V> {
  readonly id: symbol;
  readonly entries: ReadonlyMap<K, V>;
  readonly before?: { readonly id: symbol; readonly keys: readonly K[] };
}

/**
 * A map that never changes and whose successor with a few changes costs those few: of ten thousand entries only the
 * changed ones are copied. Entries keep their place; new ones come last.
 */
export class LayeredMap<K, V> implements ReadonlyMap<K, V> {
  readonly #base: Base<K, V>;
  /** What differs from the base; undefined where an entry is gone. */
  readonly #layer: ReadonlyMap<K, V | undefined>;
  readonly size: number;
  #values: readonly V[] | undefined;

  private constructor(base: Base<K, V>, layer: ReadonlyMap<K, V | undefined>, size: number) {
    this.#base = base;
    this.#layer = layer;
    this.size = size;
  }

  /** Takes the map over: nobody may change it any more. */
  static of<K, V>(entries: ReadonlyMap<K, V> = new Map()): LayeredMap<K, V> {
    if (isLayered(entries)) return entries;
    return new LayeredMap<K, V>({ id: Symbol('base'), entries }, new Map(), entries.size);
  }

  /** The map with these entries set, or gone where the value is undefined. */
  with(changes: ReadonlyMap<K, V | undefined>): LayeredMap<K, V> {
    const layer = new Map(this.#layer);
    let { size } = this;
    for (const [key, value] of changes) {
      size += Number(value !== undefined) - Number(this.has(key));
      layer.set(key, value);
    }
    const next = new LayeredMap<K, V>(this.#base, layer, size);
    return layer.size > Math.max(SMALLEST_LIMIT, this.#base.entries.size * LARGEST_LAYER) ? next.#merged() : next;
  }

  #merged(): LayeredMap<K, V> {
    const before = { id: this.#base.id, keys: [...this.#layer.keys()] };
    return new LayeredMap<K, V>({ id: Symbol('base'), entries: new Map(this), before }, new Map(), this.size);
  }

  get(key: K): V | undefined {
    const value = this.#layer.get(key);
    return value !== undefined || this.#layer.has(key) ? value : this.#base.entries.get(key);
  }

  has(key: K): boolean {
    return this.#layer.has(key) ? this.#layer.get(key) !== undefined : this.#base.entries.has(key);
  }

  *entries(): Generator<[K, V], undefined> {
    for (const entry of this.#base.entries) {
      if (!this.#layer.has(entry[0])) {
        yield entry;
        continue;
      }
      const value = this.#layer.get(entry[0]);
      if (value !== undefined) yield [entry[0], value];
    }
    for (const [key, value] of this.#layer) if (value !== undefined && !this.#base.entries.has(key)) yield [key, value];
    return undefined;
  }

  *keys(): Generator<K, undefined> {
    for (const [key] of this.entries()) yield key;
    return undefined;
  }

  /** Asked for again and again by every report of a snapshot, so they are gathered once. */
  values(): ArrayIterator<V> {
    this.#values ??= this.#gathered();
    return this.#values.values();
  }

  [Symbol.iterator](): Generator<[K, V], undefined> {
    return this.entries();
  }

  forEach(act: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this.entries()) act(value, key, this);
  }

  /** Keys under which the two have different values; undefined where telling them would be a look at every entry. */
  static differing<K, V>(before: LayeredMap<K, V>, after: LayeredMap<K, V>): ReadonlySet<K> | undefined {
    if (before === after) return new Set();
    const merged = after.#base.before;
    const since = after.#base === before.#base ? [] : merged?.id === before.#base.id ? merged.keys : undefined;
    if (!since) return undefined;
    const keys = new Set<K>();
    for (const some of [since, before.#layer.keys(), after.#layer.keys()])
      for (const key of some) if (before.get(key) !== after.get(key)) keys.add(key);
    return keys;
  }

  #gathered(): readonly V[] {
    const values: V[] = [];
    this.#base.entries.forEach((old, key) => {
      const value = this.#layer.has(key) ? this.#layer.get(key) : old;
      if (value !== undefined) values.push(value);
    });
    for (const [key, value] of this.#layer) if (value !== undefined && !this.#base.entries.has(key)) values.push(value);
    return values;
  }
}

/** Keys under which two maps have different values; undefined where only a look at every entry could tell, as of maps that may have been changed in place. */
export function differingKeys<K, V>(before: ReadonlyMap<K, V>, after: ReadonlyMap<K, V>): ReadonlySet<K> | undefined {
  return isLayered(before) && isLayered(after) ? LayeredMap.differing(before, after) : undefined;
}

function isLayered<K, V>(map: ReadonlyMap<K, V>): map is LayeredMap<K, V> {
  return map instanceof LayeredMap;
}
