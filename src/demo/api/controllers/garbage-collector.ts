import { DisposableStore, type Disposable } from '../../../base/disposables.ts';
import type { OwnerReference } from '../../../kube/model/types.ts';
import type { ApiCore } from '../verbs/core.ts';
import { foregroundFinalizer, orphanFinalizer } from '../verbs/deletes.ts';
import { ApiError } from '../base/status.ts';
import { cloneJson, splitGroupVersion, type ApiObject } from '../base/object.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import type { StoreEvent } from '../storage/store.ts';
import { Worker } from './worker.ts';
import { systemWrite } from './system.ts';

/**
 * Deletes what lost its last owner, and holds an owner that is deleted in the foreground until its dependents are gone,
 * or lets them go when it is to orphan them.
 */
export class GarbageCollector implements Disposable {
  readonly #core: ApiCore;
  readonly #owned = new DisposableStore();
  readonly #worker: Worker<ObjectKey>;
  /** Owner's uid -> the objects that name it. */
  readonly #dependents = new Map<string, Map<string, ObjectKey>>();
  readonly #living = new Map<string, ObjectKey>();

  constructor(core: ApiCore) {
    this.#core = core;
    this.#worker = this.#owned.add(
      new Worker(
        (key) => keyText(key),
        (key) => this.#examine(key),
        core.logger,
      ),
    );
    for (const collection of core.store.collections())
      for (const [key, object] of core.store.entries(collection)) this.#index({ collection, key }, undefined, object);
    this.#owned.add(core.store.listen((event) => this.#observe(event)));
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #observe(event: StoreEvent): void {
    const key = { collection: event.collection, key: event.key };
    if (event.type === 'DELETED') {
      this.#index(key, event.before, undefined);
      for (const dependent of this.#dependentsOf(event.object)) this.#worker.add(dependent);
      // An owner that waits for this dependent in the foreground looks again.
      for (const reference of event.object.metadata.ownerReferences ?? []) this.#wakeOwner(reference);
      return;
    }
    this.#index(key, event.before, event.object);
    if (
      (event.object.metadata.ownerReferences ?? []).length > 0 ||
      event.object.metadata.deletionTimestamp !== undefined
    )
      this.#worker.add(key);
    for (const reference of event.object.metadata.ownerReferences ?? []) this.#wakeOwner(reference);
  }

  #wakeOwner(reference: OwnerReference): void {
    const owner = this.#living.get(reference.uid);
    if (owner !== undefined && this.#object(owner)?.metadata.deletionTimestamp !== undefined) this.#worker.add(owner);
  }

  #index(key: ObjectKey, before: ApiObject | undefined, after: ApiObject | undefined): void {
    for (const reference of before?.metadata.ownerReferences ?? [])
      this.#dependents.get(reference.uid)?.delete(keyText(key));
    if (before?.metadata.uid !== undefined && after === undefined) this.#living.delete(before.metadata.uid);
    if (after === undefined) return;
    if (after.metadata.uid !== undefined) this.#living.set(after.metadata.uid, key);
    for (const reference of after.metadata.ownerReferences ?? []) {
      const dependents = this.#dependents.get(reference.uid) ?? new Map<string, ObjectKey>();
      dependents.set(keyText(key), key);
      this.#dependents.set(reference.uid, dependents);
    }
  }

  #dependentsOf(owner: ApiObject): readonly ObjectKey[] {
    return [...(this.#dependents.get(owner.metadata.uid ?? '')?.values() ?? [])];
  }

  #object(key: ObjectKey): ApiObject | undefined {
    return this.#core.store.get(key.collection, key.key);
  }

  #examine(key: ObjectKey): void {
    const object = this.#object(key);
    const resource = this.#core.registry.all().find((item) => item.collection === key.collection);
    if (object === undefined || resource === undefined) return;
    if (object.metadata.deletionTimestamp !== undefined) this.#advanceDeletion(resource, object);
    else this.#checkOwners(resource, object);
  }

  /** An object goes when none of its owners is left; owners that wait for it in the foreground count as gone. */
  #checkOwners(resource: ServedResource, object: ApiObject): void {
    const references = object.metadata.ownerReferences ?? [];
    if (references.length === 0) return;
    const owners = references.map((reference) => this.#ownerState(object, reference));
    if (owners.includes('solid')) {
      const gone = new Set(
        references.filter((_reference, index) => owners[index] === 'absent').map((reference) => reference.uid),
      );
      if (gone.size > 0) this.#dropReferences(resource, object, gone);
      return;
    }
    const foreground = owners.includes('waiting') && this.#dependentsOf(object).length > 0;
    this.#attempt(() => {
      this.#core.deleter.delete(
        resource,
        object.metadata.namespace,
        object.metadata.name,
        {
          uid: object.metadata.uid,
          dryRun: false,
          propagation: foreground
            ? 'Foreground'
            : object.metadata.finalizers?.includes(orphanFinalizer)
              ? 'Orphan'
              : 'Background',
        },
        systemWrite.user,
      );
    });
  }

  #ownerState(object: ApiObject, reference: OwnerReference): 'solid' | 'waiting' | 'absent' {
    const key = this.#living.get(reference.uid);
    const owner = key === undefined ? undefined : this.#object(key);
    if (owner === undefined) return this.#isServed(reference) ? 'absent' : 'solid';
    const { namespace } = owner.metadata;
    if (namespace !== undefined && namespace !== object.metadata.namespace) return 'absent';
    return owner.metadata.deletionTimestamp !== undefined &&
      (owner.metadata.finalizers ?? []).includes(foregroundFinalizer)
      ? 'waiting'
      : 'solid';
  }

  /** Of a kind that is not served nothing can be known; the real collector waits for it too. */
  #isServed(reference: OwnerReference): boolean {
    const { group, version } = splitGroupVersion(reference.apiVersion);
    return this.#core.registry.findKind(group, version, reference.kind) !== undefined;
  }

  #advanceDeletion(resource: ServedResource, object: ApiObject): void {
    const finalizers = object.metadata.finalizers ?? [];
    if (finalizers.includes(orphanFinalizer)) {
      for (const key of this.#dependentsOf(object)) this.#release(key, object.metadata.uid ?? '');
      this.#dropFinalizer(resource, object, orphanFinalizer);
    } else if (finalizers.includes(foregroundFinalizer)) {
      const dependents = this.#dependentsOf(object);
      const blocking = dependents.filter((key) => this.#blocks(key, object.metadata.uid ?? ''));
      if (blocking.length === 0) this.#dropFinalizer(resource, object, foregroundFinalizer);
      else for (const key of dependents) this.#worker.add(key);
    }
  }

  #blocks(key: ObjectKey, ownerUid: string): boolean {
    return (this.#object(key)?.metadata.ownerReferences ?? []).some(
      (reference) =>
        reference.uid === ownerUid && 'blockOwnerDeletion' in reference && reference.blockOwnerDeletion === true,
    );
  }

  #release(key: ObjectKey, ownerUid: string): void {
    const object = this.#object(key);
    const resource = this.#core.registry.all().find((item) => item.collection === key.collection);
    if (object !== undefined && resource !== undefined) this.#dropReferences(resource, object, new Set([ownerUid]));
  }

  #dropReferences(resource: ServedResource, object: ApiObject, uids: ReadonlySet<string>): void {
    this.#edit(resource, object, (next) => {
      const kept = (next.metadata.ownerReferences ?? []).filter((reference) => !uids.has(reference.uid));
      if (kept.length > 0) next.metadata.ownerReferences = kept;
      else delete next.metadata.ownerReferences;
    });
  }

  #dropFinalizer(resource: ServedResource, object: ApiObject, finalizer: string): void {
    this.#edit(resource, object, (next) => {
      next.metadata.finalizers = (next.metadata.finalizers ?? []).filter((item) => item !== finalizer);
    });
  }

  #edit(resource: ServedResource, object: ApiObject, change: (next: ApiObject) => void): void {
    const { namespace, name, uid } = object.metadata;
    this.#attempt(() =>
      this.#core.writer.modify(
        { resource, namespace, name, subresource: '' },
        (current) => {
          const next = cloneJson(current);
          if (current.metadata.uid === uid) change(next);
          return next;
        },
        systemWrite,
      ),
    );
  }

  /** Someone else may have been faster: then there is nothing left to do. */
  #attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof ApiError) || (error.body.code !== 404 && error.body.code !== 409)) throw error;
    }
  }
}

interface ObjectKey {
  readonly collection: string;
  readonly key: string;
}

function keyText(key: ObjectKey): string {
  return `${key.collection} ${key.key}`;
}
