import type { Disposable } from '../base/disposables.ts';
import type { KubeObject, ResourceType } from '../kube/model/types.ts';

/** A mutable API object inside the demo's own server, where we are the owner of the data. */
export type StoredObject = KubeObject;

export interface StoredEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: StoredObject;
}

/**
 * The embedded API server as its controllers see it: the same admission, validation, conflicts and watches as over HTTP,
 * without the sockets. Errors are `WorkbenchError`s with the codes of the HTTP answers (`conflict`, `not-found`, `invalid`…).
 */
export interface DemoApi {
  /** Looks a served kind up by plural and group. */
  resource(group: string, plural: string): ResourceType;
  get(resource: ResourceType, namespace: string | undefined, name: string): StoredObject | undefined;
  list(resource: ResourceType, namespace?: string): readonly StoredObject[];
  create(resource: ResourceType, object: StoredObject): StoredObject;
  /** Stores a complete object as it is, unseen by admission and validation: one of many like one that went through them. */
  adopt(resource: ResourceType, object: StoredObject): void;
  /** Fails with `conflict` when metadata.resourceVersion is given and is not the stored one. */
  update(resource: ResourceType, object: StoredObject): StoredObject;
  updateStatus(resource: ResourceType, object: StoredObject): StoredObject;
  delete(
    resource: ResourceType,
    namespace: string | undefined,
    name: string,
    options?: {
      readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
      readonly gracePeriodSeconds?: number;
      readonly uid?: string;
    },
  ): void;
  /** Calls back for every present object as ADDED, then for every change, in order, asynchronously. */
  watch(resource: ResourceType, listener: (event: StoredEvent) => void): Disposable;
}
