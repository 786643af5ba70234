import { isObject } from '../../../base/json.ts';
import { setKey } from './json.ts';
import { patchInvalid, patchMalformed } from './patch-errors.ts';
import type { Json } from './types.ts';

/** JSON merge patch (RFC 7386): null removes a key, objects merge, all else replaces. */
export function mergePatch(document: Json, patch: unknown): Json {
  if (!isObject(patch)) throw patchMalformed('a merge patch must be a JSON object');
  const merged = mergeValue(document, patch);
  if (!isObject(merged)) throw patchInvalid('the merge patch leaves no object');
  return merged;
}

function mergeValue(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Json = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else setKey(merged, key, mergeValue(Object.hasOwn(merged, key) ? merged[key] : undefined, value));
  }
  return merged;
}
