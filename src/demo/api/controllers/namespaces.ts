import { DisposableStore, type Disposable } from '../../../base/disposables.ts';
import { isObject, stringAt } from '../../../base/json.ts';
import type { ApiCore } from '../verbs/core.ts';
import { cloneJson, type ApiObject } from '../base/object.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import { keyOf } from '../storage/store.ts';
import { systemWrite } from './system.ts';
import { Worker } from './worker.ts';

const authorityMap = 'kube-root-ca.crt';
const authorityText =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Gives every namespace its default service account and CA bundle; empties a deleted one, then lets it go. */
export class NamespaceController implements Disposable {
  readonly #core: ApiCore;
  readonly #caPem: string;
  readonly #owned = new DisposableStore();
  readonly #worker: Worker<string>;

  constructor(core: ApiCore, caPem: string) {
    this.#core = core;
    this.#caPem = caPem;
    this.#worker = this.#owned.add(
      new Worker(
        (name) => name,
        (name) => this.#sync(name),
        core.logger,
      ),
    );
    for (const [name] of core.store.entries('namespaces')) this.#worker.add(name);
    this.#owned.add(
      core.store.listen((event) => {
        if (event.collection === 'namespaces') this.#worker.add(event.object.metadata.name);
        else if (event.object.metadata.namespace !== undefined && event.type === 'DELETED')
          this.#worker.add(event.object.metadata.namespace);
      }),
    );
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #sync(name: string): void {
    const namespace = this.#core.store.get('namespaces', name);
    if (namespace === undefined) return;
    if (namespace.metadata.deletionTimestamp === undefined) this.furnish(name);
    else this.#empty(namespace);
  }

  /** What every namespace holds. Called at once by the seeding, so that pods can be created right away. */
  furnish(name: string): void {
    this.#ensure('serviceaccounts', name, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } });
    this.#ensure('configmaps', name, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: authorityMap, annotations: { 'kubernetes.io/description': authorityText } },
      data: { 'ca.crt': this.#caPem },
    });
    this.#renewAuthority(name);
  }

  /** A server with loaded state has another certificate than the one that it wrote down. */
  #renewAuthority(namespace: string): void {
    const resource = this.#core.registry.find('', 'v1', 'configmaps');
    const map = this.#core.store.get('configmaps', keyOf(namespace, authorityMap));
    if (resource === undefined || map === undefined || stringAt(map, 'data', 'ca.crt') === this.#caPem) return;
    this.#core.writer.modify(
      { resource, namespace, name: authorityMap, subresource: '' },
      (current) => ({ ...cloneJson(current), data: { 'ca.crt': this.#caPem } }),
      systemWrite,
    );
  }

  #ensure(plural: string, namespace: string, object: ApiObject): void {
    const resource = this.#core.registry.find('', 'v1', plural);
    if (resource !== undefined && this.#core.store.get(plural, keyOf(namespace, object.metadata.name)) === undefined) {
      this.#core.writer.create(resource, namespace, object, systemWrite);
    }
  }

  #empty(namespace: ApiObject): void {
    const { name } = namespace.metadata;
    const left = this.#contents(name);
    for (const { resource, object } of left) {
      if (object.metadata.deletionTimestamp !== undefined) continue;
      this.#core.deleter.delete(
        resource,
        name,
        object.metadata.name,
        { propagation: 'Background', dryRun: false },
        systemWrite.user,
      );
    }
    if (this.#contents(name).length > 0) return;
    const resource = this.#core.registry.find('', 'v1', 'namespaces');
    if (resource === undefined) return;
    this.#core.writer.modify(
      { resource, namespace: undefined, name, subresource: 'finalize' },
      (current) => {
        const next = cloneJson(current);
        next['spec'] = { ...(isObject(next['spec']) ? next['spec'] : {}), finalizers: [] };
        return next;
      },
      systemWrite,
    );
  }

  #contents(namespace: string): readonly { readonly resource: ServedResource; readonly object: ApiObject }[] {
    const seen = new Set<string>();
    return this.#core.registry.all().flatMap((resource) => {
      if (!resource.namespaced || seen.has(resource.collection)) return [];
      seen.add(resource.collection);
      return this.#core.store
        .entries(resource.collection)
        .filter(([, object]) => object.metadata.namespace === namespace)
        .map(([, object]) => ({ resource, object }));
    });
  }
}
