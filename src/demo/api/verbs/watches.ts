import type { Disposable } from '../../../base/disposables.ts';
import { present } from '../catalogue/conversion.ts';
import { checkWatchOptions, withWatchDefaults } from './list-options.ts';
import type { ApiObject } from '../base/object.ts';
import { selection, type ObjectPredicate } from './reads.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import type { ListRequest } from '../base/requests.ts';
import { expired, tooLargeResourceVersion, untypedError, type StatusBody } from '../base/status.ts';
import type { Store, StoreEvent } from '../storage/store.ts';

export interface WatchRequest extends ListRequest {
  readonly allowBookmarks: boolean;
}

export type WatchFrame =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: ApiObject }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean }
  | { readonly type: 'ERROR'; readonly status: StatusBody };

export const initialEventsEndAnnotation = 'k8s.io/initial-events-end';

/**
 * Sends what is there or what changed since the given version, then every change, to `send`, in order.
 * What is wrong with the version is an ERROR frame, since it shows itself only after the request was accepted; the caller closes the watch then.
 */
export function watchObjects(
  store: Store,
  resource: ServedResource,
  asked: WatchRequest,
  send: (frame: WatchFrame) => void,
): Disposable {
  const request = withWatchDefaults(asked);
  checkWatchOptions(request);
  const selected = selection(resource, request);
  const from = startOf(store, request);
  if (request.sendInitialEvents === true)
    sendInitial(store, resource, { selected, from, bookmark: request.allowBookmarks }, send);
  else sendMissed(store, resource, { selected, from }, send);
  return store.listen((event) => {
    if (event.collection === resource.collection && event.revision > from) sendEvent(resource, selected, event, send);
  });
}

/** The version to go on from. */
function startOf(store: Store, request: WatchRequest): number {
  const version = request.resourceVersion ?? '';
  if (version === '' || version === '0') return store.revision;
  // Unlike a list, the real server's watch has no status for this.
  if (!/^\d+$/.test(version))
    throw untypedError(
      `resourceVersion: Invalid value: ${JSON.stringify(version)}: strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`,
    );
  return Number(version);
}

interface Start {
  readonly selected: ObjectPredicate;
  readonly from: number;
}

function sendInitial(
  store: Store,
  resource: ServedResource,
  { selected, from, bookmark }: Start & { readonly bookmark: boolean },
  send: (frame: WatchFrame) => void,
): void {
  if (from > store.revision) {
    send({ type: 'ERROR', status: tooLargeResourceVersion(String(from), String(store.revision)).body });
    return;
  }
  for (const [, object] of store.entries(resource.collection)) {
    if (selected(object)) send({ type: 'ADDED', object: present(resource, object) });
  }
  if (bookmark) send({ type: 'BOOKMARK', resourceVersion: String(store.revision), initialEventsEnd: true });
}

function sendMissed(
  store: Store,
  resource: ServedResource,
  { selected, from }: Start,
  send: (frame: WatchFrame) => void,
): void {
  const missed = store.since(resource.collection, from);
  if (missed === undefined)
    send({ type: 'ERROR', status: expired(`too old resource version: ${from} (${store.floor})`).body });
  else for (const event of missed) sendEvent(resource, selected, event, send);
}

/** An object that starts or ceases to be selected is added or deleted for this watch. */
function sendEvent(
  resource: ServedResource,
  selected: ObjectPredicate,
  event: StoreEvent,
  send: (frame: WatchFrame) => void,
): void {
  const was = event.before !== undefined && selected(event.before);
  const is = event.type !== 'DELETED' && selected(event.object);
  if (is) send({ type: was ? 'MODIFIED' : 'ADDED', object: present(resource, event.object) });
  else if (was) {
    const last: ApiObject = {
      ...event.before,
      metadata: { ...event.before.metadata, resourceVersion: String(event.revision) },
    };
    send({ type: 'DELETED', object: present(resource, last) });
  }
}
