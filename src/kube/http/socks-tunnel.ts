import { SocksClient } from 'socks';
import type { Duplex } from 'node:stream';

/** A server, by name or address. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** SOCKS 5 with the login of RFC 1929. A name goes to the proxy as it is: behind a bastion only it can resolve it. */
export async function connectThroughSocks(proxy: URL, target: Target, timeout: number): Promise<Duplex> {
  const { socket } = await SocksClient.createConnection({
    command: 'connect',
    destination: target,
    timeout,
    proxy: {
      type: 5,
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: Number(proxy.port) || 1080,
      ...(proxy.username === ''
        ? {}
        : { userId: decodeURIComponent(proxy.username), password: decodeURIComponent(proxy.password) }),
    },
  });
  return socket;
}
