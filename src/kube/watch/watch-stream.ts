import type { Clock } from '../../base/clock.ts';
import { at, isObject, numberAt, stringAt } from '../../base/json.ts';
import { WorkbenchError } from '../../base/errors.ts';
import { jsonOrText, refusal } from '../http/json-calls.ts';
import { OBJECT } from '../limits.ts';
import { LineSplitter } from '../http/lines.ts';
import { Liveness } from '../http/liveness.ts';
import { networkError } from '../http/network-errors.ts';
import { resourcePath, withType } from '../resources.ts';
import { describeSubject, errorFromStatus, subjectOf } from '../http/status.ts';
import type { Transport } from '../http/transport.ts';
import type { ClusterRef } from '../types.ts';
import type { KubeObject, ResourceType } from '../model/types.ts';

/** The server ends a watch after this long and we begin the next from where it stood. */
const SERVER_TIMEOUT_S = 240;
/**
 * A server sends a bookmark about once a minute, the first one of a kind that never changed after two. They are no promise,
 * so silence is no error: the watch is started again.
 */
const SILENCE_MS = 90_000;

export interface WatchTarget<T extends KubeObject> {
  readonly resource: ResourceType<T>;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** What a running watch tells. `heard` fires for every byte that proves the connection alive. */
export interface WatchListener<T extends KubeObject> {
  opened(): void;
  heard(): void;
  changed(object: T): void;
  deleted(object: T): void;
  /** Everything up to this version has been told. */
  reached(resourceVersion: string): void;
}

/** How a watch came to its end without a failure: the server ended it, or it fell silent, perhaps without a single event. */
export type WatchEnd = 'ended' | 'silent' | 'never-spoke';

/** One watch request, to its end; rejects on any failure (`expired` for 410). */
export async function followWatch<T extends KubeObject>(
  transport: Transport,
  cluster: ClusterRef,
  clock: Clock,
  target: WatchTarget<T>,
  resourceVersion: string,
  listener: WatchListener<T>,
  signal: AbortSignal,
): Promise<WatchEnd> {
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
  if (response.status !== 200)
    throw await refusal(response, subject, cluster).catch((error: unknown) => networkError(error, doing, cluster));
  const contentType = response.headers['content-type'];
  if (contentType?.includes('json') === false) {
    response.body.destroy();
    throw new WorkbenchError({
      code: 'server-error',
      message: `cannot ${doing}: the answer is ${contentType} and no stream of events`,
      hint: `Check that ${cluster.server} is a Kubernetes API server and not a proxy's page.`,
    });
  }
  listener.opened();

  let silent = false;
  let spoke = false;
  const liveness = new Liveness(clock, SILENCE_MS, () => {
    silent = true;
    response.body.destroy();
  });
  const splitter = new LineSplitter(OBJECT.bytes);
  try {
    for await (const chunk of response.body) {
      liveness.heard();
      listener.heard();
      for (const line of splitter.push(chunk as Buffer)) {
        if (line === '') continue;
        tell(line, target.resource, listener, (code, status) => errorFromStatus(code, status, subject, cluster));
        spoke = true;
      }
      if (splitter.pendingBytes > OBJECT.bytes)
        throw new WorkbenchError({
          code: 'server-error',
          message: `cannot ${doing}: an event does not end after ${OBJECT.bytes} bytes`,
          hint: 'The watch is started again by itself.',
        });
    }
  } catch (error) {
    if (!silent) throw networkError(error, doing, cluster);
  } finally {
    liveness.dispose();
    response.body.destroy();
  }
  if (silent) {
    // What idles beside a connection that went dead is dead too, and would cost the next request its whole time.
    transport.dropIdle();
    return spoke ? 'silent' : 'never-spoke';
  }
  if (splitter.rest() !== '') {
    throw new WorkbenchError({
      code: 'connection-lost',
      message: `cannot ${doing}: the stream ended in the middle of an event`,
      hint: 'The watch is started again by itself.',
    });
  }
  return 'ended';
}

function tell<T extends KubeObject>(
  line: string,
  resource: ResourceType<T>,
  listener: WatchListener<T>,
  statusError: (code: number, status: unknown) => WorkbenchError,
): void {
  const event = jsonOrText(line);
  const object = at(event, 'object');
  const type = stringAt(event, 'type');
  if (!isObject(object) || type === undefined)
    throw new WorkbenchError({
      code: 'server-error',
      message: `a watch of ${resource.plural} sent something that is no event`,
      hint: 'The watch is started again by itself.',
    });
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      listener.changed(withType(resource, object as T));
      break;
    case 'DELETED':
      listener.deleted(withType(resource, object as T));
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
