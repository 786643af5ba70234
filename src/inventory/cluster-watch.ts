import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposables.ts';
import type { WorkbenchError } from '../base/errors.ts';
import { Nodes, Pods } from '../kube/resources.ts';
import type { KubeClient, KubeObject, ResourceType, WatchState } from '../kube/types.ts';
import { projectNode, projectPod } from './project.ts';
import type { InventoryChange, InventorySnapshot, NodeView, PodView } from './types.ts';

/** Changes of this span become one event: a busy cluster must not refresh the trees a hundred times a second. */
const COALESCE_MS = 30;

export interface ClusterListener {
  changed(change: InventoryChange): void;
  /** The cluster could not be listed at all; the watch goes on trying. */
  failed(error: WorkbenchError): void;
}

/** Where an earlier watch ended. Its snapshot is shown until the first list is there, if it is of the same cluster. */
export interface Before {
  readonly version: number;
  readonly snapshot: InventorySnapshot | undefined;
}

/** The watches of nodes and pods of one cluster, as a stream of immutable snapshots. */
export class ClusterWatch implements Disposable {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #listener: ClusterListener;
  readonly #nodes: Watched<NodeView>;
  readonly #pods: Watched<PodView>;
  #podScope: InventorySnapshot['podScope'] = 'cluster';
  #version: number;
  #flushing: Disposable | undefined;
  #disposed = false;

  constructor(client: KubeClient, clock: Clock, before: Before, listener: ClusterListener) {
    this.#client = client;
    this.#clock = clock;
    this.#listener = listener;
    this.#version = before.version;
    const same = isDeepStrictEqual(before.snapshot?.cluster, client.cluster) ? before.snapshot : undefined;
    const touched = (): void => this.#touched();
    this.#nodes = new Watched(Nodes, projectNode, same?.nodes, touched);
    this.#pods = new Watched(Pods, projectPod, same?.pods, touched);
    this.#nodes.start(client, undefined);
    this.#pods.start(client, undefined);
  }

  dispose(): void {
    this.#disposed = true;
    this.#flushing?.dispose();
    this.#nodes.dispose();
    this.#pods.dispose();
  }

  #touched(): void {
    if (this.#disposed || this.#flushing) return;
    this.#flushing = this.#clock.setTimer(COALESCE_MS, () => {
      this.#flushing = undefined;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#pods.state.kind === 'denied' && this.#podScope === 'cluster') {
      // One namespace is often allowed where the whole cluster is not.
      this.#podScope = 'namespace';
      this.#pods.start(this.#client, this.#client.cluster.namespace);
      return;
    }
    const unlisted = [this.#nodes, this.#pods].map((kind) => kind.failure).find((error) => error !== undefined);
    this.#version += 1;
    const change = { nodes: this.#nodes.take(), pods: this.#pods.take() };
    this.#listener.changed({ snapshot: this.#snapshot(), ...change });
    if (unlisted) this.#listener.failed(unlisted);
  }

  #snapshot(): InventorySnapshot {
    return {
      cluster: this.#client.cluster,
      nodes: this.#nodes.items,
      pods: this.#pods.items,
      states: { nodes: this.#nodes.state, pods: this.#pods.state },
      podScope: this.#podScope,
      complete: this.#nodes.settled && this.#pods.settled,
      version: this.#version,
    };
  }
}

/** One kind: what the watch told, and what of it the last snapshot has not told yet. */
class Watched<T> implements Disposable {
  readonly #resource: ResourceType;
  readonly #project: (object: KubeObject) => T;
  readonly #touched: () => void;
  #watch: Disposable | undefined;
  #live: Map<string, T>;
  #changed: Set<string> | 'all' = 'all';
  #listed = false;
  /** As the last snapshot holds them. */
  items: ReadonlyMap<string, T>;
  state: WatchState = { kind: 'connecting' };

  constructor(resource: ResourceType, project: (object: KubeObject) => T, before: ReadonlyMap<string, T> | undefined, touched: () => void) {
    this.#resource = resource;
    this.#project = project;
    this.#touched = touched;
    this.#live = new Map(before);
    this.items = this.#live;
  }

  /** Listed once, or known not to be listable. */
  get settled(): boolean {
    return this.#listed || this.state.kind === 'denied' || this.state.kind === 'absent';
  }

  /** Why the first list did not come. */
  get failure(): WorkbenchError | undefined {
    return !this.#listed && this.state.kind === 'stale' ? this.state.error : undefined;
  }

  start(client: KubeClient, namespace: string | undefined): void {
    this.#watch?.dispose();
    this.state = { kind: 'connecting' };
    this.#watch = client.watch<T>({
      resource: this.#resource,
      ...(namespace === undefined ? {} : { namespace }),
      project: this.#project,
      sink: {
        replace: (items) => this.#replace(items),
        set: (key, item) => this.#set(key, item),
        delete: (key) => this.#delete(key),
        state: (state) => {
          this.state = state;
          this.#touched();
        },
      },
    });
  }

  /** Closes the changes up to now into `items` and answers their keys. */
  take(): ReadonlySet<string> | 'all' {
    const changed = this.#changed;
    this.#changed = new Set();
    if (changed === 'all' || changed.size > 0) this.items = new Map(this.#live);
    return changed;
  }

  dispose(): void {
    this.#watch?.dispose();
  }

  /** Objects that are as they were stay the same ones. */
  #replace(items: ReadonlyMap<string, T>): void {
    const before = this.#live;
    this.#live = new Map([...items].map(([key, item]) => {
      const old = before.get(key);
      return [key, isDeepStrictEqual(old, item) && old !== undefined ? old : item];
    }));
    this.#listed = true;
    this.#changed = 'all';
    this.#touched();
  }

  /** Heartbeats and probes change an object often, and what we show of it seldom. */
  #set(key: string, item: T): void {
    if (isDeepStrictEqual(this.#live.get(key), item)) return;
    this.#live.set(key, item);
    this.#note(key);
  }

  #delete(key: string): void {
    if (this.#live.delete(key)) this.#note(key);
  }

  #note(key: string): void {
    if (this.#changed !== 'all') this.#changed.add(key);
    this.#touched();
  }
}
