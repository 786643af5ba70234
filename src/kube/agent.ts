import { Agent as HttpAgent, request as httpRequest, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls';
import { WorkbenchError } from '../base/errors.ts';
import type { Connection, Credentials } from './connection.ts';

const KEEP_ALIVE_MS = 30_000;
const IDLE_SOCKETS = 16;
/** Load balancers forget idle connections after a minute or more, often without a word. */
const IDLE_MS = 50_000;

type Connected = (error: Error | null, socket: Duplex) => void;

function tlsOptions(connection: Connection, credentials: Credentials): ConnectionOptions {
  return {
    ...(connection.ca === undefined ? {} : { ca: connection.ca }),
    ...(connection.tlsServerName === undefined ? {} : { servername: connection.tlsServerName }),
    ...(credentials.cert === undefined ? {} : { cert: credentials.cert }),
    ...(credentials.key === undefined ? {} : { key: credentials.key }),
    rejectUnauthorized: connection.insecureSkipTlsVerify !== true,
  };
}

/** One keep-alive pool for everything that goes to one server with one client certificate. Its time limit closes idle sockets; busy ones may be silent for longer. */
export function createAgent(connection: Connection, credentials: Credentials): HttpAgent {
  const server = new URL(connection.server);
  const pool = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxFreeSockets: IDLE_SOCKETS, timeout: IDLE_MS, scheduling: 'lifo' as const };
  const tls = tlsOptions(connection, credentials);
  if (connection.proxyUrl === undefined) return server.protocol === 'https:' ? new HttpsAgent({ ...pool, ...tls }) : new HttpAgent(pool);
  const tunnel = openTunnel(new URL(connection.proxyUrl), server);
  return server.protocol === 'https:' ? new TunnelledHttpsAgent({ ...pool, ...tls }, tunnel, server) : new TunnelledHttpAgent(pool, tunnel);
}

type Tunnel = (done: Connected) => void;

/** A TCP stream to the server through the proxy's CONNECT. */
function openTunnel(proxy: URL, server: URL): Tunnel {
  if (proxy.protocol !== 'http:') {
    throw new WorkbenchError({
      code: 'not-supported',
      message: `proxy ${proxy.protocol}//${proxy.host} of ${server.host} is not supported`,
      hint: 'Use an http:// proxy in proxy-url or HTTPS_PROXY.',
    });
  }
  const target = `${server.hostname}:${server.port || (server.protocol === 'https:' ? '443' : '80')}`;
  const login = proxy.username === '' ? undefined : `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return (done) => {
    const failed = (error: Error): void => done(error, undefined as never);
    const request = httpRequest({
      host: proxy.hostname,
      port: proxy.port || 80,
      method: 'CONNECT',
      path: target,
      agent: false,
      headers: { host: target, ...(login === undefined ? {} : { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }) },
    });
    request.once('connect', (response, socket) => {
      if (response.statusCode === 200) {
        done(null, socket);
        return;
      }
      socket.destroy();
      failed(new WorkbenchError({
        code: 'cluster-unreachable',
        message: `proxy ${proxy.host} refused a connection to ${target}: HTTP ${response.statusCode}`,
        hint: 'Check proxy-url in the kubeconfig, HTTPS_PROXY and NO_PROXY.',
      }));
    });
    request.once('response', (response) => failed(new Error(`proxy ${proxy.host} answered CONNECT with HTTP ${response.statusCode}`)));
    request.once('error', failed);
    request.end();
  };
}

class TunnelledHttpAgent extends HttpAgent {
  readonly #tunnel: Tunnel;

  constructor(options: ConstructorParameters<typeof HttpAgent>[0], tunnel: Tunnel) {
    super(options);
    this.#tunnel = tunnel;
  }

  override createConnection(_options: ClientRequestArgs, done?: Connected): undefined {
    if (done) this.#tunnel(done);
  }
}

class TunnelledHttpsAgent extends HttpsAgent {
  readonly #tunnel: Tunnel;
  readonly #server: URL;

  constructor(options: ConstructorParameters<typeof HttpsAgent>[0], tunnel: Tunnel, server: URL) {
    super(options);
    this.#tunnel = tunnel;
    this.#server = server;
  }

  override createConnection(_options: ClientRequestArgs, done?: Connected): undefined {
    this.#tunnel((error, socket) => {
      if (error) {
        done?.(error, socket);
        return;
      }
      const secure = tlsConnect({ servername: this.#server.hostname, ...(this.options as ConnectionOptions), socket });
      const failed = (cause: Error): void => done?.(cause, secure);
      secure.once('error', failed);
      secure.once('secureConnect', () => {
        secure.off('error', failed);
        done?.(null, secure);
      });
    });
  }
}
