import { PassThrough, type Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { RawData, WebSocket } from 'ws';
import { errorText } from '../../../base/errors.ts';
import type { SpdyConnection, SpdyStream } from './spdy-connection.ts';

/** Connects to a port of the pod. Rejects as a socket would. */
export type PortDialer = (port: number) => Promise<Duplex>;

/**
 * Port-forward over SPDY, also inside a WebSocket tunnel: each forwarded connection is an `error` and a `data` stream
 * with the same `requestid`. Resolves when the connection has closed.
 */
export async function servePortForwardSpdy(
  connection: SpdyConnection,
  podName: string,
  dial: PortDialer,
): Promise<void> {
  const errors = new Map<string, SpdyStream>();
  connection.onStream((stream) => {
    const request = stream.headers['requestid'] ?? '';
    if (stream.headers['streamtype'] === 'error') {
      errors.set(request, stream);
      return;
    }
    const error = errors.get(request);
    errors.delete(request);
    if (error === undefined) {
      stream.destroy();
      return;
    }
    void forward(stream, error, podName, dial);
  });
  await connection.closed;
}

async function forward(data: SpdyStream, error: SpdyStream, podName: string, dial: PortDialer): Promise<void> {
  error.resume();
  const port = Number(data.headers['port']);
  let target: Duplex;
  try {
    target = await dial(port);
  } catch (failure) {
    error.end(forwardFailure(port, podName, failure));
    data.destroy();
    return;
  }
  // Half-closes pass through in both directions; a break on one side breaks the other.
  data.pipe(target);
  target.pipe(data);
  data.on('close', () => target.destroy());
  target.on('error', () => data.destroy());
  // Our side of the connection is over when the target's is; the client may keep its own half open.
  await finished(data, { readable: false }).catch(() => {});
  error.end();
}

function forwardFailure(port: number, podName: string, failure: unknown): string {
  return `error forwarding port ${port} to pod ${podName}: failed to connect to localhost:${port} inside the pod: ${errorText(failure)}`;
}

/**
 * Port-forward over `v4.channel.k8s.io`: for the i-th port channel 2i carries data, 2i+1 errors; the first message on
 * each is the port number, little endian. One connection a port for the life of the socket.
 */
export async function servePortForwardChannels(
  socket: WebSocket,
  ports: readonly number[],
  podName: string,
  dial: PortDialer,
): Promise<void> {
  const inputs = ports.map(() => new PassThrough({ highWaterMark: 1 << 20 }));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  socket.on('message', (data: RawData) => {
    const message = Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
    const input = inputs[(message[0] ?? 1) / 2];
    if (input !== undefined && message.length > 1 && !input.write(message.subarray(1))) {
      socket.pause();
      input.once('drain', () => socket.resume());
    }
  });
  await Promise.all(
    ports.map((port, index) => forwardChannel(socket, index, port, inputs[index] ?? new PassThrough(), podName, dial)),
  );
  if (socket.readyState === socket.OPEN) socket.close(1000);
  await closed;
}

async function forwardChannel(
  socket: WebSocket,
  index: number,
  port: number,
  input: PassThrough,
  podName: string,
  dial: PortDialer,
): Promise<void> {
  const dataChannel = 2 * index;
  const number = Buffer.alloc(2);
  number.writeUInt16LE(port);
  send(socket, dataChannel, number);
  send(socket, dataChannel + 1, number);
  let target: Duplex;
  try {
    target = await dial(port);
  } catch (failure) {
    send(socket, dataChannel + 1, Buffer.from(forwardFailure(port, podName, failure)));
    input.resume();
    return;
  }
  input.pipe(target);
  socket.once('close', () => target.destroy());
  target.on('data', (chunk: Buffer) => {
    target.pause();
    send(socket, dataChannel, chunk, () => target.resume());
  });
  await finished(target, { writable: false }).catch(() => {});
  target.destroy();
}

function send(socket: WebSocket, channel: number, payload: Buffer, sent?: () => void): void {
  if (socket.readyState !== socket.OPEN) {
    sent?.();
    return;
  }
  socket.send(Buffer.concat([Buffer.from([channel]), payload]), { binary: true }, () => sent?.());
}
