/** More different values than these are not worth remembering: then it starts again, and what is shared stays shared. */
const LIMIT = 20_000;

/**
 * One object for equal ones. Pods of one controller differ in a name, a node and an address; their labels, owner and
 * containers are the same ten thousand times over. Values are plain JSON and must not be changed by anyone.
 */
export class Sharing {
  readonly #known = new Map<string, unknown>();

  object<T extends object>(value: T): T {
    return this.#shared(JSON.stringify(value), value);
  }

  text(value: string): string {
    return this.#shared(value, value);
  }

  #shared<T>(key: string, value: T): T {
    const known = this.#known.get(key);
    // An object's key begins with a bracket or holds quotes, so that a text is taken for one only by being one.
    if (known !== undefined && typeof known === typeof value) return known as T;
    if (this.#known.size >= LIMIT) this.#known.clear();
    this.#known.set(key, value);
    return value;
  }
}
