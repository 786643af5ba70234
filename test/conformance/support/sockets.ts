import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { WebSocket, type RawData } from 'ws';
import type { Query } from '../../../src/kube/http/types.ts';
import type { Target } from './targets.ts';

export interface Dial {
  readonly path: string;
  readonly query: Query;
  readonly protocols: readonly string[];
}

/** An answer that was no upgrade. */
export interface Refusal {
  readonly status: number;
  readonly body: unknown;
}

/** A WebSocket of the API server as a client sees it. By channel: the first byte of each message. */
export class Channels {
  readonly #socket: WebSocket;
  readonly #received = new Map<number, Buffer[]>();
  readonly #closed: Promise<unknown[]>;
  readonly #heard: (() => void)[] = [];

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#closed = once(socket, 'close');
    socket.on('message', (data: RawData) => {
      const message = Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
      const channel = message[0] ?? 0;
      this.#received.set(channel, [...(this.#received.get(channel) ?? []), message.subarray(1)]);
      for (const wake of this.#heard.splice(0)) wake();
    });
  }

  /** The one that the server chose. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  send(channel: number, data: string | Buffer): void {
    this.#socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(data)]));
  }

  bytes(channel: number): Buffer {
    return Buffer.concat(this.#received.get(channel) ?? []);
  }

  text(channel: number): string {
    return this.bytes(channel).toString();
  }

  /** Waits for what a channel says; the case's time limit is that of the wait. */
  async until(channel: number, pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text(channel))) {
      const more = new Promise<void>((resolve) => this.#heard.push(resolve));
      const ended = await Promise.race([more.then(() => false), this.#closed.then(() => true)]);
      if (ended && !pattern.test(this.text(channel)))
        throw new Error(`channel ${channel} never said ${String(pattern)}: ${JSON.stringify(this.text(channel))}`);
    }
    return this.text(channel);
  }

  /** The code with which the server closed. */
  async closed(): Promise<unknown> {
    return (await this.#closed)[0];
  }

  /** Leaves without waiting for anybody. */
  close(): void {
    this.#socket.terminate();
  }
}

/** Opens a WebSocket; a refusal is an answer, too. */
export async function dial(target: Target, { path, query, protocols }: Dial): Promise<Channels | Refusal> {
  const { url, agent, headers } = await target.transport.upgradeTarget(path, query, AbortSignal.timeout(20_000));
  const socket = new WebSocket(url, [...protocols], {
    agent,
    headers,
    perMessageDeflate: false,
    handshakeTimeout: 20_000,
  });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    // Made here, not after an await: the first message may come with the head.
    socket.once('upgrade', () => resolve(new Channels(socket)));
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      text(response).then(
        (body) =>
          resolve({
            status: response.statusCode ?? 0,
            body: (response.headers['content-type'] ?? '').includes('json') ? JSON.parse(body) : body,
          }),
        reject,
      );
    });
  });
}
