import { at, stringAt } from '../../base/json.ts';
import { isWorkbenchError } from '../../base/errors.ts';
import type { JsonCalls } from '../http/json-calls.ts';
import { LIST_ITEMS, tooMany } from '../limits.ts';
import { resourcePath, withType } from '../resources.ts';
import type { KubeObject, ResourceType } from '../model/types.ts';
import type { ListOptions } from './types.ts';

/** Objects a chunk, as kubectl asks for them. However many, they are read one by one while they come. */
const CHUNK = 500;

export interface ListedChunk<T> {
  readonly items: readonly T[];
  /** The version that a watch goes on from: the same for every chunk of one list. */
  readonly resourceVersion: string;
}

/**
 * A list in chunks, handed to `take` one by one; `restart` tells that an expired continue token made it start again. Of each
 * object only what `read` makes of it is kept.
 */
export async function listChunks<T, O extends KubeObject>(
  calls: JsonCalls,
  resource: ResourceType<O>,
  options: ListOptions,
  read: (object: O) => T,
  take: (chunk: ListedChunk<T>) => void,
  restart: () => void,
): Promise<void> {
  let token: string | undefined;
  let restarted = false;
  let count = 0;
  const counted = (chunk: ListedChunk<T>): void => {
    count += chunk.items.length;
    if (count > LIST_ITEMS) throw tooMany(`list ${resource.plural}`);
    take(chunk);
  };
  for (;;) {
    try {
      token = await readChunk(calls, resource, options, token, read, counted);
      if (token === undefined) return;
    } catch (error) {
      if (token === undefined || restarted || !isWorkbenchError(error, 'expired')) throw error;
      restarted = true;
      token = undefined;
      count = 0;
      restart();
    }
  }
}

async function readChunk<T, O extends KubeObject>(
  calls: JsonCalls,
  resource: ResourceType<O>,
  options: ListOptions,
  token: string | undefined,
  read: (object: O) => T,
  take: (chunk: ListedChunk<T>) => void,
): Promise<string | undefined> {
  const { items, envelope } = await calls.page(
    {
      path: resourcePath(resource, options.namespace),
      query: {
        limit: options.limit ?? CHUNK,
        continue: token,
        labelSelector: options.labelSelector,
        fieldSelector: options.fieldSelector,
      },
      signal: options.signal,
    },
    (item) => read(withType(resource, item as O)),
  );
  take({ items, resourceVersion: stringAt(envelope, 'metadata', 'resourceVersion') ?? '' });
  const next = at(envelope, 'metadata', 'continue');
  return typeof next === 'string' && next !== '' ? next : undefined;
}

/** Every object, without `metadata.managedFields`. */
export async function listAll<T extends KubeObject>(
  calls: JsonCalls,
  resource: ResourceType<T>,
  options: ListOptions,
): Promise<readonly T[]> {
  let items: T[] = [];
  await listChunks(
    calls,
    resource,
    options,
    (object) => object,
    (chunk) => {
      items = items.concat(chunk.items);
    },
    () => {
      items = [];
    },
  );
  return items;
}
