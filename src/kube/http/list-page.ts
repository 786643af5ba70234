import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';
import { inflated } from './bounded.ts';
import { ItemSplitter } from './item-splitter.ts';
import { LIST_ITEMS, LIST_PAGE, OBJECT, tooLarge, tooMany } from '../limits.ts';
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
 * event loop nor the memory feels how long the list is. Throws NotJson when the answer is none, `too-large` when it does not end.
 */
export async function readPage<T>(
  response: KubeResponse,
  clock: Clock,
  doing: string,
  read: (item: unknown) => T,
): Promise<RawPage<T>> {
  const splitter = new ItemSplitter();
  const items: T[] = [];
  let since = clock.monotonic();
  let bytes = 0;
  for await (const chunk of inflated(response)) {
    bytes += (chunk as Buffer).length;
    if (bytes > LIST_PAGE.bytes) throw tooLarge(doing, LIST_PAGE);
    for (const text of splitter.push(chunk as Buffer)) {
      items.push(read(parse(text)));
      if (clock.monotonic() - since < SLICE_MS) continue;
      await nextTurn();
      since = clock.monotonic();
    }
    if (splitter.heldBytes > OBJECT.bytes) throw tooLarge(doing, OBJECT);
    if (items.length > LIST_ITEMS) throw tooMany(doing);
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
