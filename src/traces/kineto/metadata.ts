import { at, isObject, numberAt, stringAt } from '../../base/json.ts';
import { parseExactJson } from '../exact-json.ts';
import type { Nanoseconds, TraceMeta } from '../types.ts';

/** What a trace says of itself around its events. `sound` is false when that text is no JSON: then nothing of it is known. */
export interface Metadata {
  readonly meta: TraceMeta;
  readonly sound: boolean;
}

/** `head` ends with the `[` of the events, `tail` starts behind their `]`. */
export function readMetadata(head: string, tail: string): Metadata {
  // Writers leave raw control characters in strings; as white space they do no harm anywhere.
  const text = `${head}]${tail}`.replaceAll(/\p{Cc}/gu, ' ');
  try {
    return { meta: metaOf(parseExactJson(text)), sound: true };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { meta: metaOf({}), sound: false };
  }
}

function metaOf(trace: unknown): TraceMeta {
  const base = at(trace, 'baseTimeNanoseconds');
  const devices = at(trace, 'deviceProperties');
  return {
    rank: countAt(trace, 'distributedInfo', 'rank'),
    world_size: countAt(trace, 'distributedInfo', 'world_size'),
    backend: stringAt(trace, 'distributedInfo', 'backend') ?? null,
    baseTimeNanoseconds: isNanoseconds(base) ? base : null,
    displayTimeUnit: stringAt(trace, 'displayTimeUnit') ?? null,
    trace_id: stringAt(trace, 'trace_id') ?? null,
    device0: Array.isArray(devices) && isObject(devices[0]) ? (stringAt(devices[0], 'name') ?? null) : null,
  };
}

/** A rank, or how many there are; whatever else stands there (JSON can say 1e400) is not known. */
function countAt(value: unknown, ...path: readonly string[]): number | null {
  const found = numberAt(value, ...path);
  return found !== undefined && Number.isSafeInteger(found) && found >= 0 ? found : null;
}

function isNanoseconds(value: unknown): value is Nanoseconds {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}
