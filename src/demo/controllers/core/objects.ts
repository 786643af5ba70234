import { arrayAt, at, isObject, numberAt, stringAt, stringMapAt } from '../../../base/json.ts';
import type { KubeObject, OwnerReference } from '../../../kube/model/types.ts';

export type Json = Record<string, unknown>;

/** An object to be created; `generateName` lets the server complete the name. */
export interface NewObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Json;
  readonly [field: string]: unknown;
}

/** The server fills in and checks what a new object lacks, its name above all. */
export function asKubeObject(object: NewObject): KubeObject {
  const { name, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, name: typeof name === 'string' ? name : '' } };
}

export function specOf(object: KubeObject): Json {
  return jsonAt(object, 'spec');
}

export function statusOf(object: KubeObject): Json {
  return jsonAt(object, 'status');
}

export function jsonAt(value: unknown, ...path: readonly string[]): Json {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
}

export function labelsOf(object: KubeObject): Readonly<Record<string, string>> {
  return object.metadata.labels ?? {};
}

export function annotationsOf(object: KubeObject): Readonly<Record<string, string>> {
  return object.metadata.annotations ?? {};
}

export function uidOf(object: KubeObject): string {
  return object.metadata.uid ?? '';
}

export function namespaceOf(object: KubeObject): string {
  return object.metadata.namespace ?? '';
}

export function keyOf(object: KubeObject): string {
  return joinKey(object.metadata.namespace, object.metadata.name);
}

export function joinKey(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

export function splitKey(key: string): { readonly namespace: string | undefined; readonly name: string } {
  const slash = key.indexOf('/');
  return slash < 0
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The one owner that manages the object. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** Makes `owner` the manager of an object; deleting it in the foreground waits for the object. */
export function controllerReference(owner: KubeObject): Json {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: uidOf(owner),
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function isTerminating(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

export function replicasOf(object: KubeObject): number {
  return numberAt(object, 'spec', 'replicas') ?? 1;
}

export function generationOf(object: KubeObject): number {
  return object.metadata.generation ?? 1;
}

export function createdAt(object: KubeObject): number {
  return Date.parse(object.metadata.creationTimestamp ?? '') || 0;
}

export function templateOf(object: KubeObject): Json {
  return jsonAt(object, 'spec', 'template');
}

export { arrayAt, at, isObject, numberAt, stringAt, stringMapAt };
