import { isObject } from '../../../base/json.ts';
import { setKey } from './json.ts';
import type { SchemaNode } from './node.ts';
import { formatQuantity, parseQuantity } from '../../../kube/model/quantity.ts';
import type { Json } from './types.ts';

/**
 * A value of a native type as a Go program writes it that has read it: zero values that its JSON leaves out are gone,
 * structs and fields that its JSON always has are there, quantities are in their canonical form.
 */
export function asGoWrites(node: SchemaNode | undefined, value: unknown): unknown {
  if (node === undefined) return value;
  if (node.quantity) return canonicalQuantity(value);
  if (Array.isArray(value)) return value.map((item) => asGoWrites(node.items, item));
  if (!isObject(value)) return value;
  const written: Json = {};
  for (const [key, inner] of Object.entries(value)) {
    const child = node.child(key);
    if (inner === null || isLeftOut(node, key, inner)) continue;
    setKey(written, key, asGoWrites(child, inner));
  }
  for (const name of node.propertyNames) {
    const child = node.property(name);
    if (child === undefined || Object.hasOwn(written, name)) continue;
    if (isZero(child.default)) written[name] = asGoWrites(child, structuredClone(child.default));
    else if (node.required.includes(name) && child.type === 'array') written[name] = null;
  }
  return written;
}

/** What Go's JSON leaves out of an object: empty lists and maps, and zero values of fields that say so. A struct stays. */
export function isLeftOut(node: SchemaNode, key: string, value: unknown): boolean {
  if (node.required.includes(key)) return false;
  if (Array.isArray(value)) return value.length === 0;
  if (isObject(value)) return Object.keys(value).length === 0 && node.child(key)?.additional !== undefined;
  return (value === '' || value === 0 || value === false) && node.omitsZero(key);
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false || (isObject(value) && Object.keys(value).length === 0);
}

/** Typed quantities are stored as the server prints them, so that 1000m and 1 are the same value. */
export function canonicalQuantity(value: unknown): unknown {
  const quantity = parseQuantity(value);
  return quantity ? formatQuantity(quantity) : value;
}
