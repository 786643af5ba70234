import {
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { PodNetwork } from '../../../nodes/types.ts';

export interface Upstream {
  readonly host: string;
  readonly port: number;
}

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'content-length',
]);

/** Opens a request to an upstream with a body, and resolves with the head of its answer. Rejects as a socket does. */
export async function openUpstream(
  network: PodNetwork,
  namespace: string,
  upstream: Upstream,
  request: IncomingMessage,
  body: string,
  extraHeaders: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const socket = await network.connect(upstream.host, upstream.port, { namespace });
  return await new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      createConnection: () => socket,
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: {
        ...endToEnd(request.headers),
        'content-length': String(Buffer.byteLength(body)),
        connection: 'close',
        ...extraHeaders,
      },
      signal,
    });
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Passes an answer on as it comes; an upstream that breaks off breaks the client's connection too. */
export function relay(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 502, { ...endToEnd(answer.headers), ...contentLength(answer) });
  answer.on('error', () => response.destroy());
  answer.on('aborted', () => response.destroy());
  answer.pipe(response);
}

/** Aborts when the client goes away before its answer ended. */
export function clientSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}

function contentLength(answer: IncomingMessage): OutgoingHttpHeaders {
  const length = answer.headers['content-length'];
  return length === undefined ? {} : { 'content-length': length };
}
