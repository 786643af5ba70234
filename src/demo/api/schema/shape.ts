import { isObject } from '../../../base/json.ts';
import { canonicalJson } from './json.ts';
import type { SchemaNode } from './node.ts';

/** How ownership and merging see a value: as a whole (`leaf`), by keys (`map`), or by items that have an identity (`list`). */
export type Shape = 'leaf' | 'map' | 'list';

/**
 * The shape that the schema gives to a place. Where the schema is silent (a preserved unknown field),
 * objects merge by key and lists are replaced.
 */
export function shapeOf(node: SchemaNode | undefined, ...values: readonly unknown[]): Shape {
  if (node === undefined || (node.untyped && node.preservesUnknown))
    return values.some(isObject) && !values.some(Array.isArray) ? 'map' : 'leaf';
  if (node.type === 'array') return node.listType === 'atomic' ? 'leaf' : 'list';
  if (node.type !== 'object' || node.atomicMap || node.untyped) return 'leaf';
  return 'map';
}

/** The identity of a list's item as a path element. Keys that are absent count with their default (`protocol: TCP`). */
export function itemElement(list: SchemaNode, item: unknown): string {
  if (list.listType === 'set') return `v:${canonicalJson(item)}`;
  const keys: Record<string, unknown> = {};
  for (const key of list.listKeys) {
    const value = (isObject(item) ? item[key] : undefined) ?? list.items?.property(key)?.default;
    if (value !== undefined) keys[key] = value;
  }
  return `k:${canonicalJson(keys)}`;
}

export function fieldElement(key: string): string {
  return `f:${key}`;
}

/** Items by identity; of doubles the last stands. */
export function itemsByElement(list: SchemaNode, items: unknown): Map<string, unknown> {
  const found = new Map<string, unknown>();
  if (Array.isArray(items)) for (const item of items) found.set(itemElement(list, item), item);
  return found;
}
