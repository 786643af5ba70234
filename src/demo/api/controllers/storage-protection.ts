import { DisposableStore, type Disposable } from '../../../base/disposables.ts';
import { arrayAt, stringAt } from '../../../base/json.ts';
import type { ApiCore } from '../verbs/core.ts';
import { cloneJson, type ApiObject } from '../base/object.ts';
import { protections } from '../admission/storage.ts';
import { systemWrite } from './system.ts';
import { Worker } from './worker.ts';

interface Key {
  readonly plural: string;
  readonly key: string;
}

/** Releases deleted claims that no pod uses any more, and deleted volumes that no claim is bound to. */
export class StorageProtection implements Disposable {
  readonly #core: ApiCore;
  readonly #owned = new DisposableStore();
  readonly #worker: Worker<Key>;

  constructor(core: ApiCore) {
    this.#core = core;
    this.#worker = this.#owned.add(
      new Worker(
        ({ plural, key }) => `${plural} ${key}`,
        (key) => this.#release(key),
        core.logger,
      ),
    );
    for (const plural of Object.keys(protections)) this.#examineAll(plural);
    this.#owned.add(
      core.store.listen(({ collection, key }) => {
        if (collection === 'pods') this.#examineAll('persistentvolumeclaims');
        else if (collection in protections) this.#worker.add({ plural: collection, key });
      }),
    );
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #examineAll(plural: string): void {
    for (const [key, object] of this.#core.store.entries(plural))
      if (object.metadata.deletionTimestamp !== undefined) this.#worker.add({ plural, key });
  }

  #release({ plural, key }: Key): void {
    const object = this.#core.store.get(plural, key);
    const resource = this.#core.registry.find('', 'v1', plural);
    const protection = protections[plural] ?? '';
    if (
      object === undefined ||
      resource === undefined ||
      object.metadata.deletionTimestamp === undefined ||
      !object.metadata.finalizers?.includes(protection)
    )
      return;
    if (plural === 'persistentvolumes' ? stringAt(object, 'status', 'phase') === 'Bound' : this.#isMounted(object))
      return;
    this.#core.writer.modify(
      { resource, namespace: object.metadata.namespace, name: object.metadata.name, subresource: '' },
      (current) => {
        const next = cloneJson(current);
        next.metadata.finalizers = (next.metadata.finalizers ?? []).filter((finalizer) => finalizer !== protection);
        return next;
      },
      systemWrite,
    );
  }

  #isMounted(claim: ApiObject): boolean {
    return this.#core.store
      .entries('pods')
      .some(([, pod]) => pod.metadata.namespace === claim.metadata.namespace && uses(pod, claim.metadata.name));
  }
}

/** A pod uses a claim from when it has a node until it has ended. */
function uses(pod: ApiObject, claim: string): boolean {
  const phase = stringAt(pod, 'status', 'phase');
  if (!stringAt(pod, 'spec', 'nodeName') || phase === 'Succeeded' || phase === 'Failed') return false;
  return arrayAt(pod, 'spec', 'volumes').some(
    (volume) => stringAt(volume, 'persistentVolumeClaim', 'claimName') === claim,
  );
}
