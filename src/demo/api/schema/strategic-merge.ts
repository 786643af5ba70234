import { isObject } from '../../../base/json.ts';
import { canonicalJson, setKey } from './json.ts';
import type { SchemaNode } from './node.ts';
import { patchBroken, patchInvalid, patchMalformed } from './patch-errors.ts';
import type { Json, ObjectSchema } from './types.ts';

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const ELEMENT_ORDER = '$setElementOrder/';
const DELETE_PRIMITIVES = '$deleteFromPrimitiveList/';

/**
 * Strategic merge patch: a merge patch in which lists whose schema has a merge key are merged item by item.
 * Directives: `$patch: replace | delete | merge`, `$retainKeys`, `$setElementOrder/<list>`, `$deleteFromPrimitiveList/<list>`.
 */
export function strategicMerge(schema: ObjectSchema, document: Json, patch: unknown): Json {
  if (!isObject(patch)) throw patchMalformed('a strategic merge patch must be a JSON object');
  const merged = mergeObjects(schema.root, document, patch);
  if (merged === undefined) throw patchInvalid('the strategic merge patch deletes the object');
  return merged;
}

/** Undefined: the patch deletes the object. */
function mergeObjects(node: SchemaNode | undefined, original: Json, patch: Json): Json | undefined {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return undefined;
  if (directive !== undefined && directive !== 'merge')
    throw patchBroken(`unknown patch type: ${JSON.stringify(directive)}`);

  const merged = retainedKeys(original, patch[RETAIN_KEYS]);
  for (const [key, value] of Object.entries(patch)) {
    if (key === DIRECTIVE || key === RETAIN_KEYS || key.startsWith(ELEMENT_ORDER) || key.startsWith(DELETE_PRIMITIVES))
      continue;
    const result = value === null ? undefined : mergeValues(node?.child(key), merged[key], value);
    if (result === undefined) delete merged[key];
    else setKey(merged, key, result);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_PRIMITIVES)) deletePrimitives(merged, key.slice(DELETE_PRIMITIVES.length), value);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith(ELEMENT_ORDER)) continue;
    const list = key.slice(ELEMENT_ORDER.length);
    const items = merged[list];
    if (Array.isArray(items)) setKey(merged, list, reordered(node?.child(list), items, original[list], value));
  }
  return merged;
}

function mergeValues(node: SchemaNode | undefined, original: unknown, patch: unknown): unknown {
  if (isObject(patch)) return mergeObjects(node, isObject(original) ? original : {}, patch);
  if (!Array.isArray(patch) || !node?.patchStrategies.includes('merge')) return patch;
  const present = Array.isArray(original) ? original : [];
  const merged =
    node.patchMergeKey === undefined
      ? mergePrimitives(present, patch)
      : mergeItems(node, node.patchMergeKey, present, patch);
  return replaces(patch) ? merged : reordered(node, merged, present, patch);
}

function mergePrimitives(original: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const known = new Set(original.map(canonicalJson));
  return [...original, ...patch.filter((item) => !known.has(canonicalJson(item)))];
}

function mergeItems(
  node: SchemaNode,
  mergeKey: string,
  original: readonly unknown[],
  patch: readonly unknown[],
): unknown[] {
  const items = patch.map((item) => {
    if (!isObject(item)) throw patchMalformed(`an item of a list that merges by ${mergeKey} must be an object`);
    return item;
  });
  if (replaces(items)) {
    return items.filter((item) => item[DIRECTIVE] !== 'replace' || Object.keys(item).length > 1).map(withoutDirectives);
  }
  let merged = [...original];
  for (const item of items) {
    if (!Object.hasOwn(item, mergeKey))
      throw patchBroken(`map: ${canonicalJson(item)} does not contain declared merge key: ${mergeKey}`);
    const at = merged.findIndex((candidate) => isObject(candidate) && candidate[mergeKey] === item[mergeKey]);
    const existing = merged[at];
    const result = mergeObjects(node.items, isObject(existing) ? existing : {}, item);
    if (result === undefined) merged = at < 0 ? merged : merged.toSpliced(at, 1);
    else if (at < 0) merged.push(result);
    else merged[at] = result;
  }
  return merged;
}

function replaces(patch: readonly unknown[]): boolean {
  return patch.some((item) => isObject(item) && item[DIRECTIVE] === 'replace');
}

function retainedKeys(original: Json, retain: unknown): Json {
  if (retain === undefined) return { ...original };
  if (!Array.isArray(retain)) throw patchMalformed(`${RETAIN_KEYS} must be a list`);
  const kept = new Set(retain);
  return Object.fromEntries(Object.entries(original).filter(([key]) => kept.has(key)));
}

function deletePrimitives(target: Json, list: string, values: unknown): void {
  if (!Array.isArray(values)) throw patchMalformed(`${DELETE_PRIMITIVES}${list} must be a list`);
  const gone = new Set(values.map(canonicalJson));
  const present = target[list];
  if (Array.isArray(present))
    setKey(
      target,
      list,
      present.filter((item) => !gone.has(canonicalJson(item))),
    );
}

/** Items that the patch orders stand in its order; the others keep their place relative to those that were there before. */
function reordered(
  node: SchemaNode | undefined,
  items: readonly unknown[],
  original: unknown,
  order: unknown,
): unknown[] {
  if (!Array.isArray(order)) throw patchMalformed(`${ELEMENT_ORDER} must be a list`);
  const mergeKey = node?.patchMergeKey;
  const identity = (item: unknown): string =>
    canonicalJson(mergeKey !== undefined && isObject(item) ? item[mergeKey] : item);
  const wanted = order.map(identity);
  const before = Array.isArray(original) ? original.map(identity) : [];
  const ordered = items
    .filter((item) => wanted.includes(identity(item)))
    .sort((left, right) => wanted.indexOf(identity(left)) - wanted.indexOf(identity(right)));
  const others = items.filter((item) => !wanted.includes(identity(item)));

  const result: unknown[] = [];
  for (const item of ordered) {
    const place = before.indexOf(identity(item));
    const later = others.findIndex((other) => place < 0 || before.indexOf(identity(other)) > place);
    result.push(...others.splice(0, later < 0 ? others.length : later), item);
  }
  return [...result, ...others];
}

function withoutDirectives(patch: Json): Json {
  return Object.fromEntries(
    Object.entries(patch)
      .filter(([key, value]) => !key.startsWith('$') && value !== null)
      .map(([key, value]) => [key, isObject(value) ? withoutDirectives(value) : value]),
  );
}
