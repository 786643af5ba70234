import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { systemClock } from '../../../src/base/clock.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { createApiServer, type ApiServer, type ApiServerOptions } from '../../../src/demo/api/server.ts';

export const adminToken = 'admin-token';

/** JSON that a test reads without ceremony. */
export type Loose = ReturnType<typeof JSON.parse>;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Loose;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  /** Undefined: the administrator's; null: none at all. */
  readonly token?: string | null;
}

export interface TestServer {
  readonly server: ApiServer;
  /** What the server logged as unexpected; a test that passes leaves it empty. */
  readonly failures: string[];
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  open(path: string): Promise<WatchLines>;
  close(): Promise<void>;
}

/** A server over plain HTTP on a free port. */
export async function startServer(options: Partial<ApiServerOptions> = {}): Promise<TestServer> {
  const failures: string[] = [];
  const logger: Logger = {
    debug() {},
    info() {},
    warn() {},
    error: (message, cause) => failures.push(`${message} ${String(cause)}`),
  };
  const server = await createApiServer({
    host: '127.0.0.1',
    port: 0,
    token: adminToken,
    tls: false,
    logger,
    clock: systemClock,
    ...options,
  });
  return {
    server,
    failures,
    call: (method, path, callOptions = {}) => call(server.url, method, path, callOptions),
    open: async (path) => new WatchLines(await respond(server.url, 'GET', path, {})),
    close: () => server.close(),
  };
}

function respond(base: string, method: string, path: string, options: CallOptions): Promise<IncomingMessage> {
  const { body, token = adminToken } = options;
  const text =
    body === undefined ? undefined : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      new URL(path, base),
      {
        method,
        agent: false,
        headers: {
          ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
          Accept: options.accept ?? 'application/json',
          'User-Agent': 'unit-test/1.0',
          ...(text === undefined
            ? {}
            : { 'Content-Type': options.contentType ?? 'application/json', 'Content-Length': Buffer.byteLength(text) }),
        },
      },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}

async function call(base: string, method: string, path: string, options: CallOptions): Promise<Answer> {
  const response = await respond(base, method, path, options);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const json = (response.headers['content-type'] ?? '').includes('json') ? JSON.parse(text) : {};
  return { status: response.statusCode ?? 0, headers: response.headers, text, json };
}

/** The events of a watch, one after the other. */
export class WatchLines {
  readonly #response: IncomingMessage;
  readonly #lines: AsyncIterator<string>;

  constructor(response: IncomingMessage) {
    this.#response = response;
    this.#lines = linesOf(response);
  }

  /** The next event; undefined at the end of the stream. */
  async next(): Promise<Loose> {
    const { value, done } = await this.#lines.next();
    return done === true ? undefined : JSON.parse(value);
  }

  async take(count: number): Promise<readonly Loose[]> {
    const events: Loose[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (event === undefined) break;
      events.push(event);
    }
    return events;
  }

  close(): void {
    this.#response.destroy();
  }
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of response) {
    rest += String(chunk);
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** Asks again until the answer satisfies; the test's own time limit ends a wait in vain. */
export async function until<T>(probe: () => Promise<T>, satisfied: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await probe();
    if (satisfied(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const pods = '/api/v1/namespaces/default/pods';
export const maps = '/api/v1/namespaces/default/configmaps';
export const deployments = '/apis/apps/v1/namespaces/default/deployments';

export function pod(
  name: string,
  extra: Record<string, unknown> = {},
  spec: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...extra },
    spec: { containers: [{ name: 'main', image: 'busybox' }], ...spec },
  };
}

export function configMap(
  name: string,
  extra: Record<string, unknown> = {},
  data: Record<string, string> = {},
): Record<string, unknown> {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...extra }, data };
}

export function deployment(name: string, spec: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image: 'nginx', ports: [{ containerPort: 80 }] }] },
      },
      ...spec,
    },
  };
}
