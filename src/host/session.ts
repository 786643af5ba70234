import type { Disposable } from '../base/disposables.ts';
import { DisposableStore } from '../base/disposables.ts';
import { toWorkbenchError, WorkbenchError } from '../base/errors.ts';
import { Emitter } from '../base/events.ts';
import type { ClusterRef } from '../kube/types.ts';
import type { Contexts } from '../kube/login/types.ts';

/** What the window works against. */
export type Connection =
  | { readonly kind: 'loading' }
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly error: WorkbenchError }
  | { readonly kind: 'ready'; readonly cluster: ClusterRef };

/** Follows the chosen context, so that every part of the window sees the same one. */
export class Session implements Disposable {
  readonly #contexts: Contexts;
  readonly #changed = new Emitter<Connection>();
  readonly #owned = new DisposableStore();
  readonly #first = Promise.withResolvers<void>();
  #connection: Connection = { kind: 'loading' };
  readonly onDidChange = this.#changed.event;

  constructor(contexts: Contexts) {
    this.#contexts = contexts;
    this.#owned.add(contexts.onDidChange(() => void this.refresh()));
    this.#owned.add(this.#changed);
  }

  get connection(): Connection {
    return this.#connection;
  }

  get cluster(): ClusterRef | undefined {
    return this.#connection.kind === 'ready' ? this.#connection.cluster : undefined;
  }

  /** The connection once it is known: a command may be what woke the window up. */
  async settled(): Promise<Connection> {
    await this.#first.promise;
    return this.#connection;
  }

  /** Asks again; failures become a state that views can show. */
  async refresh(): Promise<void> {
    const found = await this.#find();
    this.#connection = found;
    this.#first.resolve();
    this.#changed.fire(found);
  }

  dispose(): void {
    this.#owned.dispose();
  }

  async #find(): Promise<Connection> {
    try {
      const cluster = await this.#contexts.current();
      return cluster ? { kind: 'ready', cluster } : { kind: 'none' };
    } catch (error) {
      const failure = toWorkbenchError(error, 'read the kubeconfig');
      return failure.code === 'kubeconfig-missing' ? { kind: 'none' } : { kind: 'failed', error: failure };
    }
  }
}

/** The chosen cluster, or the error that says how to come to one. */
export function clusterOf(connection: Connection): ClusterRef {
  switch (connection.kind) {
    case 'ready':
      return connection.cluster;
    case 'failed':
      throw connection.error;
    case 'none':
      throw new WorkbenchError({
        code: 'kubeconfig-missing',
        message: 'no kubeconfig was found',
        hint: 'Start the demo cluster, or name a file in the setting llmd.kubeconfig.',
      });
    case 'loading':
      throw new WorkbenchError({
        code: 'not-ready',
        message: 'the kubeconfig is still being read',
        hint: 'Try again in a moment.',
      });
  }
}
