import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import type { PortForward } from './types.ts';

/** Keeps one connection of a port-forward for requests that come again and again. Owns the forward. */
export class ForwardAgent extends Agent {
  readonly #forward: PortForward;

  constructor(forward: PortForward) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#forward = forward;
  }

  override createConnection(): Duplex {
    return this.#forward.connect();
  }

  override destroy(): void {
    super.destroy();
    this.#forward.dispose();
  }
}
