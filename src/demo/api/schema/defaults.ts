import { isObject } from '../../../base/json.ts';
import { canonicalQuantity, isLeftOut } from './go-json.ts';
import { kindDefaults } from './kind-defaults.ts';
import { setKey } from './json.ts';
import type { SchemaNode } from './node.ts';
import type { Json, ObjectSchema } from './types.ts';

/** The object with the schema's defaults and those that the server's own code sets for the kind. Idempotent. */
export function applyDefaults(schema: ObjectSchema, object: Json): Json {
  const filled = withDefaults(schema.root, object, schema.native);
  return isObject(filled) ? kindDefaults(schema, filled) : object;
}

/** Nulls count as absent: a typed field has no null, and a custom resource's null is replaced by the field's default. */
function withDefaults(node: SchemaNode | undefined, value: unknown, native: boolean): unknown {
  if (node === undefined) return value;
  if (node.quantity) return canonicalQuantity(value);
  if (Array.isArray(value)) return value.map((item) => withDefaults(node.items, item, native));
  if (!isObject(value)) return value;
  const filled: Json = {};
  for (const [key, inner] of Object.entries(value)) {
    const child = node.child(key);
    if (inner === null && (native || child?.default !== undefined)) continue;
    setKey(filled, key, withDefaults(child, inner, native));
  }
  for (const name of node.propertyNames) {
    const child = node.property(name);
    if (child?.default === undefined || Object.hasOwn(filled, name) || (native && isLeftOut(node, name, child.default)))
      continue;
    filled[name] = withDefaults(child, structuredClone(child.default), native);
  }
  return filled;
}
