import { isObject } from '../../../../base/json.ts';
import type { Json } from '../types.ts';

/** The object with these values where it has none. */
export function fill(value: unknown, defaults: Json): Json {
  return isObject(value) ? { ...defaults, ...value } : { ...defaults };
}

/** Changes the object at a key, where there is one. */
export function within(object: Json, key: string, change: (inner: Json) => Json): Json {
  const inner = object[key];
  return isObject(inner) ? { ...object, [key]: change(inner) } : object;
}

/** Changes each object of a list at a key, where there is one. */
export function each(object: Json, key: string, change: (item: Json) => Json): Json {
  const items = object[key];
  return Array.isArray(items)
    ? { ...object, [key]: items.map((item: unknown) => (isObject(item) ? change(item) : item)) }
    : object;
}
