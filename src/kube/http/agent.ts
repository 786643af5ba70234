import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP } from 'node:net';
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls';
import type { Credentials, Route } from './connection.ts';
import { limited, openTunnel, type Connected, type Tunnel } from './tunnels.ts';

const KEEP_ALIVE_MS = 30_000;
const IDLE_SOCKETS = 16;
/** Load balancers forget idle connections after a minute or more, often without a word. */
export const IDLE_MS = 50_000;

function tlsOptions(route: Route, credentials: Credentials): ConnectionOptions {
  return {
    ...(route.ca === undefined ? {} : { ca: route.ca }),
    ...(route.tlsServerName === undefined ? {} : { servername: route.tlsServerName }),
    ...(credentials.cert === undefined ? {} : { cert: credentials.cert }),
    ...(credentials.key === undefined ? {} : { key: credentials.key }),
    rejectUnauthorized: route.insecureSkipTlsVerify !== true,
  };
}

/** One keep-alive pool for everything that goes one route to a server with one client certificate. Its time limit closes idle sockets; busy ones may be silent for longer. */
export function createAgent(server: URL, route: Route, credentials: Credentials): HttpAgent {
  const pool = {
    keepAlive: true,
    keepAliveMsecs: KEEP_ALIVE_MS,
    maxFreeSockets: IDLE_SOCKETS,
    timeout: IDLE_MS,
    scheduling: 'lifo' as const,
  };
  const tls = tlsOptions(route, credentials);
  if (route.proxyUrl === undefined)
    return server.protocol === 'https:' ? new HttpsAgent({ ...pool, ...tls }) : new HttpAgent(pool);
  const tunnel = openTunnel(route.proxyUrl, server, route);
  return server.protocol === 'https:'
    ? new TunnelledHttpsAgent({ ...pool, ...tls }, tunnel, server)
    : new TunnelledHttpAgent(pool, tunnel);
}

/** Ends the connections that no request uses. */
export function dropIdle(agent: HttpAgent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

/** Whether a connection of it is open, idle or not, or being made. */
export function isBusy(agent: HttpAgent): boolean {
  return [agent.sockets, agent.freeSockets, agent.requests].some((entries) => Object.keys(entries).length > 0);
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
      const host = this.#server.hostname.replace(/^\[|\]$/g, '');
      // An address is checked as one and never sent as a server's name.
      const secure = tlsConnect({
        ...(isIP(host) === 0 ? { servername: host } : { host }),
        ...(this.options as ConnectionOptions),
        socket,
      });
      const lift = limited((late) => secure.destroy(late));
      const failed = (cause: Error): void => {
        lift();
        done?.(cause, secure);
      };
      secure.once('error', failed);
      secure.once('secureConnect', () => {
        lift();
        secure.off('error', failed);
        done?.(null, secure);
      });
    });
  }
}
