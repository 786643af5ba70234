import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import { disposable, DisposableStore, type Disposable } from '../../base/disposables.ts';
import { Emitter } from '../../base/events.ts';
import type { Logger } from '../../base/logger.ts';
import type { WorkspaceFiles } from '../../base/workspace-files.ts';
import type { ClusterRef, KubeClient } from '../../kube/types.ts';
import type { Contexts } from '../../kube/login/types.ts';
import type { LogLine } from '../../kube/streams/types.ts';
import type { Inventory, InventorySnapshot } from '../types.ts';
import { firstCause } from './cause.ts';
import { CrashBook } from './crash-book.ts';
import { FollowedLog } from './followed-log.ts';
import { groupPhases } from './group-phases.ts';
import { crashedRuns, isLoading, ServerPods, type ServerPod } from './servers.ts';
import type { Crash, LoadingPhase, LoadWatcher } from './types.ts';

/** Logs that are followed at once; beyond it a rank is told by its group's first one. */
const MOST_STREAMS = 32;

/** Changes of this span become one event. */
const COALESCE_MS = 500;

export interface LoadWatcherOptions {
  readonly inventory: Inventory;
  readonly contexts: Contexts;
  /** Whose pods are followed. */
  readonly owner: string;
  /** Where evidence of crashes is written; undefined keeps it in memory only. */
  readonly evidence: () => WorkspaceFiles | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createLoadWatcher(options: LoadWatcherOptions): LoadWatcher {
  return new Watcher(options);
}

class Watcher implements LoadWatcher {
  readonly #options: LoadWatcherOptions;
  readonly #changes: Emitter<void>;
  readonly #book: CrashBook;
  readonly #mine: ServerPods;
  readonly #logs = new Map<string, FollowedLog>();
  #leases = 0;
  /** What is held while there is a lease. */
  #watching: { readonly held: DisposableStore; readonly signal: AbortSignal } | undefined;
  #telling: Disposable | undefined;
  #cluster: ClusterRef | undefined;
  #servers: ReadonlyMap<string, ServerPod> = new Map();
  /** Crashed runs that are told already, by pod uid. */
  #told = new Map<string, number>();

  constructor(options: LoadWatcherOptions) {
    const { evidence, clock, logger } = options;
    this.#options = options;
    this.#mine = new ServerPods(options.owner);
    this.#changes = new Emitter((error) => logger.error('a listener of the loading phases failed', error));
    this.#book = new CrashBook({
      files: evidence,
      client: () => this.#client(),
      isThere: ({ pod }) => options.inventory.snapshot?.pods.get(pod.key)?.uid === pod.uid,
      clock,
      logger,
      changed: () => this.#changed(),
    });
  }

  get onDidChange(): LoadWatcher['onDidChange'] {
    return this.#changes.event;
  }

  get snapshot(): ReadonlyMap<string, LoadingPhase> {
    const loading = this.#servers.values().filter(isLoading).toArray();
    const groups = Map.groupBy(loading, ({ group }) => group);
    return new Map(
      groups.values().flatMap((members) =>
        groupPhases(
          members.map((server) => {
            const log = this.#logs.get(runOf(server));
            return {
              key: server.pod.key,
              name: server.pod.name,
              rank: server.rank,
              read: log !== undefined,
              own: log?.phase,
            };
          }),
        ),
      ),
    );
  }

  get crashes(): ReadonlyMap<string, Crash> {
    return this.#book.crashes;
  }

  lease(): Disposable {
    this.#leases += 1;
    if (this.#leases === 1) this.#start();
    return disposable(() => {
      this.#leases -= 1;
      if (this.#leases === 0) this.#stop();
    });
  }

  dispose(): void {
    this.#stop();
    this.#telling?.dispose();
    this.#changes.dispose();
  }

  #start(): void {
    const { inventory } = this.#options;
    const held = new DisposableStore();
    const ending = new AbortController();
    held.add(disposable(() => ending.abort()));
    this.#watching = { held, signal: ending.signal };
    held.add(inventory.onDidChange(({ snapshot }) => this.#look(snapshot, ending.signal)));
    held.add(inventory.lease());
    if (inventory.snapshot) this.#look(inventory.snapshot, ending.signal);
  }

  #stop(): void {
    this.#watching?.held.dispose();
    this.#watching = undefined;
    for (const log of this.#logs.values()) log.dispose();
    this.#logs.clear();
    this.#servers = new Map();
  }

  #look(snapshot: InventorySnapshot, signal: AbortSignal): void {
    // Half a list makes pods look gone.
    if (!snapshot.complete) return;
    if (!isDeepStrictEqual(snapshot.cluster, this.#cluster)) this.#forget(snapshot.cluster);
    const before = this.#servers;
    this.#servers = this.#mine.of(snapshot);
    for (const server of this.#servers.values()) this.#noteRuns(server, before, signal);
    for (const server of before.values()) this.#noteGone(server, before, signal);
    this.#follow();
  }

  /** What another cluster's pods did is not for this one's rows. */
  #forget(cluster: ClusterRef): void {
    this.#cluster = cluster;
    this.#servers = new Map();
    this.#told = new Map();
    this.#book.clear();
  }

  #noteRuns(server: ServerPod, before: ReadonlyMap<string, ServerPod>, signal: AbortSignal): void {
    const { pod } = server;
    const runs = crashedRuns(server);
    const told = this.#told.get(pod.uid);
    if (runs <= (told ?? 0)) return;
    this.#told.set(pod.uid, runs);
    // A server that runs well when it is first seen got over whatever it was.
    if (told === undefined && pod.ready && before.get(pod.key)?.pod.uid !== pod.uid) return;
    this.#note(server, before, signal);
  }

  /** A pod may be gone before Kubernetes counted its crash: then its own last words tell. */
  #noteGone(server: ServerPod, before: ReadonlyMap<string, ServerPod>, signal: AbortSignal): void {
    const { pod, rank } = server;
    const gone = this.#servers.get(pod.key)?.pod.uid !== pod.uid;
    if (!gone || (this.#told.get(pod.uid) ?? 0) > 0) return;
    const lines = this.#linesOf(server);
    if (firstCause([{ pod: pod.name, rank, lines }])?.certainty === 'root') this.#note(server, before, signal);
  }

  #note(server: ServerPod, before: ReadonlyMap<string, ServerPod>, signal: AbortSignal): void {
    // As they were before: a group that is being recreated holds other pods by now.
    const peers = new Map([...this.#servers, ...before])
      .values()
      .filter((each) => each.group === server.group && each.pod.key !== server.pod.key)
      .toArray();
    const prior = before.get(server.pod.key);
    const crashed = this.#linesOf(prior?.pod.uid === server.pod.uid ? prior : server);
    const linesOf = (each: ServerPod): readonly LogLine[] => (each === server ? crashed : this.#linesOf(each));
    this.#book
      .note(server, peers, linesOf, signal)
      .catch((error: unknown) =>
        this.#options.logger.error(`the crash of ${server.pod.key} could not be noted`, error),
      );
  }

  #linesOf(server: ServerPod): readonly LogLine[] {
    return this.#logs.get(runOf(server))?.lines ?? [];
  }

  /** The first ranks of the groups come first: the others are told by them. */
  #follow(): void {
    const wanted = this.#servers
      .values()
      .filter(isLoading)
      .toArray()
      .toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0) || a.pod.key.localeCompare(b.pod.key))
      .slice(0, MOST_STREAMS);
    const runs = new Map(wanted.map((server) => [runOf(server), server]));
    for (const [run, log] of this.#logs) {
      if (runs.has(run)) continue;
      log.dispose();
      this.#logs.delete(run);
      this.#changed();
    }
    for (const [run, { pod, container }] of runs) {
      if (this.#logs.has(run)) continue;
      const { clock, logger } = this.#options;
      this.#logs.set(
        run,
        new FollowedLog({
          client: () => this.#client(),
          namespace: pod.namespace,
          pod: pod.name,
          container: container.name,
          clock,
          logger,
          changed: () => this.#changed(),
        }),
      );
    }
  }

  #client(): Promise<KubeClient> {
    return this.#cluster === undefined
      ? Promise.reject(new Error('no cluster is watched'))
      : this.#options.contexts.client(this.#cluster);
  }

  #changed(): void {
    if (this.#watching === undefined || this.#telling !== undefined) return;
    this.#telling = this.#options.clock.setTimer(COALESCE_MS, () => {
      this.#telling = undefined;
      this.#changes.fire();
    });
  }
}

/** One run of one container of one very pod: a restart writes another log. */
function runOf({ pod, container }: ServerPod): string {
  return `${pod.uid}/${container.restarts}`;
}
