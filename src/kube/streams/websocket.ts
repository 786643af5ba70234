import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { aborted, throwIfAborted, type Clock } from '../../base/clock.ts';
import { disposable, type Disposable } from '../../base/disposables.ts';
import { isWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import { readStart } from '../http/bounded.ts';
import { jsonOrText } from '../http/json-calls.ts';
import { MESSAGE_BYTES, REFUSAL_BYTES } from '../limits.ts';
import { networkError, timeoutError } from '../http/network-errors.ts';
import { describeSubject, errorFromStatus, subjectOf, type RequestSubject } from '../http/status.ts';
import type { Transport } from '../http/transport.ts';
import type { ClusterRef } from '../types.ts';
import type { Query } from '../http/types.ts';

const HANDSHAKE_MS = 30_000;
/** Well under the five minutes after which load balancers drop an idle connection. */
const PING_MS = 15_000;
const DEAD_AFTER_MS = 60_000;

export interface WebSocketRequest {
  readonly path: string;
  readonly query: Query;
  readonly protocols: readonly string[];
  readonly signal: AbortSignal;
}

/** Opens a WebSocket to the API server, once more with fresh credentials after a 401. Paused: call `resume` when the listeners are there. */
export async function openWebSocket(
  transport: Transport,
  cluster: ClusterRef,
  clock: Clock,
  request: WebSocketRequest,
): Promise<WebSocket> {
  try {
    return await attempt(transport, cluster, clock, request);
  } catch (error) {
    if (!isWorkbenchError(error, 'unauthorized')) throw error;
    await transport.refreshCredentials(request.signal);
    return attempt(transport, cluster, clock, request);
  }
}

async function attempt(
  transport: Transport,
  cluster: ClusterRef,
  clock: Clock,
  request: WebSocketRequest,
): Promise<WebSocket> {
  const target = await transport.upgradeTarget(request.path, request.query, request.signal);
  throwIfAborted(request.signal);
  const subject = subjectOf('GET', request.path);
  const doing = describeSubject(subject, cluster);
  const socket = new WebSocket(target.url, [...request.protocols], {
    agent: target.agent,
    headers: { ...target.headers, 'user-agent': 'llm-d-workbench' },
    maxPayload: MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      limit.dispose();
      request.signal.removeEventListener('abort', onAbort);
    };
    const fail = (error: WorkbenchError): void => {
      settle();
      reject(error);
      socket.terminate();
    };
    // A refusal's body counts as well: whoever refuses may never end it.
    const limit = clock.setTimer(HANDSHAKE_MS, () => fail(timeoutError(doing, HANDSHAKE_MS, cluster)));
    const onAbort = (): void => fail(aborted(request.signal));
    request.signal.addEventListener('abort', onAbort, { once: true });
    // Registered for good: a socket that fails later must not be an uncaught error; its `close` tells the user of it.
    socket.on('error', (error) => fail(networkError(error, doing, cluster)));
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      readStart(response, REFUSAL_BYTES).then(
        (start) =>
          fail(
            withBothVerbs(
              errorFromStatus(response.statusCode ?? 0, jsonOrText(start.toString('utf8')), subject, cluster),
              subject,
            ),
          ),
        (error: unknown) => fail(networkError(error, doing, cluster)),
      );
    });
    socket.once('open', () => {
      settle();
      socket.pause();
      resolve(socket);
    });
  });
}

/** A role that was written for SPDY holds `create` alone, an old one for WebSockets `get` alone: the hint names what is needed in all. */
function withBothVerbs(error: WorkbenchError, { plural, subresource, namespace }: RequestSubject): WorkbenchError {
  if (error.code !== 'forbidden') return error;
  const hint = `Ask the administrator of this cluster for the verbs get and create on ${plural}/${subresource ?? ''} in namespace "${namespace ?? ''}": a stream needs both.`;
  return new WorkbenchError({ code: error.code, message: error.message, hint, cause: error.cause });
}

/** Pings, so that nothing on the way takes the connection for idle, and ends it when nothing at all comes back. */
export function keepAlive(socket: WebSocket, clock: Clock): Disposable {
  let heard = clock.monotonic();
  const onHeard = (): void => {
    heard = clock.monotonic();
  };
  socket.on('pong', onHeard);
  socket.on('message', onHeard);
  let timer = clock.setTimer(PING_MS, beat);
  function beat(): void {
    // A paused socket hears nothing because we do not listen; it is not dead.
    if (!socket.isPaused && clock.monotonic() - heard > DEAD_AFTER_MS) {
      socket.terminate();
      return;
    }
    if (socket.isPaused) onHeard();
    if (socket.readyState === WebSocket.OPEN) socket.ping();
    timer = clock.setTimer(PING_MS, beat);
  }
  return disposable(() => {
    timer.dispose();
    socket.off('pong', onHeard);
    socket.off('message', onHeard);
  });
}

/** A message's bytes, whatever shape `ws` gives them. */
export function messageBytes(data: Buffer | ArrayBuffer | readonly Buffer[]): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return data instanceof ArrayBuffer ? Buffer.from(data) : Buffer.concat(data);
}
