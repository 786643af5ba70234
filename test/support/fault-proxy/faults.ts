import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { endToEnd, pass, type Fault } from './exchange.ts';

const json = { 'content-type': 'application/json' };

/** The server takes the request for somebody's whose token it knows. */
export function as(token: string): Fault {
  return async ({ response, forward }) => pass(await forward({ authorization: `Bearer ${token}` }), response);
}

/** The API server's refusal. */
export function refuse(code: number, reason: string, headers: Readonly<Record<string, string>> = {}): Fault {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `refused by the fault suite: ${reason}`,
    reason,
    code,
  };
  return ({ response }) => {
    response.writeHead(code, { ...json, ...headers });
    response.end(JSON.stringify(status));
  };
}

/** Something that is no API server's answer: a load balancer's or a captive portal's page, or the bare text of a path that is not served. */
export function page(code: number, body: string, contentType = 'text/html'): Fault {
  return ({ response }) => {
    response.writeHead(code, { 'content-type': contentType });
    response.end(body);
  };
}

/** A watch that the server accepts and ends with 410 inside its stream, as after a compaction. */
export const goneInStream: Fault = ({ response }) => {
  response.writeHead(200, json);
  response.end(
    `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Expired', code: 410, message: 'too old resource version' } })}\n`,
  );
};

/** A watch that the server accepts, and then nothing: a proxy that holds the events back, or a server that waits for a version to come. */
export const acceptedAndSilent: Fault = ({ response }) => {
  response.writeHead(200, json);
  response.flushHeaders();
};

/** A watch that is ended as soon as it is accepted. */
export const acceptedAndEnded: Fault = ({ response }) => {
  response.writeHead(200, json);
  response.end();
};

/** The connection breaks before the server hears of the request. */
export const cutBefore: Fault = ({ response }) => {
  response.socket?.resetAndDestroy();
};

/** The server does what it was asked, and the connection breaks before the answer is through. */
export const cutAfterDoing: Fault = async ({ response, forward }) => {
  const answer = await forward();
  for await (const chunk of answer) void chunk;
  response.socket?.resetAndDestroy();
};

/** The connection breaks after so many bytes of the answer's body. */
export function cutInside(bytes: number): Fault {
  return async ({ response, forward }) => {
    const answer = await forward();
    response.writeHead(answer.statusCode ?? 502, endToEnd(answer));
    let left = bytes;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      await new Promise((resolve) => response.write(chunk.subarray(0, left), resolve));
      left -= chunk.length;
      if (left <= 0) break;
    }
    response.socket?.destroy();
  };
}

/** An answer that ends too early and says that it is whole. */
export function truncated(bytes: number): Fault {
  return async ({ response, forward }) => {
    const whole = await body(await forward({ 'accept-encoding': 'identity' }));
    response.writeHead(200, json);
    response.end(whole.subarray(0, bytes));
  };
}

/** The same inside gzip. */
export const truncatedGzip: Fault = async ({ response, forward }) => {
  const packed = gzipSync(await body(await forward({ 'accept-encoding': 'identity' })));
  response.writeHead(200, { ...json, 'content-encoding': 'gzip' });
  response.end(packed.subarray(0, packed.length >> 1));
};

/** Head and the first bytes of the body, and nothing after them. */
export function stalledBody(code: number, start = '{"kind":'): Fault {
  return ({ response }) => {
    response.writeHead(code, json);
    response.write(start);
  };
}

/** Requests wait here until they are let go. */
export function holding(): { readonly fault: Fault; readonly release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    fault: async ({ response, forward }) => {
      await promise;
      if (!response.destroyed) pass(await forward(), response);
    },
    release: resolve,
  };
}

async function body(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
