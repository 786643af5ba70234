/**
 * Pure functions over API objects, driven by OpenAPI schemas: what a Kubernetes API server does to an object
 * between the request's body and the store. No function changes its arguments.
 *
 * The order of a write: `decodeError` (400), `unknownFields` (refused, warned of or ignored), `prune`, `applyDefaults`,
 * `validateCreate` or `validateUpdate`, `trackUpdate`. Name and uid are set before defaults (a job's selector holds its uid).
 * A server-side apply goes through `applyServerSide` first and is defaulted after.
 */
export { applyServerSide, conflictMessage, trackUpdate } from './apply.ts';
export { decodeError, typeMismatch } from './decode-error.ts';
export { applyDefaults } from './defaults.ts';
export { duplicateFields } from './duplicate-fields.ts';
export { invalidMessage, violationText } from './field-errors.ts';
export { asGoWrites } from './go-json.ts';
export { jsonPatch } from './json-patch.ts';
export { mergePatch } from './merge-patch.ts';
export { uncheckedRules } from './rules/expressions.ts';
export { applyWithLastApplied } from './last-applied.ts';
export { leaderWorkerSetUpdateViolations, leaderWorkerSetViolations } from './rules/leader-worker-set.ts';
export { selectorMatches } from './rules/selector.ts';
export type { OmitsZero } from './node.ts';
export { loadSchemas, type Schemas } from './schemas.ts';
export { strategicMerge } from './strategic-merge.ts';
export { typedProblems } from './typed-problems.ts';
export type { Json, ObjectSchema, Violation } from './types.ts';
export { prune, unknownFields } from './unknown-fields.ts';
export { validateCreate, validateUpdate } from './validate.ts';
