import { isObject } from '../../base/json.ts';
import type { ObjectSchema } from './schema/index.ts';

/** A field's path as server-side apply writes it, items of keyed lists by their keys: `.spec.containers[name="main"].foo`. */
export function typedPath(schema: ObjectSchema, object: unknown, path: string): string {
  let node: ObjectSchema['root'] | undefined = schema.root;
  let value = object;
  let text = '';
  for (const [, key, index] of path.matchAll(/([^.[\]]+)(?=[.[]|$)|\[(\d+)\]/g)) {
    if (index === undefined) {
      text += `.${key ?? ''}`;
      node = node?.child(key ?? '');
      value = isObject(value) ? value[key ?? ''] : undefined;
      continue;
    }
    const item: unknown = Array.isArray(value) ? value[Number(index)] : undefined;
    text += `[${itemKeys(node?.listKeys ?? [], item) ?? index}]`;
    node = node?.items;
    value = item;
  }
  return text;
}

function itemKeys(keys: readonly string[], item: unknown): string | undefined {
  if (keys.length === 0 || !isObject(item)) return undefined;
  return keys.filter((key) => item[key] !== undefined).map((key) => `${key}=${JSON.stringify(item[key])}`).join(',');
}
