import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a client asked for. */
export interface Asked {
  /** `UPGRADE` for a WebSocket. */
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
}

/** A request in the proxy's hands. */
export interface Exchange {
  readonly asked: Asked;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Sends the request to the server, with other headers where given; the answer's head. */
  readonly forward: (headers?: Readonly<Record<string, string>>) => Promise<IncomingMessage>;
}

export type Fault = (exchange: Exchange) => void | Promise<void>;

/** The head of an answer without what is said between two neighbours only: clients keep their connections to the proxy. */
export function endToEnd({ headers }: IncomingMessage): Record<string, string | string[] | undefined> {
  const { connection: _connection, 'keep-alive': _keepAlive, 'transfer-encoding': _encoding, ...rest } = headers;
  return rest;
}

/** Hands the answer on as it comes, with its end or its break. */
export function pass(incoming: IncomingMessage, response: ServerResponse): void {
  response.writeHead(incoming.statusCode ?? 502, endToEnd(incoming));
  response.flushHeaders();
  incoming.on('error', () => response.destroy());
  incoming.on('aborted', () => response.destroy());
  incoming.pipe(response);
}
