import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { WebSocketServer, type WebSocket } from 'ws';
import { systemClock, type Clock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import type { Connection } from '../../../src/kube/http/connection.ts';
import type { ClusterRef, KubeClient } from '../../../src/kube/types.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void;
export type Upgrade = (socket: WebSocket, url: URL) => void;

/** An HTTP server that does what a test says, and remembers what it was asked. */
export class ScriptedServer {
  readonly requests: {
    readonly method: string;
    readonly url: URL;
    readonly headers: IncomingMessage['headers'];
    readonly body: string;
  }[] = [];
  readonly server: Server;
  readonly #sockets = new Set<Socket>();
  handle: Handler = (_request, response) => sendStatus(response, 404, 'NotFound');
  upgrade: Upgrade = (socket) => socket.close();
  connections = 0;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const url = new URL(request.url ?? '/', 'http://server');
        this.requests.push({
          method: request.method ?? '',
          url,
          headers: request.headers,
          body: Buffer.concat(chunks).toString(),
        });
        this.handle(request, response, url);
      });
    });
    this.server.on('connection', (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    const sockets = new WebSocketServer({ noServer: true });
    this.server.on('upgrade', (request, socket, head) => {
      const url = new URL(request.url ?? '/', 'http://server');
      this.requests.push({ method: 'UPGRADE', url, headers: request.headers, body: '' });
      sockets.handleUpgrade(request, socket, head, (webSocket) => this.upgrade(webSocket, url));
    });
  }

  async start(port = 0): Promise<string> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cutAll();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

export function sendStatus(
  response: ServerResponse,
  code: number,
  reason: string,
  details?: object,
  message = `it is ${reason}`,
): void {
  sendJson(response, code, {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason,
    message,
    ...(details ? { details } : {}),
  });
}

export function pod(name: string, version: string, extra: Record<string, unknown> = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'ns', uid: `uid-${name}`, resourceVersion: version },
    ...extra,
  };
}

export function clusterRef(server: string): ClusterRef {
  return { context: 'test-context', namespace: 'ns', server };
}

export function clientOf(server: string, connection: Partial<Connection> = {}, clock: Clock = systemClock): KubeClient {
  return createKubeClient({
    cluster: clusterRef(server),
    connection: { server, token: 'token-of-test', ...connection },
    clock,
    logger: silentLogger,
  });
}

/** Waits until a condition holds; the test's own time limit is the only limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
