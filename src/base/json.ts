import type { Item, PathTo, ValueAt } from './json-path.ts';

/** JSON as it comes from outside, before a schema has looked at it. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The value at a path of keys, or undefined as soon as something on the way is no object. Of a value whose type is known
 * (`Pod`) the compiler takes only paths that the type has. Nothing is believed of it at run time: what is found may be
 * anything, so read on with these, which look.
 */
export function at<T, const Path extends readonly string[]>(
  value: T,
  ...path: PathTo<unknown, T, Path>
): ValueAt<T, Path> | undefined {
  return found(value, path) as ValueAt<T, Path> | undefined;
}

export function stringAt<T, const Path extends readonly string[]>(
  value: T,
  ...path: PathTo<string, T, Path>
): string | undefined {
  const leaf = found(value, path);
  return typeof leaf === 'string' ? leaf : undefined;
}

export function numberAt<T, const Path extends readonly string[]>(
  value: T,
  ...path: PathTo<number, T, Path>
): number | undefined {
  const leaf = found(value, path);
  return typeof leaf === 'number' ? leaf : undefined;
}

/** The items of a list, none where there is no list. An item may be anything, whatever its type says. */
export function arrayAt<T, const Path extends readonly string[]>(
  value: T,
  ...path: PathTo<readonly unknown[], T, Path>
): readonly Item<ValueAt<T, Path>>[] {
  const leaf = found(value, path);
  return Array.isArray(leaf) ? (leaf as readonly Item<ValueAt<T, Path>>[]) : [];
}

/** A map of strings to strings, such as labels; entries of another type are left out. */
export function stringMapAt<T, const Path extends readonly string[]>(
  value: T,
  ...path: PathTo<Readonly<Record<string, string>>, T, Path>
): Readonly<Record<string, string>> {
  const leaf = found(value, path);
  if (!isObject(leaf)) return {};
  return Object.fromEntries(
    Object.entries(leaf).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function found(value: unknown, path: readonly string[]): unknown {
  let here = value;
  for (const key of path) {
    if (!isObject(here)) return undefined;
    here = here[key];
  }
  return here;
}
