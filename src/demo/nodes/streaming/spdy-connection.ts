import { Duplex } from 'node:stream';
import type { Disposable } from '../../../base/disposables.ts';
import { Emitter } from '../../../base/events.ts';
import {
  controlFrame,
  dataFrameHeader,
  flagFin,
  FrameReader,
  frameType,
  HeaderDecoder,
  HeaderEncoder,
  resetStatus,
  words,
  type ControlFrame,
  type DataFrame,
  type SpdyHeaders,
} from './spdy-frames.ts';

const streamBufferBytes = 1 << 20;
const streamIdMask = 0x7fffffff;

/** How long a peer may take to close its side before the transport is cut. */
const closeGraceMs = 5000;

/** One stream that the client opened. Ends when the client sends FIN or resets it. */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: SpdyHeaders;
  readonly #connection: SpdyConnection;
  #remoteEnded = false;
  #reset = false;
  #wanted: (() => void) | undefined;

  constructor(connection: SpdyConnection, id: number, headers: SpdyHeaders) {
    super({ readableHighWaterMark: streamBufferBytes, writableHighWaterMark: streamBufferBytes });
    this.#connection = connection;
    this.id = id;
    this.headers = headers;
    // A reset by the peer is the normal end of many streams; whoever pipes them listens as well.
    this.on('error', () => {});
  }

  /** Takes data from the peer; resolves when there is room for more. */
  async receive(payload: Buffer): Promise<void> {
    if (this.#remoteEnded || this.destroyed || payload.length === 0) return;
    if (this.push(payload)) return;
    await new Promise<void>((resolve) => {
      this.#wanted = resolve;
      if (this.destroyed) this.#release();
    });
  }

  remoteFin(): void {
    if (this.#remoteEnded) return;
    this.#remoteEnded = true;
    if (!this.destroyed) this.push(null);
    this.#forgetIfDone();
  }

  /** The peer reset the stream, or the transport ended. */
  remoteReset(): void {
    this.#reset = true;
    this.remoteFin();
    this.destroy();
  }

  override _read(): void {
    this.#release();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#connection.sendData(this.id, 0, chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#connection.sendData(this.id, flagFin, Buffer.alloc(0), (error) => {
      this.#forgetIfDone();
      done(error);
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const finished = this.writableFinished && this.#remoteEnded;
    if (!this.#reset && !finished) this.#connection.sendReset(this.id, resetStatus.cancel);
    this.#reset = true;
    this.#connection.forget(this.id);
    this.#release();
    done(error);
  }

  #release(): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    wanted?.();
  }

  #forgetIfDone(): void {
    if (this.#remoteEnded && this.writableEnded) this.#connection.forget(this.id);
  }
}

/**
 * The server's end of a SPDY/3.1 connection as kubectl and kube-apiserver speak it. Those peers know no flow control:
 * windows are ignored when sending, and receiving is slowed by not reading the transport.
 */
export class SpdyConnection implements Disposable {
  readonly #transport: Duplex;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #encoder = new HeaderEncoder();
  readonly #decoder = new HeaderDecoder();
  readonly #opened = new Emitter<SpdyStream>();
  #lastStreamId = 0;
  #goAwaySent = false;
  #graceTimer: NodeJS.Timeout | undefined;

  /** Fires for each stream that the client opens, after it was acknowledged. */
  readonly onStream = this.#opened.event;
  /** Resolves when the transport has ended, for whatever reason. */
  readonly closed: Promise<void>;

  /** Starts to read at the next turn of the event loop, so that the maker can subscribe to `onStream`. */
  constructor(transport: Duplex) {
    this.#transport = transport;
    transport.on('error', () => {});
    this.closed = this.#serve();
  }

  sendData(streamId: number, flags: number, payload: Buffer, done: (error?: Error | null) => void): void {
    if (!this.#transport.writable) {
      done();
      return;
    }
    this.#transport.cork();
    this.#transport.write(dataFrameHeader(streamId, flags, payload.length), payload.length === 0 ? done : undefined);
    if (payload.length > 0) this.#transport.write(payload, done);
    this.#transport.uncork();
  }

  sendReset(streamId: number, status: number): void {
    this.#send(controlFrame(frameType.rstStream, 0, words(streamId, status)));
  }

  forget(streamId: number): void {
    this.#streams.delete(streamId);
  }

  /**
   * Says goodbye: GOAWAY and the end of our side, then reads and drops what still comes until the peer closes.
   * A transport destroyed with unread input would become a TCP reset, which eats the last bytes that we sent.
   */
  close(): void {
    if (!this.#goAwaySent) {
      this.#goAwaySent = true;
      this.#send(controlFrame(frameType.goAway, 0, words(this.#lastStreamId, 0)));
    }
    this.#transport.end();
    for (const stream of this.#streams.values()) stream.resume();
    this.#graceTimer ??= setTimeout(() => this.#transport.destroy(), closeGraceMs).unref();
  }

  /** Cuts the transport at once. */
  dispose(): void {
    this.#transport.destroy();
  }

  #send(frame: Buffer): void {
    if (this.#transport.writable) this.#transport.write(frame);
  }

  async #serve(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const reader = new FrameReader();
    try {
      for await (const chunk of this.#transport) {
        reader.push(chunk as Buffer);
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
          if (frame.kind === 'data') await this.#data(frame);
          else if (!(await this.#control(frame))) return;
        }
      }
    } catch {
      // The transport broke or the peer sent what is no SPDY: both end the connection, and with it every stream.
    } finally {
      for (const stream of this.#streams.values().toArray()) stream.remoteReset();
      clearTimeout(this.#graceTimer);
      this.#decoder.dispose();
      this.#opened.dispose();
      this.#transport.destroy();
    }
  }

  async #data(frame: DataFrame): Promise<void> {
    const stream = this.#streams.get(frame.streamId);
    if (stream === undefined) return;
    await stream.receive(frame.payload);
    if ((frame.flags & flagFin) !== 0) stream.remoteFin();
  }

  /** False ends the connection. */
  async #control(frame: ControlFrame): Promise<boolean> {
    if (frame.version !== 3) return false;
    switch (frame.type) {
      case frameType.synStream:
        await this.#synStream(frame);
        return true;
      case frameType.synReply:
      case frameType.headers:
        await this.#decoder.decode(frame.payload.subarray(4));
        return true;
      case frameType.rstStream:
        this.#streams.get(frame.payload.readUInt32BE(0) & streamIdMask)?.remoteReset();
        return true;
      case frameType.ping:
        // Odd ids are the client's own; an even one would be the echo of a ping that we never send.
        if ((frame.payload.readUInt32BE(0) & 1) === 1) this.#send(controlFrame(frameType.ping, 0, frame.payload));
        return true;
      default:
        return true;
    }
  }

  async #synStream(frame: ControlFrame): Promise<void> {
    const id = frame.payload.readUInt32BE(0) & streamIdMask;
    const headers = await this.#decoder.decode(frame.payload.subarray(10));
    if (this.#goAwaySent) return;
    if (id % 2 === 0 || id <= this.#lastStreamId) {
      this.sendReset(id, resetStatus.protocolError);
      return;
    }
    this.#lastStreamId = id;
    const stream = new SpdyStream(this, id, headers);
    this.#streams.set(id, stream);
    this.#send(controlFrame(frameType.synReply, 0, Buffer.concat([words(id), this.#encoder.encode({})])));
    if ((frame.flags & flagFin) !== 0) stream.remoteFin();
    this.#opened.fire(stream);
  }
}
