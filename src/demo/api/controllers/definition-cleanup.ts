import { DisposableStore, type Disposable } from '../../../base/disposables.ts';
import type { ApiCore } from '../verbs/core.ts';
import { cleanupFinalizer, collectionOfDefinition, definitionCollection } from '../catalogue/custom-resources.ts';
import { cloneJson } from '../base/object.ts';
import { systemWrite } from './system.ts';
import { Worker } from './worker.ts';

/** Deletes the objects of a CustomResourceDefinition that is to go, each with a word to who watches, then lets the definition go. */
export class DefinitionCleanup implements Disposable {
  readonly #core: ApiCore;
  readonly #owned = new DisposableStore();
  /** Definitions by the collection of their objects, while they are being deleted. */
  readonly #going = new Map<string, string>();

  constructor(core: ApiCore) {
    this.#core = core;
    const worker = this.#owned.add(
      new Worker<string>(
        (name) => name,
        (name) => this.#empty(name),
        core.logger,
      ),
    );
    const look = (name: string): void => {
      const definition = core.store.get(definitionCollection, name);
      if (definition?.metadata.deletionTimestamp === undefined) return;
      this.#going.set(collectionOfDefinition(definition), name);
      worker.add(name);
    };
    for (const [name] of core.store.entries(definitionCollection)) look(name);
    this.#owned.add(
      core.store.listen(({ collection, type, object }) => {
        const owner = this.#going.get(collection);
        if (collection === definitionCollection) look(object.metadata.name);
        else if (owner !== undefined && type === 'DELETED') worker.add(owner);
      }),
    );
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #empty(name: string): void {
    const { store, registry, deleter, writer } = this.#core;
    const definition = store.get(definitionCollection, name);
    const definitions = registry.find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
    if (
      definition === undefined ||
      definitions === undefined ||
      !definition.metadata.finalizers?.includes(cleanupFinalizer)
    )
      return;
    const collection = collectionOfDefinition(definition);
    const resource = registry.all().find((served) => served.collection === collection);
    if (resource === undefined) return;
    for (const [, { metadata }] of store.entries(collection)) {
      if (metadata.deletionTimestamp === undefined)
        deleter.delete(
          resource,
          metadata.namespace,
          metadata.name,
          { propagation: 'Background', dryRun: false },
          systemWrite.user,
        );
    }
    if (store.entries(collection).length > 0) return;
    this.#going.delete(collection);
    writer.modify(
      { resource: definitions, namespace: undefined, name, subresource: '' },
      (current) => {
        const next = cloneJson(current);
        next.metadata.finalizers = (next.metadata.finalizers ?? []).filter(
          (finalizer) => finalizer !== cleanupFinalizer,
        );
        return next;
      },
      systemWrite,
    );
  }
}
