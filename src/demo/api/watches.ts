import type { Disposable } from '../../base/disposables.ts';
import { present } from './conversion.ts';
import { checkWatchOptions } from './list-options.ts';
import type { ApiObject } from './object.ts';
import { selection, type ObjectPredicate } from './reads.ts';
import type { ServedResource } from './registry.ts';
import type { ListRequest } from './requests.ts';
import { badRequest, expired, tooLargeResourceVersion, untypedError, type StatusBody } from './status.ts';
import type { Store, StoreEvent } from './store.ts';

export interface WatchRequest extends ListRequest {
  readonly allowBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
}

export type WatchFrame =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: ApiObject }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean }
  | { readonly type: 'ERROR'; readonly status: StatusBody };

export const initialEventsEndAnnotation = 'k8s.io/initial-events-end';

/**
 * Sends what is there or what changed since the given version, then every change, to `send`, in order.
 * A version that is forgotten is an ERROR frame with 410; the caller closes the watch then.
 */
export function watchObjects(store: Store, resource: ServedResource, request: WatchRequest, send: (frame: WatchFrame) => void): Disposable {
  if (request.continueToken) throw badRequest('continue is not supported by watch');
  checkWatchOptions(request);
  const selected = selection(resource, request);
  const from = startOf(store, request);
  if (from === undefined) {
    for (const [, object] of store.entries(resource.collection)) {
      if (selected(object)) send({ type: 'ADDED', object: present(resource, object) });
    }
    if (request.sendInitialEvents) send({ type: 'BOOKMARK', resourceVersion: String(store.revision), initialEventsEnd: true });
  } else {
    const missed = store.since(resource.collection, from);
    if (missed === undefined) {
      send({ type: 'ERROR', status: expired(`too old resource version: ${from} (${store.floor})`).body });
    } else {
      for (const event of missed) sendEvent(resource, selected, event, send);
    }
  }
  return store.listen((event) => {
    if (event.collection === resource.collection) sendEvent(resource, selected, event, send);
  });
}

/** The version to go on from; undefined to start with the present objects. */
function startOf(store: Store, request: WatchRequest): number | undefined {
  const version = request.resourceVersion ?? '';
  if (version === '' || version === '0') return request.sendInitialEvents === false ? store.revision : undefined;
  // Unlike a list, the real server's watch has no status for this.
  if (!/^\d+$/.test(version)) throw untypedError(`resourceVersion: Invalid value: ${JSON.stringify(version)}: strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
  const revision = Number(version);
  if (revision > store.revision) throw tooLargeResourceVersion(version, String(store.revision));
  return request.sendInitialEvents === true ? undefined : revision;
}

/** An object that starts or ceases to be selected is added or deleted for this watch. */
function sendEvent(resource: ServedResource, selected: ObjectPredicate, event: StoreEvent, send: (frame: WatchFrame) => void): void {
  const was = event.before !== undefined && selected(event.before);
  const is = event.type !== 'DELETED' && selected(event.object);
  if (is) send({ type: was ? 'MODIFIED' : 'ADDED', object: present(resource, event.object) });
  else if (was) {
    const last: ApiObject = { ...event.before, metadata: { ...event.before.metadata, resourceVersion: String(event.revision) } };
    send({ type: 'DELETED', object: present(resource, last) });
  }
}
