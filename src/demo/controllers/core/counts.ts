import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Collection } from './collection.ts';
import { statusOf, type Json } from './objects.ts';

/** A status with these numbers; a zero is left out, as the server's own types do. */
export function withCounts(status: Json, counts: Readonly<Record<string, number>>): Json {
  const next = { ...status };
  for (const [name, count] of Object.entries(counts)) {
    if (count === 0) delete next[name];
    else next[name] = count;
  }
  return next;
}

/** Writes the status if it differs from the known one. */
export function writeStatus(collection: Collection, object: KubeObject, status: Json): KubeObject {
  return isDeepStrictEqual(status, statusOf(object)) ? object : collection.updateStatus({ ...object, status });
}

/** A number, or a share of the whole as `25%`. */
export function scaledValue(value: unknown, whole: number, round: 'up' | 'down'): number | undefined {
  if (typeof value === 'number') return value;
  const percent = typeof value === 'string' ? /^(\d+)%$/.exec(value)?.[1] : undefined;
  if (percent === undefined) return undefined;
  const share = (Number(percent) * whole) / 100;
  return round === 'up' ? Math.ceil(share) : Math.floor(share);
}
