import type { Clock } from '../base/clock.ts';
import { isObject, numberAt, stringAt } from '../base/json.ts';
import { WorkbenchError } from '../base/errors.ts';
import { parseStatus, readText } from './json-calls.ts';
import { LineSplitter } from './lines.ts';
import { networkError } from './network-errors.ts';
import { resourcePath, withType } from './resources.ts';
import { describeSubject, errorFromStatus, subjectOf } from './status.ts';
import type { Transport } from './transport.ts';
import type { ClusterRef, KubeObject, ResourceType } from './types.ts';

/** The server ends a watch after this long and we begin the next from where it stood. */
const SERVER_TIMEOUT_S = 240;
/** Bookmarks come about once a minute; a socket that is silent for longer may be half open. */
const SILENCE_MS = 90_000;

export interface WatchTarget {
  readonly resource: ResourceType;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** What a running watch tells. `heard` fires for every byte that proves the connection alive. */
export interface WatchListener {
  opened(): void;
  heard(): void;
  changed(object: KubeObject): void;
  deleted(object: KubeObject): void;
  /** Everything up to this version has been told. */
  reached(resourceVersion: string): void;
}

/** One watch request, to its end: resolves when the server ends it or falls silent, rejects on any failure (`expired` for 410). */
export async function followWatch(
  transport: Transport,
  cluster: ClusterRef,
  clock: Clock,
  target: WatchTarget,
  resourceVersion: string,
  listener: WatchListener,
  signal: AbortSignal,
): Promise<void> {
  const path = resourcePath(target.resource, target.namespace);
  const subject = subjectOf('GET', path, true);
  const doing = describeSubject(subject, cluster);
  const response = await transport.send({
    path,
    query: {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion,
      timeoutSeconds: SERVER_TIMEOUT_S + Math.floor(Math.random() * 60),
      labelSelector: target.labelSelector,
      fieldSelector: target.fieldSelector,
    },
    signal,
  });
  if (response.status !== 200) throw errorFromStatus(response.status, parseStatus(await readText(response)), subject, cluster);
  listener.opened();

  let silent = false;
  const onSilence = (): void => {
    silent = true;
    response.body.destroy();
  };
  let liveness = clock.setTimer(SILENCE_MS, onSilence);
  const splitter = new LineSplitter();
  try {
    for await (const chunk of response.body) {
      liveness.dispose();
      liveness = clock.setTimer(SILENCE_MS, onSilence);
      listener.heard();
      for (const line of splitter.push(chunk as Buffer)) {
        if (line !== '') tell(line, target.resource, listener, (code, status) => errorFromStatus(code, status, subject, cluster));
      }
    }
  } catch (error) {
    if (!silent) throw networkError(error, doing, cluster);
  } finally {
    liveness.dispose();
    response.body.destroy();
  }
  if (!silent && splitter.rest() !== '') {
    throw new WorkbenchError({ code: 'connection-lost', message: `cannot ${doing}: the stream ended in the middle of an event`, hint: 'The watch is started again by itself.' });
  }
}

function tell(line: string, resource: ResourceType, listener: WatchListener, statusError: (code: number, status: unknown) => WorkbenchError): void {
  const event = parseStatus(line);
  const object = isObject(event) ? event['object'] : undefined;
  const type = stringAt(event, 'type');
  if (!isObject(object) || type === undefined) throw new WorkbenchError({ code: 'server-error', message: `a watch of ${resource.plural} sent something that is no event`, hint: 'The watch is started again by itself.' });
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      listener.changed(withType(resource, object as KubeObject));
      break;
    case 'DELETED':
      listener.deleted(withType(resource, object as KubeObject));
      break;
    case 'BOOKMARK':
      break;
    case 'ERROR':
      throw statusError(numberAt(object, 'code') ?? 500, object);
    default:
      return;
  }
  const version = stringAt(object, 'metadata', 'resourceVersion');
  if (version !== undefined) listener.reached(version);
}
