import { Duplex } from 'node:stream';
import { callbackify } from 'node:util';
import { WebSocket } from 'ws';
import type { Clock } from '../../base/clock.ts';
import { toWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import { COMPLAINT_BYTES } from '../limits.ts';
import { keepAlive, messageBytes } from './websocket.ts';

const DATA = 0;
const ERROR = 1;
/** The server's first message on each channel holds the port, not data. */
const PREAMBLES = 2;
const CLOSED_NORMALLY = 1000;

export interface ConnectionOptions {
  /** Finds the pod and opens the way to it; the socket comes paused. */
  readonly open: (signal: AbortSignal) => Promise<WebSocket>;
  /** `port-forward to ...`, for messages. */
  readonly where: string;
  readonly clock: Clock;
  /** Bytes came from the pod: it lives. */
  readonly heard: () => void;
}

/**
 * One connection to a pod's port, as a stream of this process: there is no socket that anybody else could use. It may be
 * written to at once. What breaks is an error, never an orderly end: an answer that was cut must not look whole.
 */
export class ForwardedConnection extends Duplex {
  readonly #where: string;
  readonly #heard: () => void;
  readonly #stop = new AbortController();
  readonly #opened: Promise<WebSocket | undefined>;
  #remote: WebSocket | undefined;
  #preambles = PREAMBLES;

  constructor({ open, where, clock, heard }: ConnectionOptions) {
    super({ allowHalfOpen: false });
    this.#where = where;
    this.#heard = heard;
    // Registered for good: one that breaks while nobody uses it must not end the process.
    this.on('error', () => {});
    this.#opened = open(this.#stop.signal).then(
      (remote) => this.#attach(remote, clock),
      (error: unknown) => {
        this.destroy(toWorkbenchError(error, where));
        return undefined;
      },
    );
  }

  override _read(): void {
    if (this.#remote?.isPaused === true) this.#remote.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    callbackify(() => this.#send(bytes))(done);
  }

  /** The protocol knows no half-closed connection. */
  override _final(done: (error?: Error | null) => void): void {
    callbackify(async () => (await this.#opened)?.close(CLOSED_NORMALLY))(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stop.abort(error ?? undefined);
    this.#remote?.terminate();
    done(error);
  }

  // What an HTTP agent asks of a socket that it keeps: there is none to set.
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  /** What a pod that has ended the connection does not read is told by that end. */
  async #send(bytes: Buffer): Promise<void> {
    const remote = await this.#opened;
    if (remote?.readyState !== WebSocket.OPEN) return;
    await new Promise<void>((resolve) => remote.send(Buffer.concat([Buffer.of(DATA), bytes]), () => resolve()));
  }

  #attach(remote: WebSocket, clock: Clock): WebSocket {
    if (this.destroyed) {
      remote.terminate();
      return remote;
    }
    this.#remote = remote;
    const alive = keepAlive(remote, clock);
    remote.on('message', (data) => this.#receive(messageBytes(data), remote));
    remote.once('close', (code) => {
      alive.dispose();
      if (code === CLOSED_NORMALLY || this.writableEnded) this.push(null);
      else
        this.destroy(
          new WorkbenchError({
            code: 'connection-lost',
            message: `${this.#where}: the connection broke`,
            hint: 'Try again; if it stays so, look at the pod and at the connection to the cluster.',
          }),
        );
    });
    remote.resume();
    return remote;
  }

  #receive(message: Buffer, remote: WebSocket): void {
    this.#heard();
    if (this.#preambles > 0) {
      this.#preambles -= 1;
      return;
    }
    const bytes = message.subarray(1);
    if (bytes.length === 0 || this.destroyed) return;
    if (message[0] === ERROR) {
      const complaint = bytes.toString('utf8', 0, COMPLAINT_BYTES).replaceAll(/\s+/g, ' ');
      this.destroy(
        new WorkbenchError({
          code: 'connection-lost',
          message: `${this.#where}: ${complaint}`,
          hint: 'Check that the container listens on this port; its log says more.',
        }),
      );
    } else if (message[0] === DATA && !this.push(bytes)) remote.pause();
  }
}
