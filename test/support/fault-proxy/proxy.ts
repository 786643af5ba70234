import { createServer, request as httpsRequest, type Server } from 'node:https';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import { createServerIdentity } from '../../../src/demo/api/http/tls.ts';
import { pass, type Asked, type Fault } from './exchange.ts';
import { Wire } from './wire.ts';

/** Where the proxy forwards to. */
export interface Upstream {
  readonly port: number;
  /** Undefined: it speaks plain HTTP. */
  readonly ca: string | undefined;
}

export type ServerIdentity = ReturnType<typeof createServerIdentity>;

/** The client shall be the one that closes idle connections, as with an API server. */
const idleConnectionMs = 120_000;

export type Matcher = (asked: Asked) => boolean;

/** A fault that waits for its requests; `hits` counts those that it met. */
export interface Rule {
  readonly hits: number;
  /** From now on the server answers again. */
  lift(): void;
}

interface OpenRule {
  readonly matches: Matcher;
  readonly fault: Fault;
  times: number;
  hits: number;
}

/** A TLS proxy before an API server that does to its requests what a test asks for, and to its connections what `wire` does. */
export class FaultProxy {
  readonly #server: Server;
  readonly #rules = new Set<OpenRule>();
  readonly #sockets = new Set<Socket | Duplex>();
  readonly wire = new Wire(() => (this.#server.address() as AddressInfo).port);
  readonly asked: Asked[] = [];
  #upstream: Upstream;
  #identity: ServerIdentity;

  private constructor(upstream: Upstream, identity: ServerIdentity) {
    this.#upstream = upstream;
    this.#identity = identity;
    this.#server = createServer({ key: identity.keyPem, cert: identity.certPem });
    this.#server.keepAliveTimeout = idleConnectionMs;
    this.#server.on('request', (request, response) => void this.#answer(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server.on('connection', (socket: Socket) => this.#own(socket));
  }

  static async start(upstream: Upstream, identity = createServerIdentity(Date.now())): Promise<FaultProxy> {
    const proxy = new FaultProxy(upstream, identity);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    await proxy.wire.plugIn();
    return proxy;
  }

  async stop(): Promise<void> {
    await this.wire.unplug();
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  get url(): string {
    return `https://127.0.0.1:${this.wire.port}`;
  }

  /** The certificate that clients see, which is its own authority. */
  get identity(): ServerIdentity {
    return this.#identity;
  }

  /** Another certificate for the connections to come. */
  present(identity: ServerIdentity): void {
    this.#identity = identity;
    this.#server.setSecureContext({ key: identity.keyPem, cert: identity.certPem });
  }

  /** Another server for the requests to come, as behind a load balancer. */
  forwardTo(upstream: Upstream): void {
    this.#upstream = upstream;
  }

  /** Does the fault to the next requests that match, `times` of them. The oldest rule that matches wins. */
  when(matches: Matcher, fault: Fault, times = Number.POSITIVE_INFINITY): Rule {
    const rule: OpenRule = { matches, fault, times, hits: 0 };
    this.#rules.add(rule);
    return {
      get hits() {
        return rule.hits;
      },
      lift: () => void this.#rules.delete(rule),
    };
  }

  /** Every request is answered again, and new connections are carried. */
  behave(): void {
    this.#rules.clear();
    this.wire.swallowing = false;
  }

  count(matches: Matcher): number {
    return this.asked.filter(matches).length;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = this.#note(request, request.method ?? 'GET');
    const fault = this.#faultFor(asked);
    const forward = (headers: Readonly<Record<string, string>> = {}): Promise<IncomingMessage> =>
      this.#forward(request, response, headers);
    try {
      if (fault) await fault({ asked, request, response, forward });
      else pass(await forward(), response);
    } catch {
      // The server behind went away: its client hears the same.
      response.destroy();
    }
  }

  #note(request: IncomingMessage, method: string): Asked {
    const url = new URL(request.url ?? '/', 'https://server');
    const asked = { method, path: url.pathname, query: url.searchParams, authorization: request.headers.authorization };
    this.asked.push(asked);
    return asked;
  }

  #faultFor(asked: Asked): Fault | undefined {
    const rule = [...this.#rules].find((each) => each.times > 0 && each.matches(asked));
    if (rule === undefined) return undefined;
    rule.times -= 1;
    rule.hits += 1;
    return rule.fault;
  }

  /** Sends the request on; answers when the head of the response is there. */
  async #forward(
    request: IncomingMessage,
    response: ServerResponse,
    headers: Readonly<Record<string, string>>,
  ): Promise<IncomingMessage> {
    const { port, ca } = this.#upstream;
    const outgoing = (ca === undefined ? httpRequest : httpsRequest)({
      host: '127.0.0.1',
      port,
      ...(ca === undefined ? {} : { ca }),
      agent: false,
      method: request.method,
      path: request.url,
      headers: { ...request.headers, ...headers },
    });
    response.on('close', () => outgoing.destroy());
    request.pipe(outgoing);
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    outgoing.on('error', () => response.destroy());
    return incoming;
  }

  /** WebSockets are carried as bytes; what cuts them is the wire, or a rule that answers in the server's place. */
  #upgrade(request: IncomingMessage, near: Duplex, head: Buffer): void {
    this.#note(request, 'UPGRADE');
    const { port, ca } = this.#upstream;
    const open = (): void => {
      const lines = Object.entries(request.headers).flatMap(([name, value]) =>
        (Array.isArray(value) ? value : [value]).map((one) => `${name}: ${one ?? ''}`),
      );
      far.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      far.write(head);
      far.pipe(near).pipe(far);
    };
    const far =
      ca === undefined ? connect({ host: '127.0.0.1', port }, open) : tlsConnect({ host: '127.0.0.1', port, ca }, open);
    this.#own(far);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => one.destroy());
      one.on('close', () => other.destroy());
    }
  }

  #own(socket: Socket | Duplex): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
