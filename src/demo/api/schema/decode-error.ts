import { isObject } from '../../../base/json.ts';
import type { SchemaNode } from './node.ts';
import { parseQuantity } from '../../../kube/model/quantity.ts';
import type { Json, ObjectSchema } from './types.ts';

/**
 * A native kind is decoded into typed fields before anything else looks at it; this says which value does not fit.
 * Of a custom resource that holds for the metadata alone: its other types are checked by validation.
 */
export function decodeError(schema: ObjectSchema, object: Json): string | undefined {
  if (schema.native) return typeMismatch(schema.root, object, schema.kind);
  return typeMismatch(schema.root.property('metadata'), object['metadata'], 'ObjectMeta');
}

/** As `decodeError`, for a value at one place of a schema; `struct` names its Go type. */
export function typeMismatch(node: SchemaNode | undefined, value: unknown, struct: string): string | undefined {
  return findMismatch(node, value, { struct, path: [] });
}

interface Place {
  /** The struct that holds the field. */
  readonly struct: string;
  readonly path: readonly string[];
}

function findMismatch(node: SchemaNode | undefined, value: unknown, place: Place): string | undefined {
  if (node === undefined || value == null) return undefined;
  if (node.quantity) return quantityMismatch(value);
  if (node.intOrString)
    return Number.isInteger(value) || typeof value === 'string' ? undefined : unmarshalError(value, place, node);
  switch (node.type) {
    case 'array':
      if (!Array.isArray(value)) return unmarshalError(value, place, node);
      return firstDefined(value, (item) => findMismatch(node.items, item, place));
    case 'object': {
      if (!isObject(value)) return unmarshalError(value, place, node);
      const struct = node.propertyNames.length > 0 ? (node.typeName ?? place.struct) : place.struct;
      return firstDefined(Object.entries(value), ([key, inner]) =>
        findMismatch(node.child(key), inner, { struct, path: [...place.path, key] }),
      );
    }
    case 'string':
      if (typeof value !== 'string') return unmarshalError(value, place, node);
      return node.format === 'byte' ? base64Mismatch(value) : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : unmarshalError(value, place, node);
    case 'integer':
      return Number.isInteger(value) ? undefined : unmarshalError(value, place, node);
    case 'number':
      return typeof value === 'number' ? undefined : unmarshalError(value, place, node);
    case undefined:
      return undefined;
  }
}

function quantityMismatch(value: unknown): string | undefined {
  if (parseQuantity(value) !== undefined) return undefined;
  return `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`;
}

const BASE64_QUANTUM = 4;

/** Padding is demanded, line breaks are not minded. */
function base64Mismatch(value: string): string | undefined {
  const encoded = value.replaceAll(/[\r\n]/g, '');
  const good = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded);
  if (good) return undefined;
  const foreign = encoded.search(/[^A-Za-z0-9+/=]/);
  return `illegal base64 data at input byte ${foreign >= 0 ? foreign : encoded.length - (encoded.length % BASE64_QUANTUM)}`;
}

function unmarshalError(value: unknown, place: Place, node: SchemaNode): string {
  return `json: cannot unmarshal ${jsonTypeName(value)} into Go struct field ${place.struct}.${place.path.join('.')} of type ${goType(node)}`;
}

function jsonTypeName(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : `number ${value}`;
  return typeof value;
}

function goType(node: SchemaNode): string {
  switch (node.type) {
    case 'array':
      return `[]${node.items ? goType(node.items) : 'interface {}'}`;
    case 'object': {
      if (node.additional) return `map[string]${goType(node.additional)}`;
      return node.typeName === undefined ? 'map[string]interface {}' : `${packageOf(node.typeName)}.${node.typeName}`;
    }
    case 'integer':
      return node.format ?? 'int';
    case 'number':
      return 'float64';
    case 'boolean':
      return 'bool';
    case 'string':
    case undefined:
      return node.intOrString ? 'intstr.IntOrString' : 'string';
  }
}

/** Object metadata and selectors are of package meta/v1, which Go prints as `v1` like core and apps. */
function packageOf(typeName: string): string {
  return typeName === 'Quantity' ? 'resource' : 'v1';
}

function firstDefined<T>(items: Iterable<T>, find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
