import type { Duplex } from 'node:stream';
import { disposable, type Disposable } from '../base/disposables.ts';
import { connectedPair, networkError } from './connected-pair.ts';

/**
 * The way from the demo's API server to the kubelets of its nodes: connections in memory. A kubelet runs commands for whoever
 * asks, so it must not listen where another user of the machine, or a page in a browser, could ask; the API server knows
 * who somebody is.
 */
export class Kubelets {
  readonly #kubelets = new Map<string, (connection: Duplex) => void>();

  /** Hands the node's connections to its kubelet until disposed. */
  serve(node: string, accept: (connection: Duplex) => void): Disposable {
    this.#kubelets.set(node, accept);
    return disposable(() => {
      if (this.#kubelets.get(node) === accept) this.#kubelets.delete(node);
    });
  }

  /** A new connection to the node's kubelet; it fails as one to a closed port does where none serves. */
  dial(node: string): Duplex {
    const [client, server] = connectedPair('127.0.0.1');
    // As from a socket, the failure comes when its user listens.
    if (!this.accept(node, server))
      setImmediate(() => client.destroy(networkError('ECONNREFUSED', 'connect', `kubelet of ${node}`, {})));
    return client;
  }

  /** Hands over a connection that somebody else has accepted. False where no kubelet serves. */
  accept(node: string, connection: Duplex): boolean {
    const accept = this.#kubelets.get(node);
    accept?.(connection);
    return accept !== undefined;
  }
}
