import { request as httpRequest, type IncomingMessage } from 'node:http';
import { throwIfAborted } from '../../../../base/clock.ts';
import type { PodNetwork } from '../../../nodes/types.ts';

export interface PodRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly signal: AbortSignal;
}

/** Sends one HTTP request over the pods' network, on a connection of its own. Rejects as `fetch` of a socket would: ENOTFOUND, ECONNREFUSED, ECONNRESET, abort. */
export async function podRequest(
  network: PodNetwork,
  namespace: string,
  request: PodRequest,
): Promise<IncomingMessage> {
  throwIfAborted(request.signal);
  const { url } = request;
  const port = Number(url.port === '' ? 80 : url.port);
  const socket = await network.connect(url.hostname, port, { namespace });
  return await new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      createConnection: () => socket,
      method: request.method,
      path: url.pathname + url.search,
      headers: { host: url.host, connection: 'close', ...request.headers },
      signal: request.signal,
    });
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(request.body);
  });
}

export async function bodyText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** A URL of the pods' network; a missing scheme is http, as curl takes it. Undefined when it is none. */
export function podUrl(text: string): URL | undefined {
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  return URL.canParse(withScheme) ? new URL(withScheme) : undefined;
}
