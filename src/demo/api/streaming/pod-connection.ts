import { Duplex } from 'node:stream';
import { WebSocket, type RawData } from 'ws';

const protocol = 'v4.channel.k8s.io';
const dataChannel = 0;

/** A connection to a port of a pod through its kubelet's port-forward: the demo's pod addresses are no addresses of this machine. */
export function connectPod(dialKubelet: () => Duplex, portForwardPath: string): Promise<Duplex> {
  const socket = new WebSocket(`ws://kubelet${portForwardPath}`, [protocol], {
    perMessageDeflate: false,
    createConnection: dialKubelet,
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('open', () => resolve(new PodConnection(socket)));
  });
}

/** Channel 0 carries the bytes, 1 the kubelet's complaint; the first message on each is the port and no content. */
class PodConnection extends Duplex {
  readonly #socket: WebSocket;
  readonly #opened = new Set<number>();

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    // The kubelet's complaint may come with the very first bytes; it is kept in `errored` for whoever comes.
    this.on('error', () => {});
    socket.on('message', (data: RawData) => this.#receive(bytesOf(data)));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.push(null));
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, written: (error?: Error | null) => void): void {
    this.#socket.send(Buffer.concat([Buffer.from([dataChannel]), chunk]), { binary: true }, written);
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    this.#socket.close();
    destroyed(error);
  }

  #receive(message: Buffer): void {
    const channel = message[0] ?? dataChannel;
    if (!this.#opened.has(channel)) {
      this.#opened.add(channel);
      return;
    }
    const content = message.subarray(1);
    if (channel !== dataChannel) this.destroy(new Error(content.toString('utf8')));
    else if (!this.push(content)) this.#socket.pause();
  }
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
