import { isObject } from '../../../base/json.ts';
import { isLeftOut } from './go-json.ts';
import { setKey } from './json.ts';
import type { SchemaNode } from './node.ts';
import type { Json, ObjectSchema } from './types.ts';

/** Paths of the fields that the schema does not know, as the server names them: `spec.containers[0].bar`. */
export function unknownFields(schema: ObjectSchema, object: Json): readonly string[] {
  return unknownIn(schema.root, object, '');
}

/** The object without fields that the schema does not know. A compiled-in kind also loses what its types leave out when it is empty. */
export function prune(schema: ObjectSchema, object: Json): Json {
  const pruned = pruneValue(schema.root, object, schema.native);
  return isObject(pruned) ? pruned : object;
}

const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

/** Whether the schema has a place for a key of the node. */
export function isKnown(node: SchemaNode, key: string): boolean {
  return (
    node.child(key) !== undefined || node.preservesUnknown || node.untyped || (node.embedded && OBJECT_FIELDS.has(key))
  );
}

function unknownIn(node: SchemaNode | undefined, value: unknown, path: string): string[] {
  if (node === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => unknownIn(node.items, item, `${path}[${index}]`));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = path === '' ? key : `${path}.${key}`;
    return isKnown(node, key) ? unknownIn(node.child(key), inner, here) : [here];
  });
}

function pruneValue(node: SchemaNode | undefined, value: unknown, native: boolean): unknown {
  if (node === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => pruneValue(node.items, item, native));
  if (!isObject(value)) return value;
  const kept: Json = {};
  for (const [key, inner] of Object.entries(value)) {
    if (!isKnown(node, key)) continue;
    const child = node.child(key);
    if (native && isLeftOut(node, key, inner)) continue;
    setKey(kept, key, pruneValue(child, inner, native));
  }
  return kept;
}
