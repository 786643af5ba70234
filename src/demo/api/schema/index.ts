/**
 * Pure functions over API objects, driven by OpenAPI schemas: what a Kubernetes API server does to an object
 * between the request's body and the store. No function changes its arguments.
 *
 * The server's order: strict or warned unknown fields, then (custom resources) prune, then defaults, then create
 * or update rules, then managed fields, then the store.
 */
export { loadSchemas, type Schemas } from './schemas.ts';
export type { ApplyConflict, ApplyRequest, ApplyResult, Json, ManagedFieldsEntry, ObjectSchema, TrackRequest, Violation, ViolationReason } from './types.ts';
