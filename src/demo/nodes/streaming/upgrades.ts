import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { SpdyConnection } from './spdy-connection.ts';
import { WebSocketTunnel } from './websocket-tunnel.ts';

export type UpgradeKind = 'exec' | 'attach' | 'portforward';
export type UpgradeTransport = 'websocket' | 'spdy';

/** Accepted upgrades, counted by transport: clients fall back from WebSocket to SPDY silently, so a test must look here. */
export class UpgradeCounter {
  readonly #counts = new Map<string, number>();

  count(kind: UpgradeKind, transport: UpgradeTransport): void {
    const key = `${kind}/${transport}`;
    this.#counts.set(key, this.of(kind, transport) + 1);
  }

  of(kind: UpgradeKind, transport: UpgradeTransport): number {
    return this.#counts.get(`${kind}/${transport}`) ?? 0;
  }
}

export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
const channelProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const spdyRemoteCommandProtocol = 'v4.channel.k8s.io';

/** What a request to upgrade asks for, or why it is refused (with the HTTP status that says so). */
export type UpgradeRequest =
  | { readonly kind: 'websocket-channels'; readonly protocol: string }
  | { readonly kind: 'websocket-tunnel' }
  | { readonly kind: 'spdy' }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string };

export function readUpgrade(request: IncomingMessage, forPortForward: boolean): UpgradeRequest {
  const upgrade = (request.headers.upgrade ?? '').toLowerCase();
  if (upgrade === 'spdy/3.1') return { kind: 'spdy' };
  if (upgrade !== 'websocket') return { kind: 'refused', status: 400, message: 'Upgrade request required' };
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (forPortForward && offered.includes(tunnelProtocol)) return { kind: 'websocket-tunnel' };
  const usable = forPortForward ? ['v4.channel.k8s.io'] : channelProtocols;
  const protocol = usable.find((name) => offered.includes(name));
  if (protocol === undefined) {
    return {
      kind: 'refused',
      status: 403,
      message: `unable to negotiate protocol: client supports [${offered.join(' ')}], server supports [${usable.join(' ')}]`,
    };
  }
  return { kind: 'websocket-channels', protocol };
}

/** Turns accepted HTTP upgrades into WebSockets and SPDY connections. */
export class Upgrader {
  readonly #websockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 256 << 20,
    handleProtocols: () => false,
  });

  /**
   * `protocol` is what the 101 answers. ws itself refuses names with a slash, so it neither sees nor writes them.
   * ws decides within the call; undefined when it has answered that the request is no WebSocket handshake.
   */
  webSocket(request: IncomingMessage, socket: Duplex, head: Buffer, protocol: string): WebSocket | undefined {
    delete request.headers['sec-websocket-protocol'];
    const addProtocol = (headers: string[]): void => {
      headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
    };
    let accepted: WebSocket | undefined;
    this.#websockets.once('headers', addProtocol);
    this.#websockets.handleUpgrade(request, socket, head, (webSocket) => {
      accepted = webSocket;
    });
    this.#websockets.off('headers', addProtocol);
    return accepted;
  }

  tunnel(request: IncomingMessage, socket: Duplex, head: Buffer): SpdyConnection | undefined {
    const accepted = this.webSocket(request, socket, head, tunnelProtocol);
    return accepted === undefined ? undefined : new SpdyConnection(new WebSocketTunnel(accepted));
  }

  spdy(request: IncomingMessage, socket: Duplex, head: Buffer, forPortForward: boolean): SpdyConnection {
    const offered = [request.headers['x-stream-protocol-version']]
      .flat()
      .flatMap((value) => (value ?? '').split(','))
      .map((name) => name.trim());
    const wanted = forPortForward ? 'portforward.k8s.io' : spdyRemoteCommandProtocol;
    const answer = offered.includes(wanted) ? `X-Stream-Protocol-Version: ${wanted}\r\n` : '';
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n${answer}\r\n`);
    if (head.length > 0) socket.unshift(head);
    return new SpdyConnection(socket);
  }

  dispose(): void {
    for (const client of this.#websockets.clients) client.terminate();
    this.#websockets.close();
  }
}
