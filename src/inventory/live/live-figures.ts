import { sleep, throwIfAborted, type Clock } from '../../base/clock.ts';
import { disposable, type Disposable } from '../../base/disposables.ts';
import { toWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import { Emitter } from '../../base/events.ts';
import type { Logger } from '../../base/logger.ts';
import type { KeyValueStore } from '../../base/store.ts';
import type { ClusterRef, KubeClient } from '../../kube/types.ts';
import type { Contexts } from '../../kube/login/types.ts';
import type { Inventory } from '../types.ts';
import { LiveBook } from './book.ts';
import { chartOf } from './chart.ts';
import { ApiProxyRoute, PortForwardRoute } from './routes.ts';
import { Scraper } from './scraper.ts';
import { metricsTargets } from './targets.ts';
import type { LiveChart, LiveFigures, LiveSnapshot, LiveState, RouteName } from './types.ts';

export interface LiveSettings {
  readonly enabled: boolean;
  /** From one round to the next, in ms. */
  readonly intervalMs: number;
}

export interface LiveFiguresOptions {
  readonly inventory: Inventory;
  readonly contexts: Contexts;
  /** Whose pods are asked. */
  readonly owner: string;
  readonly settings: () => LiveSettings;
  /** Remembers which way leads to the pods of a cluster. */
  readonly store: KeyValueStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Windows that were opened together must not ask together for ever. */
const JITTER = 0.1;
const LONGEST_TIMEOUT_MS = 5000;
/** After what keeps every round from being done. */
const RETRY_MS = 10_000;

export function createLiveFigures(options: LiveFiguresOptions): LiveFigures {
  return new LeasedFigures(options);
}

class LeasedFigures implements LiveFigures {
  readonly #options: LiveFiguresOptions;
  readonly #changes: Emitter<void>;
  readonly #following: Disposable;
  #settings: LiveSettings;
  #leases = 0;
  #running: AbortController | undefined;
  #state: LiveState;
  #cluster: ClusterRef | undefined;
  #book: LiveBook;

  constructor(options: LiveFiguresOptions) {
    this.#options = options;
    this.#settings = options.settings();
    this.#book = new LiveBook(this.#settings.intervalMs);
    this.#state = this.#resting();
    this.#changes = new Emitter((error) => options.logger.error('a listener of the live figures failed', error));
    this.#following = options.contexts.onDidChange(() => this.#restart());
  }

  get onDidChange(): LiveFigures['onDidChange'] {
    return this.#changes.event;
  }

  get snapshot(): LiveSnapshot {
    return { state: this.#state, pods: this.#state.kind === 'running' ? this.#book.pods : new Map() };
  }

  get rankCount(): number {
    return this.#book.rankLines.length;
  }

  chart(lines: 'rank' | 'role'): LiveChart {
    return chartOf(this.#book, lines);
  }

  lease(): Disposable {
    this.#leases += 1;
    if (this.#leases === 1) this.#restart();
    return disposable(() => {
      this.#leases -= 1;
      if (this.#leases === 0) this.#restart();
    });
  }

  reconfigure(): void {
    const { enabled, intervalMs } = this.#options.settings();
    if (enabled === this.#settings.enabled && intervalMs === this.#settings.intervalMs) return;
    // Rounds of another length are another history.
    if (intervalMs !== this.#settings.intervalMs) this.#book = new LiveBook(intervalMs);
    this.#settings = { enabled, intervalMs };
    this.#restart();
  }

  dispose(): void {
    this.#running?.abort();
    this.#following.dispose();
    this.#changes.dispose();
  }

  /** Stops what runs at once, and starts again where it is wanted. */
  #restart(): void {
    this.#running?.abort();
    this.#running = undefined;
    if (!this.#settings.enabled || this.#leases === 0) {
      this.#tell(this.#resting());
      return;
    }
    const running = new AbortController();
    this.#running = running;
    this.#tell({ kind: 'starting' });
    this.#run(running.signal).catch((error: unknown) => {
      if (!running.signal.aborted) this.#options.logger.error('live figures ended', error);
    });
  }

  #resting(): LiveState {
    return { kind: this.#settings.enabled ? 'idle' : 'off' };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const lease = this.#options.inventory.lease();
    try {
      for (;;) {
        const failure = await this.#runUntilFailure(signal);
        throwIfAborted(signal);
        this.#tell({ kind: 'failed', error: failure });
        await sleep(this.#options.clock, RETRY_MS, signal);
      }
    } finally {
      lease.dispose();
    }
  }

  /** Rounds until one cannot be done at all; answers why. */
  async #runUntilFailure(signal: AbortSignal): Promise<WorkbenchError> {
    const { inventory, contexts } = this.#options;
    let scraper: Scraper | undefined;
    try {
      const { cluster } = await inventory.whenComplete(signal);
      const client = await contexts.client(cluster);
      throwIfAborted(signal);
      // Figures of another cluster are not for this one's lines.
      if (this.#cluster !== undefined && !isSame(cluster, this.#cluster))
        this.#book = new LiveBook(this.#settings.intervalMs);
      this.#cluster = cluster;
      scraper = this.#scraper(client);
      for (;;) await this.#roundAndPause(scraper, cluster, signal);
    } catch (error) {
      return toWorkbenchError(error, 'read live figures');
    } finally {
      scraper?.dispose();
    }
  }

  #scraper(client: KubeClient): Scraper {
    const { store, clock, logger } = this.#options;
    const key = `liveFigures.route/${client.cluster.server}`;
    return new Scraper({
      routes: [new ApiProxyRoute(client), new PortForwardRoute(client)],
      remembered: routeName(store.get(key)),
      remember: (route) =>
        void store
          .set(key, route)
          .catch((error: unknown) => logger.error('the way to the metrics could not be remembered', error)),
      intervalMs: this.#settings.intervalMs,
      timeoutMs: Math.min(LONGEST_TIMEOUT_MS, this.#settings.intervalMs * 2),
      clock,
    });
  }

  async #roundAndPause(scraper: Scraper, cluster: ClusterRef, signal: AbortSignal): Promise<void> {
    const { inventory, owner, clock } = this.#options;
    const { intervalMs } = this.#settings;
    const began = clock.monotonic();
    const time = clock.now();
    const snapshot = await inventory.whenComplete(signal);
    if (!isSame(snapshot.cluster, cluster))
      throw new WorkbenchError({
        code: 'not-ready',
        message: 'the window is changing to another cluster',
        hint: 'Live figures begin again by themselves.',
      });
    const scrapes = await scraper.round(metricsTargets(snapshot, owner), signal);
    throwIfAborted(signal);
    this.#book.enter(scrapes, time);
    this.#tell({
      kind: 'running',
      targets: scrapes.length,
      answered: scrapes.filter((scrape) => !('failure' in scrape)).length,
    });
    const spread = 1 + JITTER * (Math.random() - 0.5);
    // A round that took long is followed by a pause all the same.
    await sleep(clock, Math.max(intervalMs * spread - (clock.monotonic() - began), intervalMs / 5), signal);
  }

  #tell(state: LiveState): void {
    this.#state = state;
    this.#changes.fire();
  }
}

/** The namespace is where commands act; whose pods are mine does not depend on it. */
function isSame(cluster: ClusterRef, other: ClusterRef): boolean {
  return cluster.context === other.context && cluster.server === other.server;
}

function routeName(value: unknown): RouteName | undefined {
  return value === 'api-proxy' || value === 'port-forward' ? value : undefined;
}
