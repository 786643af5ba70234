import type { V1ObjectMeta } from '@kubernetes/client-node';
import type { Fields } from './raw.ts';

/** Names in a type only what the objects of a kind are. */
declare const objects: unique symbol;

/** A kind as the API server serves it. `group` is '' for the core group; `Object` is what its objects may hold. */
export interface ResourceType<Object extends KubeObject = KubeObject> {
  readonly [objects]?: Object;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** Of an object that a server sent, the name is always there. */
export interface ObjectMeta extends Omit<Fields<V1ObjectMeta>, 'name' | 'ownerReferences'> {
  readonly name: string;
  readonly ownerReferences?: readonly OwnerReference[];
}

/** Any API object as raw JSON. Read `spec` and `status` through `base/json` or a schema; never trust their shape. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}
