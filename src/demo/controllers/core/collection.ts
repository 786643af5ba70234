import { disposable, type Disposable } from '../../../base/disposables.ts';
import { isWorkbenchError } from '../../../base/errors.ts';
import type { KubeObject, ResourceType } from '../../../kube/model/types.ts';
import type { DemoApi, StoredEvent } from '../../types.ts';
import { asKubeObject, controllerOf, joinKey, keyOf, namespaceOf, uidOf, type NewObject } from './objects.ts';

/** Called with what an object was and is; undefined before it came and after it went. */
export type ChangeListener = (before: KubeObject | undefined, after: KubeObject | undefined) => void;

export type DeleteOptions = Parameters<DemoApi['delete']>[3];

/**
 * The objects of one kind, kept current by a watch and indexed by controller and namespace. What we write ourselves
 * is in it at once, so that a controller never acts on a state older than its own last write.
 */
export class Collection implements Disposable {
  readonly resource: ResourceType;
  readonly #api: DemoApi;
  readonly #objects = new Map<string, KubeObject>();
  readonly #byController = new Map<string, Map<string, KubeObject>>();
  readonly #byNamespace = new Map<string, Map<string, KubeObject>>();
  /** Deleted by ourselves, while the watch has not told yet: older news of them is stale. */
  readonly #gone = new Set<string>();
  readonly #listeners = new Set<ChangeListener>();
  readonly #watch: Disposable;

  constructor(api: DemoApi, resource: ResourceType) {
    this.#api = api;
    this.resource = resource;
    // Filled at once: a controller that saw owners before their dependents would make those a second time.
    for (const object of api.list(resource)) this.#set(object);
    this.#watch = api.watch(resource, (event) => this.#observe(event));
  }

  dispose(): void {
    this.#watch.dispose();
    this.#listeners.clear();
  }

  /** Calls with every present object as new, then with every change. */
  onChange(listener: ChangeListener): Disposable {
    this.#listeners.add(listener);
    for (const object of this.all()) listener(undefined, object);
    return disposable(() => this.#listeners.delete(listener));
  }

  get(namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(joinKey(namespace, name));
  }

  byKey(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  all(): readonly KubeObject[] {
    return [...this.#objects.values()];
  }

  inNamespace(namespace: string): readonly KubeObject[] {
    return [...(this.#byNamespace.get(namespace)?.values() ?? [])];
  }

  /** What an owner controls. */
  controlledBy(owner: KubeObject): readonly KubeObject[] {
    return [...(this.#byController.get(uidOf(owner))?.values() ?? [])];
  }

  create(object: NewObject): KubeObject {
    return this.#kept(this.#api.create(this.resource, asKubeObject(object)));
  }

  /** Writes the object if it differs from the known one in what is given. */
  update(object: KubeObject): KubeObject {
    return this.#kept(this.#api.update(this.resource, object));
  }

  updateStatus(object: KubeObject): KubeObject {
    return this.#kept(this.#api.updateStatus(this.resource, object));
  }

  /** Deletes this very object; one that is gone already is fine. */
  delete(object: KubeObject, options: DeleteOptions = {}): void {
    try {
      this.#api.delete(this.resource, object.metadata.namespace, object.metadata.name, {
        uid: uidOf(object),
        ...options,
      });
    } catch (error) {
      if (!isWorkbenchError(error, 'not-found')) throw error;
    }
    const left = this.#api.get(this.resource, object.metadata.namespace, object.metadata.name);
    if (left !== undefined) this.#set(left);
    else if (this.#objects.has(keyOf(object))) {
      this.#gone.add(uidOf(object));
      this.#remove(object);
    }
  }

  #kept(object: KubeObject): KubeObject {
    this.#set(object);
    return object;
  }

  #observe({ type, object }: StoredEvent): void {
    const uid = uidOf(object);
    if (type === 'DELETED') {
      this.#gone.delete(uid);
      const known = this.#objects.get(keyOf(object));
      if (known !== undefined && uidOf(known) === uid) this.#remove(object);
    } else if (!this.#gone.has(uid)) {
      this.#set(object);
    }
  }

  #set(object: KubeObject): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before !== undefined && versionOf(before) >= versionOf(object)) return;
    if (before !== undefined) this.#unindex(before);
    this.#objects.set(key, object);
    const controller = controllerOf(object)?.uid;
    if (controller !== undefined) entry(this.#byController, controller).set(key, object);
    entry(this.#byNamespace, namespaceOf(object)).set(key, object);
    this.#tell(before, object);
  }

  #remove(object: KubeObject): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before === undefined) return;
    this.#objects.delete(key);
    this.#unindex(before);
    this.#tell(before, undefined);
  }

  #unindex(object: KubeObject): void {
    const key = keyOf(object);
    drop(this.#byController, controllerOf(object)?.uid ?? '', key);
    drop(this.#byNamespace, namespaceOf(object), key);
  }

  #tell(before: KubeObject | undefined, after: KubeObject | undefined): void {
    for (const listener of this.#listeners.values().toArray()) listener(before, after);
  }
}

/** The demo's server counts its versions; elsewhere they are opaque. */
function versionOf(object: KubeObject): number {
  return Number(object.metadata.resourceVersion ?? 0);
}

function entry(index: Map<string, Map<string, KubeObject>>, key: string): Map<string, KubeObject> {
  const found = index.get(key);
  if (found) return found;
  const made = new Map<string, KubeObject>();
  index.set(key, made);
  return made;
}

function drop(index: Map<string, Map<string, KubeObject>>, key: string, member: string): void {
  const members = index.get(key);
  members?.delete(member);
  if (members?.size === 0) index.delete(key);
}
