import { isDeepStrictEqual } from 'node:util';
import type { Disposable } from '../base/disposables.ts';
import type { WorkbenchError } from '../base/errors.ts';
import { objectKey } from '../kube/resources.ts';
import type { KubeClient } from '../kube/types.ts';
import type { KubeObject, ResourceType } from '../kube/model/types.ts';
import type { WatchState } from '../kube/watch/types.ts';
import { LayeredMap } from './layered-map.ts';

/** One kind: what the watch told, and what of it the last snapshot has not told yet. */
export class WatchedKind<T, O extends KubeObject = KubeObject> implements Disposable {
  readonly #resource: ResourceType<O>;
  readonly #project: (object: O) => T | undefined;
  readonly #touched: () => void;
  #wide: Disposable | undefined;
  /** Where no more than the namespace may be listed; the wide watch goes on asking meanwhile. */
  #narrow: Disposable | undefined;
  /** What came since the last snapshot; undefined for what went. */
  #pending = new Map<string, T | undefined>();
  #replaced = true;
  #listed = false;
  #items: LayeredMap<string, T>;
  state: WatchState = { kind: 'connecting' };
  /** What is listed: everything, or the cluster's namespace where no more is allowed. */
  scope: 'cluster' | 'namespace' = 'cluster';

  constructor(
    resource: ResourceType<O>,
    project: (object: O) => T | undefined,
    before: ReadonlyMap<string, T> | undefined,
    touched: () => void,
  ) {
    this.#resource = resource;
    this.#project = project;
    this.#touched = touched;
    this.#items = LayeredMap.of(before);
  }

  /** As the last snapshot holds them. */
  get items(): ReadonlyMap<string, T> {
    return this.#items;
  }

  /** Listed once, or known not to be listable. */
  get settled(): boolean {
    return this.#listed || this.state.kind === 'denied' || this.state.kind === 'absent';
  }

  /** Why the first list did not come. */
  get failure(): WorkbenchError | undefined {
    return !this.#listed && this.state.kind === 'stale' ? this.state.error : undefined;
  }

  start(client: KubeClient): void {
    this.dispose();
    this.scope = 'cluster';
    this.state = { kind: 'connecting' };
    this.#wide = this.#follow(client, 'cluster');
  }

  /** Closes the changes up to now into `items` and answers their keys. */
  take(): ReadonlySet<string> | 'all' {
    const changed = this.#replaced ? 'all' : new Set(this.#pending.keys());
    if (this.#pending.size > 0) this.#items = this.#items.with(this.#pending);
    this.#pending = new Map();
    this.#replaced = false;
    return changed;
  }

  dispose(): void {
    this.#wide?.dispose();
    this.#narrow?.dispose();
    this.#narrow = undefined;
  }

  #follow(client: KubeClient, scope: 'cluster' | 'namespace'): Disposable {
    return client.watch<T, O>({
      resource: this.#resource,
      ...(scope === 'cluster' ? {} : { namespace: client.cluster.namespace }),
      project: (object) => this.#view(object),
      sink: {
        replace: (items) => {
          if (scope === 'cluster') this.#widen();
          this.#replace(items);
        },
        set: (key, item) => this.#set(key, item),
        delete: (key) => this.#delete(key),
        state: (state) => this.#told(state, scope, client),
      },
    });
  }

  #told(state: WatchState, scope: 'cluster' | 'namespace', client: KubeClient): void {
    if (scope !== this.scope) return;
    if (state.kind === 'denied' && this.#resource.namespaced && scope === 'cluster') {
      // One namespace is often allowed where the whole cluster is not.
      this.scope = 'namespace';
      this.state = { kind: 'connecting' };
      this.#listed = false;
      this.#narrow = this.#follow(client, 'namespace');
      return;
    }
    this.state = state;
    if (state.kind === 'denied') this.#forget();
    this.#touched();
  }

  /** The whole cluster may be listed again: a role has grown, or the server was only starting when it refused. */
  #widen(): void {
    this.#narrow?.dispose();
    this.#narrow = undefined;
    this.scope = 'cluster';
  }

  /** What may not be seen any longer is not shown as if it were. */
  #forget(): void {
    if (this.#items.size > 0 || this.#pending.size > 0) this.#put(new Map());
  }

  /**
   * An object that is as it was stays the same one: heartbeats and probes change one often, and what we show of it seldom.
   * Told apart here, object by object as they come, so that a list of many is no long look at all of them.
   */
  #view(object: O): T | undefined {
    const item = this.#project(object);
    const old = this.#current(objectKey(object));
    return old !== undefined && isDeepStrictEqual(old, item) ? old : item;
  }

  #replace(items: ReadonlyMap<string, T>): void {
    this.#put(items);
    this.#listed = true;
    this.#touched();
  }

  #put(items: ReadonlyMap<string, T>): void {
    this.#items = LayeredMap.of(items);
    this.#pending.clear();
    this.#replaced = true;
  }

  #current(key: string): T | undefined {
    return this.#pending.has(key) ? this.#pending.get(key) : this.#items.get(key);
  }

  #set(key: string, item: T): void {
    if (this.#current(key) === item) return;
    this.#pending.set(key, item);
    this.#touched();
  }

  #delete(key: string): void {
    if (this.#current(key) === undefined) return;
    this.#pending.set(key, undefined);
    this.#touched();
  }
}
