import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Link {
  readonly near: Socket;
  /** Undefined where the network swallowed the connection from its start. */
  readonly far: Socket | undefined;
}

/** A network cable to one port of this machine: it carries connections until it is cut, goes dead, or nobody answers. */
export class Wire {
  readonly #target: () => number;
  readonly #links = new Set<Link>();
  #server: Server | undefined;
  #port = 0;
  /** New connections are accepted and never hear anything, as behind a firewall that drops packets. */
  swallowing = false;
  /** Connections that were ever accepted. */
  accepted = 0;

  constructor(target: () => number) {
    this.#target = target;
  }

  get port(): number {
    return this.#port;
  }

  get open(): number {
    return this.#links.size;
  }

  /** Listens on the same port as before. */
  async plugIn(): Promise<void> {
    const server = createServer((near) => this.#carry(near));
    this.#server = server;
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Nobody listens: connections are refused, and the open ones break. */
  async unplug(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    this.cut();
    await closed;
  }

  /** Every open connection breaks, and both ends hear of it. */
  cut(): void {
    for (const { near, far } of this.#links) {
      near.resetAndDestroy();
      far?.resetAndDestroy();
    }
    this.#links.clear();
  }

  /** Open connections carry nothing any more, and neither end hears of it: half open, as after a laptop's sleep. */
  goDead(): void {
    for (const { near, far } of this.#links) {
      for (const end of [near, far]) {
        end?.unpipe();
        end?.pause();
      }
    }
  }

  #carry(near: Socket): void {
    this.accepted += 1;
    near.on('error', () => near.destroy());
    const far = this.swallowing ? undefined : connect(this.#target(), '127.0.0.1');
    const link: Link = { near, far };
    this.#links.add(link);
    near.on('close', () => {
      this.#links.delete(link);
      far?.destroy();
    });
    if (far === undefined) {
      near.pause();
      return;
    }
    far.on('error', () => near.destroy());
    far.on('close', () => near.destroy());
    near.pipe(far).pipe(near);
  }
}
