import { isObject } from '../../../base/json.ts';
import { invalid, notSupported, required, tooLong, tooMany, typeInvalid } from './field-errors.ts';
import { canonicalJson, equalJson, isList } from './json.ts';
import type { SchemaNode } from './node.ts';
import { itemElement } from './shape.ts';
import type { Json, ObjectSchema, Violation } from './types.ts';

/**
 * What the schema alone can tell. A native kind was decoded already, so only its enumerations are looked at;
 * what else it requires stands in its rules. A custom resource is checked against every keyword but CEL rules.
 */
export function validateSchema(schema: ObjectSchema, object: Json): readonly Violation[] {
  const check = schema.native ? checkEnums : checkNode;
  const fields = inOrder(object).filter(([key]) => key !== 'metadata');
  return [
    ...fields.flatMap(([key, value]) => check(schema.root.child(key), value, key)),
    ...(schema.native ? [] : missingFields(schema.root, object, '')),
    ...(schema.native ? [] : fields.flatMap(([key, value]) => doubles(schema.root.child(key), value, key))),
  ];
}

/** The server looks at fields in the order of their names, whatever the client's order was. */
function inOrder(object: Json): readonly (readonly [key: string, value: unknown])[] {
  return Object.entries(object).toSorted(([left], [right]) => (left < right ? -1 : 1));
}

function checkEnums(node: SchemaNode | undefined, value: unknown, path: string): Violation[] {
  if (node === undefined || value == null) return [];
  if (isList(value)) return value.flatMap((item, index) => checkEnums(node.items, item, `${path}[${index}]`));
  if (isObject(value))
    return inOrder(value).flatMap(([key, inner]) => checkEnums(node.child(key), inner, childPath(node, path, key)));
  const allowed = node.keywords['enum'];
  return isList(allowed) && value !== '' && !allowed.includes(value) ? [notSupported(path, value, allowed)] : [];
}

function checkNode(node: SchemaNode | undefined, value: unknown, path: string): Violation[] {
  if (node === undefined || (value === null && node.nullable)) return [];
  const mismatch = typeMismatch(node, value, path);
  if (mismatch) return [mismatch];
  const own = [...checkEnum(node, value, path), ...checkBounds(node, value, path)];
  if (isList(value))
    return [...own, ...value.flatMap((item, index) => checkNode(node.items, item, `${path}[${index}]`))];
  if (!isObject(value)) return own;
  return [
    ...own,
    ...inOrder(value).flatMap(([key, inner]) => checkNode(node.child(key), inner, childPath(node, path, key))),
    ...missingFields(node, value, path),
  ];
}

function childPath(node: SchemaNode, path: string, key: string): string {
  return node.property(key) === undefined ? `${path}[${key}]` : `${path}.${key}`;
}

function missingFields(node: SchemaNode, value: Json, path: string): Violation[] {
  return node.required
    .filter((name) => value[name] === undefined)
    .map((name) => required(path === '' ? name : `${path}.${name}`));
}

function typeMismatch(node: SchemaNode, value: unknown, path: string): Violation | undefined {
  const actual = jsonType(value);
  if (node.intOrString)
    return actual === 'integer' || actual === 'string' ? undefined : wrongType(path, 'integer,string', actual);
  if (node.type === undefined || node.type === actual || (node.type === 'number' && actual === 'integer'))
    return undefined;
  return wrongType(path, node.type, actual);
}

function wrongType(path: string, wanted: string, actual: string): Violation {
  return typeInvalid(path, actual, `${path} in body must be of type ${wanted}: ${JSON.stringify(actual)}`);
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (isList(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function checkEnum(node: SchemaNode, value: unknown, path: string): Violation[] {
  const allowed = node.keywords['enum'];
  return isList(allowed) && !allowed.some((one) => equalJson(one, value)) ? [notSupported(path, value, allowed)] : [];
}

function checkBounds(node: SchemaNode, value: unknown, path: string): Violation[] {
  const limit = (keyword: string): number | undefined => {
    const bound = node.keywords[keyword];
    return typeof bound === 'number' ? bound : undefined;
  };
  const violations: Violation[] = [];
  if (typeof value === 'number') {
    const [minimum, maximum] = [limit('minimum'), limit('maximum')];
    if (minimum !== undefined && value < minimum)
      violations.push(invalid(path, value, `${path} in body should be greater than or equal to ${minimum}`));
    if (maximum !== undefined && value > maximum)
      violations.push(invalid(path, value, `${path} in body should be less than or equal to ${maximum}`));
  } else if (typeof value === 'string') {
    const [shortest, longest] = [limit('minLength'), limit('maxLength')];
    const length = Array.from(value).length;
    if (shortest !== undefined && length < shortest)
      violations.push(invalid(path, value, `${path} in body should be at least ${shortest} chars long`));
    if (longest !== undefined && length > longest) violations.push(tooLong(path, longest));
    const pattern = node.keywords['pattern'];
    if (typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value))
      violations.push(invalid(path, value, `${path} in body should match '${pattern}'`));
    if (node.format === 'date-time' && Number.isNaN(Date.parse(value)))
      violations.push(invalid(path, value, `${path} in body must be of type date-time: ${JSON.stringify(value)}`));
  } else if (isList(value)) {
    const [fewest, most] = [limit('minItems'), limit('maxItems')];
    if (fewest !== undefined && value.length < fewest)
      violations.push(invalid(path, value.length, `${path} in body should have at least ${fewest} items`));
    if (most !== undefined && value.length > most) violations.push(tooMany(path, value.length, most));
  } else if (isObject(value)) {
    const [fewest, most] = [limit('minProperties'), limit('maxProperties')];
    const count = Object.keys(value).length;
    if (fewest !== undefined && count < fewest)
      violations.push(invalid(path, count, `${path} in body should have at least ${fewest} properties`));
    if (most !== undefined && count > most) violations.push(tooMany(path, count, most));
  }
  return violations;
}

/** Two items of a set or keyed list that are one and the same, anywhere in a value. */
function doubles(node: SchemaNode | undefined, value: unknown, path: string): Violation[] {
  if (node === undefined) return [];
  if (isList(value))
    return [
      ...doubleItems(node, value, path),
      ...value.flatMap((item, index) => doubles(node.items, item, `${path}[${index}]`)),
    ];
  return isObject(value)
    ? inOrder(value).flatMap(([key, inner]) => doubles(node.child(key), inner, childPath(node, path, key)))
    : [];
}

function doubleItems(node: SchemaNode, items: readonly unknown[], path: string): Violation[] {
  if (node.listType === 'atomic') return [];
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const element = itemElement(node, item);
    if (!seen.has(element)) {
      seen.add(element);
      return [];
    }
    const shown: unknown = node.listType === 'set' ? item : JSON.parse(element.slice(2));
    return [
      {
        path: `${path}[${index}]`,
        reason: 'FieldValueDuplicate' as const,
        message: `Duplicate value: ${canonicalJson(shown)}`,
      },
    ];
  });
}
