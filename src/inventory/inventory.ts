import { aborted, systemClock, type Clock } from '../base/clock.ts';
import { disposable, type Disposable } from '../base/disposables.ts';
import { toWorkbenchError, WorkbenchError } from '../base/errors.ts';
import { Emitter } from '../base/events.ts';
import type { Logger } from '../base/logger.ts';
import { loadPart } from '../base/parts.ts';
import type { ClusterRef, KubeClient } from '../kube/types.ts';
import type { Contexts } from '../kube/login/types.ts';
import type { WatchState } from '../kube/watch/types.ts';
import type { ClusterWatch } from './cluster-watch.ts';
import type { Inventory, InventoryChange, InventorySnapshot } from './types.ts';

export interface InventoryOptions {
  readonly contexts: Contexts;
  readonly logger: Logger;
  readonly clock?: Clock;
}

export function createInventory(options: InventoryOptions): Inventory {
  return new LeasedInventory(options);
}

/** Watches the chosen cluster while somebody holds a lease; starts again when another one is chosen. */
class LeasedInventory implements Inventory {
  readonly #contexts: Contexts;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #changes: Emitter<InventoryChange>;
  readonly #failures: Emitter<WorkbenchError>;
  readonly #following: Disposable;
  #leases = 0;
  /** Counts starts; an answer that belongs to an earlier one is dropped. */
  #generation = 0;
  #watch: ClusterWatch | undefined;
  #snapshot: InventorySnapshot | undefined;
  #version = 0;
  #failure: WorkbenchError | undefined;
  #disposed = false;

  constructor(options: InventoryOptions) {
    this.#contexts = options.contexts;
    this.#logger = options.logger;
    this.#clock = options.clock ?? systemClock;
    const onError = (error: unknown): void => this.#logger.error('a listener of the inventory failed', error);
    this.#changes = new Emitter(onError);
    this.#failures = new Emitter(onError);
    this.#following = options.contexts.onDidChange(() => {
      // What another cluster held must not be taken for this one's.
      this.#snapshot = undefined;
      this.#restart();
    });
  }

  get snapshot(): InventorySnapshot | undefined {
    return this.#snapshot;
  }

  get failure(): WorkbenchError | undefined {
    return this.#failure;
  }

  get onDidFail(): Inventory['onDidFail'] {
    return this.#failures.event;
  }

  get onDidChange(): Inventory['onDidChange'] {
    return this.#changes.event;
  }

  prepare(): void {
    this.#parts().catch(() => undefined);
  }

  lease(): Disposable {
    this.#leases += 1;
    if (this.#leases === 1) this.#restart();
    return disposable(() => {
      this.#leases -= 1;
      if (this.#leases === 0) this.#stop();
    });
  }

  refresh(): void {
    if (this.#leases > 0) this.#restart();
  }

  async whenComplete(signal: AbortSignal): Promise<InventorySnapshot> {
    const lease = this.lease();
    try {
      return await this.#completed(signal);
    } finally {
      lease.dispose();
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#stop();
    this.#following.dispose();
    this.#changes.dispose();
    this.#failures.dispose();
  }

  #completed(signal: AbortSignal): Promise<InventorySnapshot> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const snapshot = this.#snapshot;
        const failure = this.#failure;
        if (failure) settle(() => reject(failure));
        else if (snapshot?.complete === true) settle(() => resolve(snapshot));
      };
      const onAbort = (): void => settle(() => reject(aborted(signal)));
      const subscriptions = [this.#changes.event(check), this.#failures.event(check)];
      const settle = (act: () => void): void => {
        for (const subscription of subscriptions) subscription.dispose();
        signal.removeEventListener('abort', onAbort);
        act();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      else check();
    });
  }

  #stop(): void {
    this.#generation += 1;
    this.#watch?.dispose();
    this.#watch = undefined;
    // Nobody follows it any longer: it stays to look at, and claims nothing.
    if (this.#snapshot) this.#snapshot = unfollowed(this.#snapshot);
  }

  #restart(): void {
    this.#stop();
    if (this.#disposed || this.#leases === 0) return;
    const generation = this.#generation;
    this.#failure = undefined;
    this.#start(generation).catch((error: unknown) => {
      if (generation === this.#generation) this.#fail(toWorkbenchError(error, 'cannot watch the cluster'));
    });
  }

  async #start(generation: number): Promise<void> {
    const [client, { ClusterWatch }] = await this.#parts();
    if (generation !== this.#generation) return;
    this.#watch = new ClusterWatch(
      client,
      this.#clock,
      { version: this.#version, snapshot: this.#snapshot },
      {
        changed: (change) => {
          this.#snapshot = change.snapshot;
          this.#version = change.snapshot.version;
          if (change.snapshot.complete) this.#failure = undefined;
          this.#changes.fire(change);
        },
        failed: (error) => this.#fail(error),
      },
    );
  }

  #parts(): Promise<readonly [KubeClient, { readonly ClusterWatch: typeof ClusterWatch }]> {
    return Promise.all([
      this.#chosen().then((cluster) => this.#contexts.client(cluster)),
      loadPart(() => import('./cluster-watch.ts')),
    ]);
  }

  async #chosen(): Promise<ClusterRef> {
    const cluster = await this.#contexts.current();
    if (cluster) return cluster;
    // Tells in its own words when there is no kubeconfig at all.
    await this.#contexts.list();
    throw new WorkbenchError({
      code: 'context-unknown',
      message: 'the kubeconfig names no current context',
      hint: 'Select a context and namespace.',
    });
  }

  /** A failure that goes on is told again at each change of what can be listed; once is enough. */
  #fail(error: WorkbenchError): void {
    if (this.#failure === error) return;
    this.#failure = error;
    this.#logger.warn(error.message);
    this.#failures.fire(error);
  }
}

function unfollowed(snapshot: InventorySnapshot): InventorySnapshot {
  const state: WatchState = { kind: 'connecting' };
  const dra = snapshot.dra && { dra: { ...snapshot.dra, states: { claims: state, slices: state } } };
  return { ...snapshot, ...dra, states: { nodes: state, pods: state }, complete: false };
}
