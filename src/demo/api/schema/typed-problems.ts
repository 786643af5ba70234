import { isObject } from '../../../base/json.ts';
import { isList } from './json.ts';
import type { SchemaNode } from './node.ts';
import { itemElement, shapeOf } from './shape.ts';
import type { Json, ObjectSchema } from './types.ts';
import { isKnown } from './unknown-fields.ts';

/**
 * Why an applied configuration cannot be merged field by field: what the schema does not declare, values of another
 * type, items of keyed lists that are double or have no key. Paths as server-side apply writes them:
 * `.spec.containers[name="main"].foo: field not declared in schema`.
 */
export function typedProblems(schema: ObjectSchema, applied: Json): readonly string[] {
  return problemsIn(schema.root, applied, '');
}

function problemsIn(node: SchemaNode | undefined, value: unknown, path: string): string[] {
  if (node === undefined || value == null) return [];
  const wrong = wrongType(node, value);
  if (wrong !== undefined) return [`${path}: ${wrong}`];
  if (isList(value))
    return [
      ...itemProblems(node, value, path),
      ...value.flatMap((item, index) => problemsIn(node.items, item, `${path}[${itemText(node, item) ?? index}]`)),
    ];
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = `${path}.${key}`;
    return isKnown(node, key) ? problemsIn(node.child(key), inner, here) : [`${here}: field not declared in schema`];
  });
}

function wrongType(node: SchemaNode, value: unknown): string | undefined {
  if (node.quantity || node.intOrString) return undefined;
  switch (node.type) {
    case 'array':
      return isList(value) ? undefined : 'expected list';
    case 'object':
      return isObject(value) ? undefined : 'expected map';
    case 'string':
      return typeof value === 'string' ? undefined : 'expected string';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'expected boolean';
    case 'integer':
    case 'number':
      return typeof value === 'number' ? undefined : 'expected numeric (int or float)';
    case undefined:
      return undefined;
  }
}

function itemProblems(node: SchemaNode, items: readonly unknown[], path: string): string[] {
  if (shapeOf(node, items) !== 'list') return [];
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    if (node.listType === 'map' && !hasKey(node, item))
      return [`${path}: element ${index}: associative list with keys has an element that omits all key fields`];
    const element = itemElement(node, item);
    if (!seen.has(element)) {
      seen.add(element);
      return [];
    }
    return [`${path}: duplicate entries for key [${itemText(node, item) ?? `=${JSON.stringify(item)}`}]`];
  });
}

function hasKey(list: SchemaNode, item: unknown): boolean {
  return (
    list.listKeys.length === 0 ||
    list.listKeys.some(
      (key) => (isObject(item) && item[key] !== undefined) || list.items?.property(key)?.default !== undefined,
    )
  );
}

function itemText(list: SchemaNode, item: unknown): string | undefined {
  const { listKeys } = list;
  if (listKeys.length === 0 || !isObject(item)) return undefined;
  return listKeys
    .filter((key) => item[key] !== undefined)
    .map((key) => `${key}=${JSON.stringify(item[key])}`)
    .join(',');
}
