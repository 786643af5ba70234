import { WorkbenchError } from '../../src/base/errors.ts';
import { isObject } from '../../src/base/json.ts';
import { objectKey } from '../../src/kube/resources.ts';
import type { KubeClient } from '../../src/kube/types.ts';
import type { KubeObject, ResourceType } from '../../src/kube/model/types.ts';
import type { KubeRequest } from '../../src/kube/http/types.ts';
import type { WatchOptions } from '../../src/kube/watch/types.ts';

type Stored = KubeObject & { status?: Record<string, unknown> };
type Watcher = { plural: string; set(object: Stored): void; gone(object: Stored): void };

/**
 * The little of an API server that nodes call, without sockets: objects by kind, status patches, graceful deletion, watches.
 * The real semantics are the demo server's and the conformance suite's; this is for tests of the nodes alone.
 */
export class FakeApi {
  readonly #objects = new Map<string, Map<string, Stored>>();
  readonly #watchers = new Set<Watcher>();
  #version = 1;
  readonly statuses: unknown[] = [];

  client(): KubeClient {
    const get = <T extends KubeObject>(
      resource: ResourceType<T>,
      namespace: string | undefined,
      name: string,
    ): Promise<T> => {
      const found = this.#kind(resource.plural).get(namespace === undefined ? name : `${namespace}/${name}`);
      return found === undefined
        ? Promise.reject(missing(resource.plural, name))
        : Promise.resolve(found as KubeObject as T);
    };
    const partial: Partial<KubeClient> = {
      get,
      create: <T extends KubeObject>(resource: ResourceType<T>, object: KubeObject) => {
        if (this.#kind(resource.plural).has(objectKey(object)))
          return Promise.reject(
            new WorkbenchError({ code: 'already-exists', message: `${object.metadata.name} exists` }),
          );
        return Promise.resolve(this.put(resource.plural, object) as KubeObject as T);
      },
      patch: (resource, namespace, name, patch) =>
        get(resource, namespace, name).then((object) => this.put(resource.plural, merge(object, patch) as KubeObject)),
      json: <T>(request: KubeRequest) => this.#status(request) as Promise<T>,
      delete: (resource, namespace, name, options) =>
        Promise.resolve(this.remove(resource.plural, `${namespace}/${name}`, options.uid)),
      watch: (options) => this.#watch(options),
    };
    return partial as KubeClient;
  }

  put(plural: string, object: KubeObject): Stored {
    const key = objectKey(object);
    const before = this.#kind(plural).get(key);
    this.#version += 1;
    const stored: Stored = {
      ...object,
      metadata: {
        creationTimestamp: new Date().toISOString(),
        ...object.metadata,
        uid: object.metadata.uid ?? before?.metadata.uid ?? `uid-${this.#version}`,
        resourceVersion: String(this.#version),
      },
    };
    this.#kind(plural).set(key, stored);
    for (const watcher of this.#watchers) if (watcher.plural === plural) queueMicrotask(() => watcher.set(stored));
    return stored;
  }

  /** Asks for a pod's end, as `kubectl delete` does. */
  deletePod(namespace: string, name: string, graceSeconds = 30): void {
    const pod = this.get('pods', `${namespace}/${name}`)!;
    this.put('pods', {
      ...pod,
      metadata: {
        ...pod.metadata,
        deletionTimestamp: new Date().toISOString(),
        deletionGracePeriodSeconds: graceSeconds,
      },
    });
  }

  remove(plural: string, key: string, uid?: string): boolean {
    const found = this.#kind(plural).get(key);
    if (found === undefined || (uid !== undefined && found.metadata.uid !== uid)) return false;
    this.#kind(plural).delete(key);
    for (const watcher of this.#watchers) if (watcher.plural === plural) queueMicrotask(() => watcher.gone(found));
    return true;
  }

  get(plural: string, key: string): Stored | undefined {
    return this.#kind(plural).get(key);
  }

  all(plural: string): readonly Stored[] {
    return [...this.#kind(plural).values()];
  }

  #kind(plural: string): Map<string, Stored> {
    const kind = this.#objects.get(plural) ?? new Map<string, Stored>();
    this.#objects.set(plural, kind);
    return kind;
  }

  #status(request: KubeRequest): Promise<unknown> {
    const parts = request.path.split('/').filter((part) => part !== '');
    const namespaced = parts[2] === 'namespaces';
    const [plural, name] = namespaced ? [parts[4]!, `${parts[3]}/${parts[5]}`] : [parts[2]!, parts[3]!];
    const object = this.get(plural, name);
    if (object === undefined) return Promise.reject(missing(plural, name));
    const { status } = request.body as { status: Record<string, unknown> };
    this.statuses.push(status);
    return Promise.resolve(this.put(plural, { ...object, status: { ...object.status, ...status } }));
  }

  #watch<T, O extends KubeObject>(options: WatchOptions<T, O>): { dispose(): void } {
    const { plural } = options.resource;
    const project = (object: KubeObject): T | undefined => options.project(object as O);
    const watcher: Watcher = {
      plural,
      set: (object) => {
        const item = project(object);
        if (item === undefined) options.sink.delete(objectKey(object));
        else options.sink.set(objectKey(object), item);
      },
      gone: (object) => options.sink.delete(objectKey(object)),
    };
    queueMicrotask(() => {
      const items = new Map<string, T>();
      for (const object of this.all(plural)) {
        const item = project(object);
        if (item !== undefined) items.set(objectKey(object), item);
      }
      options.sink.replace(items);
      this.#watchers.add(watcher);
    });
    return { dispose: () => this.#watchers.delete(watcher) };
  }
}

function missing(plural: string, name: string): WorkbenchError {
  return new WorkbenchError({ code: 'not-found', message: `${plural} "${name}" not found` });
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(target) || !isObject(patch)) return patch;
  const merged: Record<string, unknown> = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}
