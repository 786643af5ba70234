import { PassThrough, Writable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { outcomeStatus } from './status.ts';
import {
  anyStream,
  discard,
  endOf,
  noStreams,
  ResizeEvents,
  type RemoteCommandHandler,
  type StreamSelection,
} from './remote-command.ts';

/** Channels of `v4.channel.k8s.io` and `v5.channel.k8s.io`: the first byte of each binary message. */
const channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

const stdinBufferBytes = 1 << 20;

/** How long the client may take to answer our close frame. */
const closeGraceMs = 5000;

/** Serves one exec or attach over an accepted WebSocket. Resolves when the socket has closed. */
export async function serveRemoteCommandWebSocket(
  socket: WebSocket,
  selection: StreamSelection,
  handler: RemoteCommandHandler,
): Promise<void> {
  const gone = new AbortController();
  const stdin = new PassThrough({ highWaterMark: stdinBufferBytes });
  const resize = new ResizeEvents();
  stdin.on('error', () => {});
  stdin.on('drain', () => socket.resume());
  if (!selection.stdin) stdin.end();

  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      gone.abort();
      stdin.end();
      resolve();
    });
  });
  socket.on('error', () => {});
  socket.on('message', (data: RawData) => {
    const message = bytesOf(data);
    const payload = message.subarray(1);
    switch (message[0]) {
      case channel.stdin:
        if (stdin.writable && payload.length > 0 && !stdin.write(payload)) socket.pause();
        break;
      case channel.resize:
        resize.receive(payload.toString());
        break;
      case channel.close:
        if (payload[0] === channel.stdin) stdin.end();
        break;
      default:
        break;
    }
  });

  // The first message tells the client that the streams are open, before any data.
  const first = selection.stdout ? channel.stdout : selection.stderr ? channel.stderr : channel.status;
  socket.send(Buffer.from([first]));

  const stdout = selection.stdout ? channelWritable(socket, channel.stdout) : discard();
  const stderr = selection.stderr ? channelWritable(socket, channel.stderr) : selection.tty ? stdout : discard();
  const outcome = anyStream(selection)
    ? await handler({
        stdin,
        stdout,
        stderr,
        hasStdin: selection.stdin,
        tty: selection.tty,
        onResize: resize.event,
        signal: gone.signal,
        cut: () => socket.terminate(),
      })
    : noStreams;

  // Input that nobody reads any more would keep the socket paused and hide the client's close.
  stdin.resume();
  socket.resume();
  await Promise.all([endOf(stdout), endOf(stderr)]);
  if (socket.readyState === socket.OPEN) {
    sendMessage(socket, channel.status, Buffer.from(outcomeStatus(outcome, 'Internal error occurred: ')), () => {});
    socket.close(1000);
  }
  const timer = setTimeout(() => socket.terminate(), closeGraceMs);
  await closed;
  clearTimeout(timer);
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

/** A real kubelet sends 32 KiB; clients do not take messages of any length. */
const longestMessage = 1 << 20;

function channelWritable(socket: WebSocket, number: number): Writable {
  return new Writable({
    highWaterMark: 1 << 20,
    write(chunk: Buffer, _encoding, done) {
      const send = (start: number): void => {
        const end = Math.min(chunk.length, start + longestMessage);
        // A client that has gone is told by the session's signal; writers must not fail on the way out.
        sendMessage(socket, number, chunk.subarray(start, end), () => (end < chunk.length ? send(end) : done()));
      };
      send(0);
    },
  });
}

/** Calls back when the message has left for the network (the back-pressure of a slow client) or never will. */
function sendMessage(socket: WebSocket, number: number, payload: Buffer, sent: () => void): void {
  if (socket.readyState !== socket.OPEN) {
    sent();
    return;
  }
  const message = Buffer.allocUnsafe(payload.length + 1);
  message[0] = number;
  payload.copy(message, 1);
  socket.send(message, { binary: true }, sent);
}
