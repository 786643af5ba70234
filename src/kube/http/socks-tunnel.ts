import { SocksClient } from 'socks';
import type { Duplex } from 'node:stream';

/** A server, by name or address. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Who asks a proxy. Secret. */
export interface ProxyLogin {
  readonly user: string;
  readonly password: string;
}

/** SOCKS 5 with the login of RFC 1929. A name goes to the proxy as it is: behind a bastion only it can resolve it. */
export async function connectThroughSocks(
  proxy: URL,
  login: ProxyLogin | undefined,
  target: Target,
  timeout: number,
): Promise<Duplex> {
  const { socket } = await SocksClient.createConnection({
    command: 'connect',
    destination: target,
    timeout,
    proxy: {
      type: 5,
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: Number(proxy.port) || 1080,
      ...(login === undefined ? {} : { userId: login.user, password: login.password }),
    },
  });
  return socket;
}
