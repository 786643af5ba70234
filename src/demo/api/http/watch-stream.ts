import { disposable, DisposableStore, type Disposable } from '../../../base/disposables.ts';
import type { ApiCore } from '../verbs/core.ts';
import { groupVersionOf } from '../base/object.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import { metadataOnly, toWatchTable, type IncludeObject } from '../tables/table.ts';
import { initialEventsEndAnnotation, watchObjects, type WatchFrame, type WatchRequest } from '../verbs/watches.ts';
import type { Exchange } from './exchange.ts';
import type { Representation } from './negotiation.ts';

/** Bookmarks keep an idle client's version fresh, so that it can go on after a cut. */
const bookmarkEveryMs = 60_000;
/** So long before the end of its time a watch gets a last one. */
const lastBookmarkMs = 2000;
const defaultTimeoutSeconds = 3600;
/** A client that does not read is cut off before it fills our memory. */
const maxUnsentBytes = 64 * 1024 * 1024;

/** Answers with a stream of events, one JSON document a line, until the time is over or either side goes. */
export function streamWatch(core: ApiCore, resource: ServedResource, request: WatchRequest, exchange: Exchange): void {
  const { representation } = exchange.negotiated();
  const { response } = exchange;
  const owned = new DisposableStore();
  const encode = encoder(core, resource, representation, includeObject(exchange));
  const end = (): void => {
    owned.dispose();
    response.end();
  };
  const send = (frame: WatchFrame): void => {
    if (response.writableEnded) return;
    response.write(`${JSON.stringify(encode(frame))}\n`);
    if (frame.type === 'ERROR' || response.writableLength > maxUnsentBytes) end();
  };
  // Refusals are thrown by the start, before the first byte; frames of the start wait for the head.
  const early: WatchFrame[] = [];
  let started = false;
  owned.add(watchObjects(core.store, resource, request, (frame) => (started ? send(frame) : early.push(frame))));
  response.writeHead(200, { 'Content-Type': 'application/json;stream=watch', 'Cache-Control': 'no-cache, private' });
  response.flushHeaders();
  started = true;
  for (const frame of early) send(frame);
  if (response.writableEnded) return;
  response.on('close', () => owned.dispose());
  const seconds = exchange.number('timeoutSeconds') ?? defaultTimeoutSeconds;
  if (request.allowBookmarks)
    owned.add(
      bookmarks(core, seconds * 1000, () =>
        send({ type: 'BOOKMARK', resourceVersion: String(core.store.revision), initialEventsEnd: false }),
      ),
    );
  owned.add(core.clock.setTimer(seconds * 1000, end));
  owned.add(core.closing(end));
}

/** Bookmarks every minute, and one shortly before the end. */
function bookmarks({ clock }: ApiCore, durationMs: number, send: () => void): Disposable {
  const end = clock.monotonic() + durationMs;
  let timer: Disposable | undefined;
  const again = (): void => {
    const untilLast = end - lastBookmarkMs - clock.monotonic();
    if (untilLast <= 0) return;
    const isLast = untilLast <= bookmarkEveryMs;
    timer = clock.setTimer(isLast ? untilLast : bookmarkEveryMs, () => {
      send();
      // A timer may fire a moment early: the last one is not counted by the clock.
      if (!isLast) again();
    });
  };
  again();
  return disposable(() => timer?.dispose());
}

export function includeObject(exchange: Exchange): IncludeObject {
  const wish = exchange.text('includeObject');
  return wish === 'None' || wish === 'Object' ? wish : 'Metadata';
}

function encoder(
  core: ApiCore,
  resource: ServedResource,
  representation: Representation,
  include: IncludeObject,
): (frame: WatchFrame) => unknown {
  let first = true;
  return (frame) => {
    if (frame.type === 'ERROR') return { type: 'ERROR', object: frame.status };
    if (frame.type === 'BOOKMARK')
      return {
        type: 'BOOKMARK',
        object: bookmarkObject(resource, representation, frame.resourceVersion, frame.initialEventsEnd),
      };
    const object =
      representation === 'table'
        ? toWatchTable(resource, frame.object, core.clock.now(), include, first)
        : representation === 'metadata'
          ? metadataOnly(frame.object)
          : frame.object;
    first = false;
    return { type: frame.type, object };
  };
}

function bookmarkObject(
  resource: ServedResource,
  representation: Representation,
  resourceVersion: string,
  initialEventsEnd: boolean,
): unknown {
  const metadata = {
    resourceVersion,
    ...(initialEventsEnd ? { annotations: { [initialEventsEndAnnotation]: 'true' } } : {}),
  };
  switch (representation) {
    case 'object':
      return { kind: resource.kind, apiVersion: groupVersionOf(resource.group, resource.version), metadata };
    case 'metadata':
      return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
    case 'table':
      return {
        kind: 'Table',
        apiVersion: 'meta.k8s.io/v1',
        metadata: { resourceVersion },
        columnDefinitions: null,
        rows: [
          {
            cells: resource.columns.map(() => ''),
            object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata },
          },
        ],
      };
  }
}
