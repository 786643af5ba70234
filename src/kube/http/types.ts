import type { Readable } from 'node:stream';

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface KubeRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path from the server's root, e.g. `/api/v1/nodes`. Build it with `resourcePath`. */
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON; a string or Buffer is sent as it is. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  /** Milliseconds to the end of the response; the default is the client's. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

export interface KubeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Readable;
}
