/** A layer of more changes than this share of the whole is merged into a base of its own. */
const LARGEST_LAYER = 1 / 16;
const SMALLEST_LIMIT = 64;

/**
 * A map that never changes and whose successor with a few changes costs those few: of ten thousand entries only the
 * changed ones are copied. Entries keep their place; new ones come last.
 */
export class LayeredMap<K, V> implements ReadonlyMap<K, V> {
  readonly #base: ReadonlyMap<K, V>;
  /** What differs from the base; undefined where an entry is gone. */
  readonly #layer: ReadonlyMap<K, V | undefined>;
  readonly size: number;
  #values: readonly V[] | undefined;

  /** Takes the map over: nobody may change it any more. */
  constructor(base: ReadonlyMap<K, V> = new Map(), layer: ReadonlyMap<K, V | undefined> = new Map()) {
    this.#base = base;
    this.#layer = layer;
    let size = base.size;
    for (const [key, value] of layer) size += Number(value !== undefined) - Number(base.has(key));
    this.size = size;
  }

  /** The map with these entries set, or gone where the value is undefined. */
  with(changes: ReadonlyMap<K, V | undefined>): LayeredMap<K, V> {
    const layer = new Map(this.#layer);
    for (const [key, value] of changes) layer.set(key, value);
    const next = new LayeredMap(this.#base, layer);
    return layer.size > Math.max(SMALLEST_LIMIT, this.#base.size * LARGEST_LAYER) ? new LayeredMap(new Map(next)) : next;
  }

  get(key: K): V | undefined {
    const value = this.#layer.get(key);
    return value !== undefined || this.#layer.has(key) ? value : this.#base.get(key);
  }

  has(key: K): boolean {
    return this.#layer.has(key) ? this.#layer.get(key) !== undefined : this.#base.has(key);
  }

  *entries(): Generator<[K, V], undefined> {
    for (const entry of this.#base) {
      if (!this.#layer.has(entry[0])) {
        yield entry;
        continue;
      }
      const value = this.#layer.get(entry[0]);
      if (value !== undefined) yield [entry[0], value];
    }
    for (const [key, value] of this.#layer) if (value !== undefined && !this.#base.has(key)) yield [key, value];
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

  #gathered(): readonly V[] {
    const values: V[] = [];
    this.#base.forEach((old, key) => {
      const value = this.#layer.has(key) ? this.#layer.get(key) : old;
      if (value !== undefined) values.push(value);
    });
    for (const [key, value] of this.#layer) if (value !== undefined && !this.#base.has(key)) values.push(value);
    return values;
  }
}
