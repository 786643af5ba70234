/**
 * Pure functions over API objects, driven by OpenAPI schemas: what a Kubernetes API server does to an object
 * between the request's body and the store. No function changes its arguments.
 *
 * The server's order: decodeError, unknownFields, prune, applyDefaults, validateCreate or validateUpdate, trackUpdate.
 *
 * Coming in this file, with these signatures:
 *   decodeError(schema, object): string | undefined     native kinds: the 400's text `Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal ...`
 *   unknownFields(schema, object): readonly string[]    paths: `spec.foo`, `spec.containers[0].bar`
 *   duplicateFields(jsonText): readonly string[]        paths of keys that occur twice
 *   prune(schema, object): Json                         without unknown fields
 *   applyDefaults(schema, object): Json                 the schema's defaults and the hand-written ones of the kind
 *   validateCreate(schema, object): readonly Violation[]
 *   validateUpdate(schema, object, old): readonly Violation[]
 *   invalidMessage(schema, name, violations): string    `Deployment.apps "x" is invalid: ...`
 *   jsonPatch(document, operations), mergePatch(document, patch), strategicMerge(schema, document, patch): Json
 *       throw WorkbenchError: bad-usage (400, malformed) or invalid (422, does not apply)
 *   applyServerSide(request: ApplyRequest): ApplyResult  not defaulted yet: prune and default its object afterwards
 *   conflictMessage(conflicts): string                   `Apply failed with 1 conflict: ...`
 *   trackUpdate(request: TrackRequest): Json             `after` with metadata.managedFields
 */
export { loadSchemas, type Schemas } from './schemas.ts';
export type { ApplyConflict, ApplyRequest, ApplyResult, Json, ManagedFieldsEntry, ObjectSchema, TrackRequest, Violation, ViolationReason } from './types.ts';
