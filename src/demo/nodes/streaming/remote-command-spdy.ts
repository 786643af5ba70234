import { PassThrough } from 'node:stream';
import {
  anyStream,
  discard,
  endOf,
  noStreams,
  ResizeEvents,
  type RemoteCommandHandler,
  type StreamSelection,
} from './remote-command.ts';
import type { SpdyConnection, SpdyStream } from './spdy-connection.ts';
import { outcomeStatus } from './status.ts';

/** How long a client may take to open the streams that its query announced. */
const streamsTimeoutMs = 30_000;

type StreamType = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';

/** Serves one exec or attach over SPDY with the remote command protocol v4. Resolves when the connection has closed. */
export async function serveRemoteCommandSpdy(
  connection: SpdyConnection,
  selection: StreamSelection,
  handler: RemoteCommandHandler,
): Promise<void> {
  const gone = new AbortController();
  void connection.closed.then(() => gone.abort());

  const wanted: StreamType[] = ['error'];
  if (selection.stdin) wanted.push('stdin');
  if (selection.stdout) wanted.push('stdout');
  if (selection.stderr) wanted.push('stderr');
  if (selection.tty) wanted.push('resize');
  const streams = await collectStreams(connection, wanted);
  if (streams === undefined) {
    connection.dispose();
    return;
  }

  const resize = new ResizeEvents();
  readResizes(streams.get('resize'), resize);
  const stdin = streams.get('stdin') ?? new PassThrough().end();
  const stdout = streams.get('stdout') ?? discard();
  const stderr = streams.get('stderr') ?? (selection.tty ? stdout : discard());
  const outcome = anyStream(selection)
    ? await handler({
        stdin,
        stdout,
        stderr,
        hasStdin: selection.stdin,
        tty: selection.tty,
        onResize: resize.event,
        signal: gone.signal,
        cut: () => connection.dispose(),
      })
    : noStreams;

  stdin.resume();
  await Promise.all([endOf(stdout), endOf(stderr)]);
  const status = streams.get('error');
  if (status !== undefined && !status.destroyed) {
    status.write(outcomeStatus(outcome));
    await endOf(status);
  }
  connection.close();
  await connection.closed;
}

/** Undefined when the connection ended, or the time was up, before all streams were there. */
function collectStreams(
  connection: SpdyConnection,
  wanted: readonly StreamType[],
): Promise<ReadonlyMap<string, SpdyStream> | undefined> {
  const streams = new Map<string, SpdyStream>();
  return new Promise((resolve) => {
    const finish = (result: ReadonlyMap<string, SpdyStream> | undefined): void => {
      clearTimeout(timer);
      subscription.dispose();
      resolve(result);
    };
    const timer = setTimeout(() => finish(undefined), streamsTimeoutMs);
    const subscription = connection.onStream((stream) => {
      streams.set(stream.headers['streamtype'] ?? '', stream);
      if (wanted.every((type) => streams.has(type))) finish(streams);
    });
    void connection.closed.then(() => finish(undefined));
  });
}

/** Resizes come as JSON objects, one after the other, without a separator. */
function readResizes(stream: SpdyStream | undefined, resize: ResizeEvents): void {
  let pending = '';
  stream?.on('data', (chunk: Buffer) => {
    pending += chunk.toString();
    for (let end = pending.indexOf('}'); end >= 0; end = pending.indexOf('}')) {
      resize.receive(pending.slice(0, end + 1));
      pending = pending.slice(end + 1);
    }
  });
}
