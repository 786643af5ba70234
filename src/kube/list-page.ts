import { pipeline, type Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import type { Clock } from '../base/clock.ts';
import { ItemSplitter } from './item-splitter.ts';
import type { KubeResponse } from './types.ts';

/** So long at a stretch, then others have their turn: well below what a person feels, also where the machine is slow. */
const SLICE_MS = 8;

/** An answer that is no JSON, or not all of it. Quotes nothing of it: it may hold a secret. */
export class NotJson extends Error {
  /** It began as JSON does, so the rest was lost on the way. */
  readonly begins: boolean;

  constructor(begins: boolean) {
    super('not JSON');
    this.begins = begins;
  }
}

export interface RawPage<T> {
  readonly items: readonly T[];
  /** The list without its items. */
  readonly envelope: unknown;
}

/**
 * Reads one page of a list while it comes: each item is parsed alone, handed to `read` and let go, so that neither the
 * event loop nor the memory feels how long the list is. Throws NotJson when the answer is none.
 */
export async function readPage<T>(response: KubeResponse, clock: Clock, read: (item: unknown) => T): Promise<RawPage<T>> {
  const splitter = new ItemSplitter();
  const items: T[] = [];
  let since = clock.monotonic();
  for await (const chunk of inflated(response)) {
    for (const text of splitter.push(chunk as Buffer)) {
      items.push(read(parse(text)));
      if (clock.monotonic() - since < SLICE_MS) continue;
      await nextTurn();
      since = clock.monotonic();
    }
  }
  const rest = splitter.rest();
  if (!splitter.complete) throw new NotJson(rest.startsWith('{'));
  return { items, envelope: parse(rest) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new NotJson(text.startsWith('{'));
  }
}

function inflated({ headers, body }: KubeResponse): Readable {
  // Whatever breaks is thrown by the reading side.
  return headers['content-encoding'] === 'gzip' ? pipeline(body, createGunzip(), () => {}) : body;
}
