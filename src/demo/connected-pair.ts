import { Duplex } from 'node:stream';

const bufferBytes = 1 << 18;

/** One end of a connection in memory. What is written here is read there; ending and destroying pass over as on a socket. */
class ConnectionEnd extends Duplex {
  /** As on a socket: who is at the other end. */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  #peer: ConnectionEnd | undefined;
  #peerWantsMore: (() => void) | undefined;

  constructor(remoteAddress?: string, remotePort?: number) {
    super({ readableHighWaterMark: bufferBytes, writableHighWaterMark: bufferBytes });
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    // A break is told through 'close' too; without a listener of its user it must not end the process.
    this.on('error', () => {});
  }

  join(peer: ConnectionEnd): void {
    this.#peer = peer;
  }

  override _read(): void {
    const resume = this.#peerWantsMore;
    this.#peerWantsMore = undefined;
    resume?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const peer = this.#peer;
    if (peer === undefined || peer.destroyed) {
      done(networkError('EPIPE', 'write', 'broken pipe', {}));
      return;
    }
    if (peer.push(chunk)) process.nextTick(done);
    else peer.#peerWantsMore = done;
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#peer?.destroyed === false) this.#peer.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const resume = this.#peerWantsMore;
    this.#peerWantsMore = undefined;
    resume?.();
    const peer = this.#peer;
    // After a proper end the peer may still have bytes to read; only a break in the middle is a reset.
    if (peer !== undefined && !peer.destroyed && !this.writableFinished) {
      process.nextTick(() => peer.destroy(networkError('ECONNRESET', 'read', 'connection reset by peer', {})));
    }
    done(error);
  }
}

/** Local ports are handed out in turn, from the range that Linux uses. */
let nextLocalPort = 32_768;

/** Both ends of a connection in memory, the one that was opened first; the other sees who is there. */
export function connectedPair(fromIp: string): [Duplex, Duplex] {
  nextLocalPort = nextLocalPort === 60_999 ? 32_768 : nextLocalPort + 1;
  const client = new ConnectionEnd();
  const server = new ConnectionEnd(fromIp, nextLocalPort);
  client.join(server);
  server.join(client);
  return [client, server];
}

/** An error shaped as Node's own, since clients look at its `code`. */
export function networkError(
  code: string,
  syscall: string,
  detail: string,
  fields: Readonly<Record<string, unknown>>,
): Error {
  return Object.assign(new Error(`${syscall} ${code} ${detail}`), { code, syscall, ...fields });
}
