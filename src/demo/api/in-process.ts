import { disposable, type Disposable } from '../../base/disposables.ts';
import { errorText, WorkbenchError } from '../../base/errors.ts';
import type { ResourceType } from '../../kube/model/types.ts';
import type { DemoApi, StoredEvent, StoredObject } from '../types.ts';
import type { ApiCore } from './verbs/core.ts';
import { systemWrite } from './controllers/system.ts';
import { present } from './catalogue/conversion.ts';
import type { ApiObject } from './base/object.ts';
import type { ServedResource } from './catalogue/registry.ts';
import { toWorkbenchError } from './base/status.ts';
import { keyOf } from './storage/store.ts';

/** The controllers' door to the server: the HTTP verbs without the sockets. */
export class InProcessApi implements DemoApi {
  readonly #core: ApiCore;

  constructor(core: ApiCore) {
    this.#core = core;
  }

  resource(group: string, plural: string): ResourceType {
    const found = this.#core.registry.findAnyVersion(group, plural);
    if (found === undefined)
      throw new WorkbenchError({
        code: 'resource-absent',
        message: `the demo cluster serves no ${group === '' ? plural : `${plural}.${group}`}`,
      });
    return typeOf(found);
  }

  get(resource: ResourceType, namespace: string | undefined, name: string): StoredObject | undefined {
    const served = this.#served(resource);
    const found = this.#core.store.get(served.collection, keyOf(namespace, name));
    return found === undefined ? undefined : present(served, found);
  }

  list(resource: ResourceType, namespace?: string): readonly StoredObject[] {
    const served = this.#served(resource);
    return this.#core.store
      .entries(served.collection)
      .filter(([, object]) => namespace === undefined || object.metadata.namespace === namespace)
      .map(([, object]) => present(served, object));
  }

  create(resource: ResourceType, object: StoredObject): StoredObject {
    return translated(() =>
      this.#core.writer.create(this.#served(resource), object.metadata.namespace, object, systemWrite),
    );
  }

  adopt(resource: ResourceType, object: StoredObject): void {
    const { collection } = this.#served(resource);
    this.#core.store.put(collection, keyOf(object.metadata.namespace, object.metadata.name), object as ApiObject);
  }

  update(resource: ResourceType, object: StoredObject): StoredObject {
    return this.#write(resource, object, '');
  }

  updateStatus(resource: ResourceType, object: StoredObject): StoredObject {
    return this.#write(resource, object, 'status');
  }

  delete(
    resource: ResourceType,
    namespace: string | undefined,
    name: string,
    options: Parameters<DemoApi['delete']>[3] = {},
  ): void {
    translated(() =>
      this.#core.deleter.delete(
        this.#served(resource),
        namespace,
        name,
        { ...options, dryRun: false },
        systemWrite.user,
      ),
    );
  }

  watch(resource: ResourceType, listener: (event: StoredEvent) => void): Disposable {
    const served = this.#served(resource);
    const queue: StoredEvent[] = [];
    const drain = (): void => {
      for (let event = queue.shift(); event !== undefined; event = queue.shift()) this.#tell(served, listener, event);
    };
    const enqueue = (event: StoredEvent): void => {
      queue.push(event);
      if (queue.length === 1) setImmediate(drain);
    };
    for (const object of this.list(resource)) enqueue({ type: 'ADDED', object });
    const listening = this.#core.store.listen((event) => {
      if (event.collection === served.collection) enqueue({ type: event.type, object: present(served, event.object) });
    });
    return disposable(() => {
      listening.dispose();
      queue.length = 0;
    });
  }

  /** One event that a listener cannot take must not keep the next from it. */
  #tell(served: ServedResource, listener: (event: StoredEvent) => void, event: StoredEvent): void {
    try {
      listener(event);
    } catch (error) {
      const { namespace, name } = event.object.metadata;
      this.#core.logger.error(
        `a watch of ${served.plural} failed at ${event.type} of ${namespace === undefined ? name : `${namespace}/${name}`}: ${errorText(error)}`,
        error,
      );
    }
  }

  #write(resource: ResourceType, object: StoredObject, subresource: string): StoredObject {
    const { name, namespace } = object.metadata;
    return translated(
      () =>
        this.#core.writer.update(
          { resource: this.#served(resource), namespace, name, subresource },
          object,
          systemWrite,
        ).object,
    );
  }

  #served(resource: ResourceType): ServedResource {
    const found = this.#core.registry.find(resource.group, resource.version, resource.plural);
    if (found === undefined)
      throw new WorkbenchError({
        code: 'resource-absent',
        message: `the demo cluster does not serve ${resource.plural} of ${resource.group || 'the core group'} ${resource.version}`,
      });
    return found;
  }
}

function typeOf(served: ServedResource): ResourceType {
  const { group, version, plural, kind, namespaced } = served;
  return { group, version, plural, kind, namespaced };
}

function translated<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw toWorkbenchError(error);
  }
}
