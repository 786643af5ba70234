import { arrayAt, at, stringAt } from '../base/json.ts';
import { isWorkbenchError } from '../base/errors.ts';
import type { JsonCalls } from './json-calls.ts';
import { resourcePath, withType } from './resources.ts';
import type { KubeObject, ListOptions, ResourceType } from './types.ts';

/** Objects a chunk: small enough that parsing one never blocks the event loop for longer than a frame or two. */
const CHUNK = 250;

export interface ListedChunk {
  readonly items: readonly KubeObject[];
  /** The version that a watch goes on from: the same for every chunk of one list. */
  readonly resourceVersion: string;
}

/** A list in chunks, handed to `take` one by one; `restart` tells that an expired continue token made it begin anew. */
export async function listChunks(
  calls: JsonCalls,
  resource: ResourceType,
  options: ListOptions,
  take: (chunk: ListedChunk) => void,
  restart: () => void,
): Promise<void> {
  let token: string | undefined;
  let restarted = false;
  for (;;) {
    try {
      token = await readChunk(calls, resource, options, token, take);
      if (token === undefined) return;
    } catch (error) {
      if (token === undefined || restarted || !isWorkbenchError(error, 'expired')) throw error;
      restarted = true;
      token = undefined;
      restart();
    }
  }
}

async function readChunk(calls: JsonCalls, resource: ResourceType, options: ListOptions, token: string | undefined, take: (chunk: ListedChunk) => void): Promise<string | undefined> {
  const answer = await calls.call({
    path: resourcePath(resource, options.namespace),
    query: { limit: options.limit ?? CHUNK, continue: token, labelSelector: options.labelSelector, fieldSelector: options.fieldSelector },
    signal: options.signal,
  });
  take({
    items: arrayAt(answer, 'items').map((item) => withType(resource, item as KubeObject)),
    resourceVersion: stringAt(answer, 'metadata', 'resourceVersion') ?? '',
  });
  const next = at(answer, 'metadata', 'continue');
  return typeof next === 'string' && next !== '' ? next : undefined;
}

export async function listAll(calls: JsonCalls, resource: ResourceType, options: ListOptions): Promise<readonly KubeObject[]> {
  let items: KubeObject[] = [];
  await listChunks(calls, resource, options, (chunk) => items.push(...chunk.items), () => { items = []; });
  return items;
}
