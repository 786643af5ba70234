import { disposable, type Disposable } from '../../../base/disposables.ts';
import type { ApiObject } from '../base/object.ts';

/** One change of one object. `before` is absent for ADDED, `after` for DELETED, whose `object` is the last state with the deletion's version. */
export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  readonly collection: string;
  readonly key: string;
  readonly before: ApiObject | undefined;
  readonly object: ApiObject;
}

type StoreListener = (event: StoreEvent) => void;

export interface StoreSnapshot {
  readonly revision: number;
  readonly collections: Readonly<Record<string, readonly ApiObject[]>>;
}

/** How many changes are remembered for watches and paged lists that look back. */
const defaultHistory = 20_000;

/**
 * Versioned objects by collection (group and plural, for all versions of a kind) and key (`namespace/name`).
 * One counter gives every change its resourceVersion; the last changes are kept, so that a client can go on from where it was.
 */
export class Store {
  readonly #collections = new Map<string, Map<string, ApiObject>>();
  readonly #listeners = new Set<StoreListener>();
  readonly #historyLimit: number;
  #history: StoreEvent[] = [];
  #revision = 1;
  /** The oldest version from which nothing is forgotten. */
  #floor = 1;

  constructor(historyLimit: number = defaultHistory) {
    this.#historyLimit = historyLimit;
  }

  get revision(): number {
    return this.#revision;
  }

  get floor(): number {
    return this.#floor;
  }

  get(collection: string, key: string): ApiObject | undefined {
    return this.#collections.get(collection)?.get(key);
  }

  /** All objects of a collection by key, in key order as etcd lists them. */
  entries(collection: string): readonly (readonly [string, ApiObject])[] {
    const objects = this.#collections.get(collection);
    return objects === undefined ? [] : [...objects].sort(byKey);
  }

  collections(): readonly string[] {
    return [...this.#collections.keys()];
  }

  /** The collection as it was at a version, found by undoing what changed since; undefined when that is forgotten. */
  entriesAt(collection: string, revision: number): readonly (readonly [string, ApiObject])[] | undefined {
    if (revision < this.#floor) return undefined;
    if (revision >= this.#revision) return this.entries(collection);
    const objects = new Map(this.#collections.get(collection));
    for (const event of this.#history.toReversed()) {
      if (event.revision <= revision) break;
      if (event.collection !== collection) continue;
      if (event.before === undefined) objects.delete(event.key);
      else objects.set(event.key, event.before);
    }
    return [...objects].sort(byKey);
  }

  /** Stores the object under its key with the next version and tells the listeners. */
  put(collection: string, key: string, object: ApiObject): ApiObject {
    const objects = this.#open(collection);
    const before = objects.get(key);
    const stored = this.#stamp(object);
    objects.set(key, stored);
    this.#record({
      type: before === undefined ? 'ADDED' : 'MODIFIED',
      revision: this.#revision,
      collection,
      key,
      before,
      object: stored,
    });
    return stored;
  }

  remove(collection: string, key: string): ApiObject | undefined {
    const before = this.#collections.get(collection)?.get(key);
    if (before === undefined) return undefined;
    const last = this.#stamp(before);
    this.#collections.get(collection)?.delete(key);
    this.#record({ type: 'DELETED', revision: this.#revision, collection, key, before, object: last });
    return last;
  }

  /** Forgets a collection without a word to anyone: its kind is no longer served. */
  drop(collection: string): void {
    this.#collections.delete(collection);
  }

  /** The remembered changes of a collection after a version; undefined when some of them are forgotten. */
  since(collection: string, revision: number): readonly StoreEvent[] | undefined {
    if (revision < this.#floor) return undefined;
    return this.#history.filter((event) => event.revision > revision && event.collection === collection);
  }

  /** Called for every change, at once and in order. A listener must not write to the store from within. */
  listen(listener: StoreListener): Disposable {
    this.#listeners.add(listener);
    return disposable(() => this.#listeners.delete(listener));
  }

  /** Forgets the past, as etcd's compaction does: older watches and continue tokens get 410. */
  compact(): void {
    this.#history = [];
    this.#floor = this.#revision;
  }

  snapshot(): StoreSnapshot {
    const collections = Object.fromEntries(
      [...this.#collections].map(([name, objects]) => [name, [...objects].sort(byKey).map(([, object]) => object)]),
    );
    return { revision: this.#revision, collections };
  }

  /** Takes a saved state over. The past before it is unknown. */
  load(snapshot: StoreSnapshot): void {
    this.#collections.clear();
    for (const [collection, objects] of Object.entries(snapshot.collections)) {
      const target = this.#open(collection);
      for (const object of objects) target.set(keyOf(object.metadata.namespace, object.metadata.name), object);
    }
    this.#revision = snapshot.revision;
    this.compact();
  }

  #open(collection: string): Map<string, ApiObject> {
    const found = this.#collections.get(collection);
    if (found) return found;
    const made = new Map<string, ApiObject>();
    this.#collections.set(collection, made);
    return made;
  }

  #stamp(object: ApiObject): ApiObject {
    this.#revision += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
  }

  #record(event: StoreEvent): void {
    this.#history.push(event);
    if (this.#history.length > this.#historyLimit * 1.25) {
      const forgotten = this.#history.length - this.#historyLimit;
      this.#floor = this.#history[forgotten - 1]?.revision ?? this.#floor;
      this.#history = this.#history.slice(forgotten);
    }
    for (const listener of this.#listeners.values().toArray()) listener(event);
  }
}

export function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

function byKey(left: readonly [string, ApiObject], right: readonly [string, ApiObject]): number {
  return left[0] < right[0] ? -1 : left[0] > right[0] ? 1 : 0;
}
