import { request as httpRequest, type Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { TLSSocket } from 'node:tls';
import { aborted, throwIfAborted, type Clock } from '../../base/clock.ts';
import { disposable, type Disposable } from '../../base/disposables.ts';
import { createAgent, dropIdle, IDLE_MS, isBusy } from './agent.ts';
import {
  credentialsOf,
  samePem,
  sameRoute,
  type Connection,
  type Credentials,
  type CredentialSource,
  type Route,
} from './connection.ts';
import { networkError, timeoutError } from './network-errors.ts';
import { queryString } from '../resources.ts';
import { describeSubject, subjectOf } from './status.ts';
import type { ClusterRef } from '../types.ts';
import type { KubeRequest, KubeResponse } from './types.ts';

/** To an open socket, TLS and all: a server that is up answers in well under a second, even across an ocean. */
const CONNECT_TIMEOUT_MS = 10_000;
/** To the first byte of the answer. */
const HEADERS_TIMEOUT_MS = 30_000;
/** A refusal is short: its body may not take longer than this, whatever time a good answer has. */
const REFUSAL_TIMEOUT_MS = 10_000;

export interface TransportOptions {
  readonly cluster: ClusterRef;
  readonly connection: Connection;
  readonly clock: Clock;
}

/** The connections that one route and one client certificate share. */
interface Pool {
  readonly route: Route;
  readonly credentials: Credentials;
  readonly agent: Agent;
}

/** What a WebSocket needs to go the same way as requests do. */
export interface UpgradeTarget {
  readonly url: string;
  readonly headers: Credentials['headers'];
  readonly agent: Agent;
}

/** Sends single requests over one shared pool, with credentials. Knows nothing of JSON or retries. */
export class Transport implements Disposable {
  readonly #cluster: ClusterRef;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #credentials: CredentialSource;
  readonly #disposed = new AbortController();
  /** Of the credentials that count now, and of older ones as long as something runs over them. */
  #agents: Agent[] = [];
  #pool: Pool | undefined;
  /** Wall ms of the last request. */
  #lastSent: number;

  constructor(options: TransportOptions) {
    this.#cluster = options.cluster;
    this.#connection = options.connection;
    this.#clock = options.clock;
    this.#credentials = credentialsOf(options.connection);
    this.#lastSent = options.clock.now();
  }

  /** One request, whatever its status; asked once more with fresh credentials after a 401. */
  async send(request: KubeRequest): Promise<KubeResponse> {
    const credentials = await this.#credentials.get(request.signal);
    const response = await this.#attempt(request, credentials, await this.#agent(credentials));
    if (response.status !== 401) return response;
    try {
      this.#credentials.invalidate(credentials);
      const fresh = await this.#credentials.get(request.signal);
      if (sameCredentials(fresh, credentials)) return response;
      response.body.destroy();
      return await this.#attempt(request, fresh, await this.#agent(fresh));
    } catch (error) {
      response.body.destroy();
      throw error;
    }
  }

  async upgradeTarget(path: string, query: KubeRequest['query'], signal: AbortSignal): Promise<UpgradeTarget> {
    const credentials = await this.#credentials.get(signal);
    throwIfAborted(signal);
    const url = this.#url(path, query);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return { url: url.href, headers: credentials.headers, agent: await this.#agent(credentials) };
  }

  /** Fresh credentials for the next call, after an upgrade was refused with 401. */
  async refreshCredentials(signal: AbortSignal): Promise<void> {
    this.#credentials.invalidate(await this.#credentials.get(signal));
  }

  /** Ends the connections that idle, because they are not to be trusted any more. */
  dropIdle(): void {
    for (const agent of this.#agents) dropIdle(agent);
  }

  dispose(): void {
    this.#disposed.abort();
    for (const agent of this.#agents) agent.destroy();
  }

  #url(path: string, query: KubeRequest['query']): URL {
    return new URL(this.#connection.server.replace(/\/+$/, '') + path + queryString(query));
  }

  async #agent(credentials: Credentials): Promise<Agent> {
    const { server, route: currentRoute } = this.#connection;
    const route = currentRoute === undefined ? this.#connection : await currentRoute();
    this.#forgetSlept();
    const pool = this.#pool;
    if (pool && sameRoute(pool.route, route) && sameCertificate(pool.credentials, credentials)) return pool.agent;
    // What runs over the pool of the old certificate may end in peace; what idles there is of no use any more.
    if (pool !== undefined) dropIdle(pool.agent);
    const agent = createAgent(new URL(server), route, credentials);
    this.#agents = [...this.#agents.filter(isBusy), agent];
    this.#pool = { route, credentials, agent };
    return agent;
  }

  /** Idle connections end by a timer of their own, which stands still while the machine sleeps: they are as dead then, and only the wall clock tells. */
  #forgetSlept(): void {
    const now = this.#clock.now();
    if (now - this.#lastSent > IDLE_MS) this.dropIdle();
    this.#lastSent = now;
  }

  #attempt(request: KubeRequest, credentials: Credentials, agent: Agent): Promise<KubeResponse> {
    const method = request.method ?? 'GET';
    const doing = describeSubject(subjectOf(method, request.path, request.query?.['watch'] === true), this.#cluster);
    const signal = AbortSignal.any([request.signal, this.#disposed.signal]);
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(aborted(signal));
        return;
      }
      const url = this.#url(request.path, request.query);
      const body = encodeBody(request.body);
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const outgoing = send(url, {
        method,
        agent,
        headers: {
          'user-agent': 'llm-d-workbench',
          accept: request.accept ?? 'application/json',
          ...credentials.headers,
          ...(body === undefined
            ? {}
            : { 'content-type': request.contentType ?? 'application/json', 'content-length': body.length }),
          ...(acceptsGzip(request) ? { 'accept-encoding': 'gzip' } : {}),
        },
      });
      const onAbort = (): void => {
        outgoing.destroy(aborted(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const limits = [
        this.#limit(outgoing, HEADERS_TIMEOUT_MS, doing, request.timeoutMs),
        this.#connectLimit(outgoing, doing),
      ];
      const lift = (): void => {
        for (const limit of limits) limit.dispose();
      };
      outgoing.on('error', (error) => {
        lift();
        reject(networkError(error, doing, this.#cluster));
      });
      outgoing.once('close', () => signal.removeEventListener('abort', onAbort));
      outgoing.once('response', (incoming: IncomingMessage) => {
        lift();
        const status = incoming.statusCode ?? 0;
        this.#limitBody(incoming, status < 400 ? request.timeoutMs : REFUSAL_TIMEOUT_MS, doing);
        resolve({ status, headers: singleHeaders(incoming), body: incoming });
      });
      outgoing.end(body);
    });
  }

  #limit(outgoing: ClientRequest, defaultMs: number, doing: string, asked: number | undefined): Disposable {
    const ms = asked ?? defaultMs;
    return this.#clock.setTimer(ms, () => outgoing.destroy(timeoutError(doing, ms, this.#cluster)));
  }

  /** A host that swallows packets, or a load balancer without a server behind it, must not hold a call for the whole time that a slow answer may take. */
  #connectLimit(outgoing: ClientRequest, doing: string): Disposable {
    let timer: Disposable | undefined;
    outgoing.once('socket', (socket) => {
      if (!socket.connecting) return;
      timer = this.#clock.setTimer(CONNECT_TIMEOUT_MS, () =>
        outgoing.destroy(timeoutError(doing, CONNECT_TIMEOUT_MS, this.#cluster)),
      );
      socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => timer?.dispose());
    });
    return disposable(() => timer?.dispose());
  }

  #limitBody(incoming: IncomingMessage, ms: number | undefined, doing: string): void {
    if (ms === undefined) return;
    const timer = this.#clock.setTimer(ms, () => incoming.destroy(timeoutError(doing, ms, this.#cluster)));
    incoming.once('close', () => timer.dispose());
  }
}

function sameCredentials(one: Credentials, other: Credentials): boolean {
  return sameCertificate(one, other) && JSON.stringify(one.headers) === JSON.stringify(other.headers);
}

function sameCertificate(one: Credentials, other: Credentials): boolean {
  return samePem(one.cert, other.cert) && samePem(one.key, other.key);
}

/** Lists shrink to a tenth; streams must arrive line by line and stay as they are. */
function acceptsGzip(request: KubeRequest): boolean {
  return (
    (request.method ?? 'GET') === 'GET' &&
    request.accept?.includes('json') !== false &&
    request.query?.['watch'] !== true &&
    request.query?.['follow'] !== true
  );
}

function encodeBody(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined;
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function singleHeaders(incoming: IncomingMessage): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}
