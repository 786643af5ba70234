import type { SchemaNode } from './node.ts';

/** A JSON object of which nothing is known yet. The functions of this folder never change their arguments. */
export type Json = Record<string, unknown>;

/** The schema of one kind in one version. */
export interface ObjectSchema {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Compiled into the server (Pod, Deployment…); a custom resource otherwise. The two are decoded, pruned and validated differently. */
  readonly native: boolean;
  /** The status has an endpoint of its own; the main one ignores it. */
  readonly statusSubresource: boolean;
  readonly root: SchemaNode;
}

export type ViolationReason =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueTypeInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueDuplicate'
  | 'FieldValueNotFound'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany';

/** One entry of `Status.details.causes`: `path` is the cause's `field`, `message` its `message` (without the path). */
export interface Violation {
  readonly path: string;
  readonly reason: ViolationReason;
  readonly message: string;
}

/** An entry of `metadata.managedFields`. */
export interface ManagedFieldsEntry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly time?: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: Json;
  readonly subresource?: string;
}

export interface ApplyRequest {
  readonly schema: ObjectSchema;
  /** The stored object; undefined when the apply creates it. */
  readonly live: Json | undefined;
  /** What the manager wants, as it was sent: not defaulted, without managedFields. */
  readonly applied: Json;
  readonly manager: string;
  readonly force: boolean;
  readonly subresource?: string;
  /** RFC 3339, for the manager's entry. */
  readonly time: string;
}

/** A field that another manager owns with another value. `field` as the server writes it: `.spec.replicas`. */
export interface ApplyConflict {
  readonly manager: string;
  readonly field: string;
  /** The whole message of the cause: `conflict with "kubectl" using apps/v1: .spec.replicas`. */
  readonly message: string;
  /** The cause's message: `conflict with "kubectl" using apps/v1`. */
  readonly cause: string;
}

export type ApplyResult = { readonly object: Json } | { readonly conflicts: readonly ApplyConflict[] };

export interface TrackRequest {
  readonly schema: ObjectSchema;
  /** The stored object; undefined on create. */
  readonly before: Json | undefined;
  /** The object that will be stored, defaulted. */
  readonly after: Json;
  readonly manager: string;
  readonly operation?: 'Update';
  readonly subresource?: string;
  readonly time: string;
}
