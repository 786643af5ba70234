import { connect } from 'node:net';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import {
  controlFrame,
  dataFrameHeader,
  flagFin,
  FrameReader,
  frameType,
  HeaderEncoder,
  words,
  type SpdyHeaders,
} from '../../src/demo/nodes/streaming/spdy-frames.ts';

export interface CommandResult {
  readonly stdout: Buffer;
  readonly stderr: string;
  /** The Status object, undefined when the connection ended without one. */
  readonly status:
    | { status: string; message?: string; reason?: string; details?: { causes: { reason: string; message: string }[] } }
    | undefined;
  readonly closeCode: number;
}

export interface CommandInput {
  readonly stdin?: Buffer | string;
  readonly tty?: boolean;
}

export function exitCode(result: CommandResult): number | undefined {
  if (result.status?.status === 'Success') return 0;
  const cause = result.status?.details?.causes.find(({ reason }) => reason === 'ExitCode');
  return cause === undefined ? undefined : Number(cause.message);
}

export function execPath(pod: string, command: readonly string[], input: CommandInput): string {
  const query = new URLSearchParams({ output: '1' });
  if (input.stdin !== undefined) query.set('input', '1');
  if (input.tty === true) query.set('tty', '1');
  else query.set('error', '1');
  for (const word of command) query.append('command', word);
  return `/exec/lab/${pod}/main?${query.toString()}`;
}

/** Exec over WebSocket, v5. */
export async function execWebSocket(
  kubelet: string,
  pod: string,
  command: readonly string[],
  input: CommandInput = {},
): Promise<CommandResult> {
  const socket = new WebSocket(`ws://${kubelet}${execPath(pod, command, input)}`, 'v5.channel.k8s.io', {
    perMessageDeflate: false,
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let status: CommandResult['status'];
  socket.on('message', (data: Buffer) => {
    const payload = data.subarray(1);
    if (data[0] === 1) out.push(payload);
    else if (data[0] === 2) err.push(payload);
    else if (data[0] === 3) status = JSON.parse(payload.toString()) as CommandResult['status'];
  });
  await once(socket, 'open');
  if (input.stdin !== undefined) {
    const bytes = Buffer.from(input.stdin);
    for (let start = 0; start < bytes.length; start += 32_768)
      socket.send(Buffer.concat([Buffer.from([0]), bytes.subarray(start, start + 32_768)]));
    if (input.tty !== true) socket.send(Buffer.from([255, 0]));
  }
  const [closeCode] = (await once(socket, 'close')) as [number];
  return { stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString(), status, closeCode };
}

/** A raw SPDY/3.1 client with the shape of Go's: it opens streams, sends no window updates and obeys none. */
export class SpdyClient {
  readonly #socket: ReturnType<typeof connect>;
  readonly #encoder = new HeaderEncoder();
  readonly #received = new Map<number, Buffer[]>();
  readonly #ended = new Set<number>();
  #nextId = 1;
  goAway = false;
  readonly closed: Promise<unknown>;

  private constructor(socket: ReturnType<typeof connect>) {
    this.#socket = socket;
    this.closed = once(socket, 'close');
  }

  static async open(kubelet: string, path: string, protocol: string): Promise<SpdyClient> {
    const [host = '', port] = kubelet.split(':');
    const socket = connect(Number(port), host);
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: ${kubelet}\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
    );
    let head = Buffer.alloc(0);
    while (!head.includes('\r\n\r\n')) head = Buffer.concat([head, ((await once(socket, 'data')) as [Buffer])[0]]);
    const end = head.indexOf('\r\n\r\n') + 4;
    if (!head.toString('latin1', 0, end).startsWith('HTTP/1.1 101')) throw new Error(head.toString());
    const client = new SpdyClient(socket);
    const reader = new FrameReader();
    const take = (chunk: Buffer): void => {
      reader.push(chunk);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        if (frame.kind === 'control') {
          if (frame.type === frameType.goAway) client.goAway = true;
          if (frame.type === frameType.rstStream) client.#ended.add(frame.payload.readUInt32BE(0));
          continue;
        }
        client.#received.set(frame.streamId, [
          ...(client.#received.get(frame.streamId) ?? []),
          Buffer.from(frame.payload),
        ]);
        if ((frame.flags & flagFin) !== 0) client.#ended.add(frame.streamId);
      }
    };
    take(head.subarray(end));
    socket.on('data', take);
    return client;
  }

  openStream(headers: SpdyHeaders): number {
    const id = this.#nextId;
    this.#nextId += 2;
    this.#socket.write(
      controlFrame(
        frameType.synStream,
        0,
        Buffer.concat([words(id, 0), Buffer.from([0, 0]), this.#encoder.encode(headers)]),
      ),
    );
    return id;
  }

  send(streamId: number, data: Buffer | string, fin = false): void {
    const bytes = Buffer.from(data);
    this.#socket.write(Buffer.concat([dataFrameHeader(streamId, fin ? flagFin : 0, bytes.length), bytes]));
  }

  received(streamId: number): Buffer {
    return Buffer.concat(this.#received.get(streamId) ?? []);
  }

  ended(streamId: number): boolean {
    return this.#ended.has(streamId);
  }

  close(): void {
    this.#socket.end();
  }
}

export async function execSpdy(
  kubelet: string,
  pod: string,
  command: readonly string[],
  input: CommandInput = {},
): Promise<CommandResult> {
  const client = await SpdyClient.open(kubelet, execPath(pod, command, input), 'v4.channel.k8s.io');
  const error = client.openStream({ streamtype: 'error' });
  const stdin = input.stdin === undefined ? undefined : client.openStream({ streamtype: 'stdin' });
  const stdout = client.openStream({ streamtype: 'stdout' });
  const stderr =
    input.tty === true ? client.openStream({ streamtype: 'resize' }) : client.openStream({ streamtype: 'stderr' });
  if (stdin !== undefined) client.send(stdin, input.stdin ?? '', true);
  await client.closed;
  const text = client.received(error).toString();
  return {
    stdout: client.received(stdout),
    stderr: client.received(stderr).toString(),
    status: text === '' ? undefined : (JSON.parse(text) as CommandResult['status']),
    closeCode: client.goAway ? 1000 : 1006,
  };
}
