import type { Disposable } from '../../../base/disposables.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Collection } from './collection.ts';
import { controllerOf, joinKey, keyOf } from './objects.ts';
import type { ReconcileQueue } from './queue.ts';

/** Queues every object of the collection that comes or changes. */
export function queueChanged(collection: Collection, queue: ReconcileQueue): Disposable {
  return collection.onChange((_before, after) => {
    if (after !== undefined) queue.add(keyOf(after));
  });
}

/** Queues the owner of every dependent that comes, changes or goes. */
export function queueOwners(collection: Collection, kind: string, queue: ReconcileQueue): Disposable {
  return collection.onChange((before, after) => {
    for (const object of [before, after]) {
      const owner = object === undefined ? undefined : controllerOf(object);
      if (object !== undefined && owner?.kind === kind) queue.add(joinKey(object.metadata.namespace, owner.name));
    }
  });
}

/** Calls with the present object, or with the last state of one that went. */
export function onEither(collection: Collection, listener: (object: KubeObject) => void): Disposable {
  return collection.onChange((before, after) => {
    const object = after ?? before;
    if (object !== undefined) listener(object);
  });
}
