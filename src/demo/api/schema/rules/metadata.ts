import { isObject } from '../../../../base/json.ts';
import { forbidden, immutable, invalid, required, tooLong } from '../field-errors.ts';
import { equalJson, isList } from '../json.ts';
import type { Json, ObjectSchema, Violation } from '../types.ts';
import {
  dnsLabelErrors,
  dnsSubdomainErrors,
  labelValueErrors,
  pathSegmentErrors,
  qualifiedNameErrors,
} from './names.ts';

/** Names without a prefix: those of every kind, and that of definitions. */
const standardFinalizers: ReadonlySet<string> = new Set([
  'kubernetes',
  'orphan',
  'foregroundDeletion',
  'customresourcecleanup.apiextensions.k8s.io',
]);
const ANNOTATIONS_LIMIT = 256 * 1024;

export function validateMetadata(schema: ObjectSchema, object: Json): Violation[] {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  return [
    ...nameViolations(schema, metadata),
    ...labelViolations(metadata['labels'], 'metadata.labels'),
    ...annotationViolations(metadata['annotations'], 'metadata.annotations'),
    ...ownerViolations(metadata['ownerReferences']),
    ...finalizerViolations(metadata['finalizers']),
  ];
}

export function validateMetadataUpdate(metadata: unknown, old: unknown): Violation[] {
  const now = isObject(metadata) ? metadata : {};
  const before = isObject(old) ? old : {};
  const changed = ['name', 'namespace', 'uid', 'creationTimestamp']
    .filter((field) => now[field] !== undefined && before[field] !== undefined && !equalJson(now[field], before[field]))
    .map((field) => immutable(`metadata.${field}`, now[field]));
  return [...changed, ...lateFinalizers(now, before)];
}

/** Who is to go takes on no more reasons to stay. */
function lateFinalizers(now: Json, before: Json): Violation[] {
  if (before['deletionTimestamp'] === undefined || !isList(now['finalizers'])) return [];
  const had = isList(before['finalizers']) ? before['finalizers'] : [];
  const added = now['finalizers'].filter((finalizer) => !had.includes(finalizer));
  if (added.length === 0) return [];
  return [
    forbidden(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`,
    ),
  ];
}

function nameViolations(schema: ObjectSchema, metadata: Json): Violation[] {
  const { name, generateName } = metadata;
  const errors = nameSyntax(schema);
  const generated = typeof generateName === 'string' && generateName !== '';
  // A random suffix follows, so that a trailing hyphen or dot is fine.
  const base = generated
    ? errors(`${generateName.replace(/[-.]+$/, '')}a`).map((error) =>
        invalid('metadata.generateName', generateName, error),
      )
    : [];
  if (typeof name === 'string' && name !== '')
    return [...base, ...errors(name).map((error) => invalid('metadata.name', name, error))];
  return generated ? base : [required('metadata.name', 'name or generateName is required')];
}

function nameSyntax(schema: ObjectSchema): (name: string) => string[] {
  if (schema.group === 'rbac.authorization.k8s.io') return pathSegmentErrors;
  if (schema.group === '' && schema.kind === 'Namespace') return dnsLabelErrors;
  if (schema.group === '' && schema.kind === 'Service') return dnsLabelErrors;
  return dnsSubdomainErrors;
}

export function labelViolations(labels: unknown, path: string): Violation[] {
  if (!isObject(labels)) return [];
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedNameErrors(key).map((error) => invalid(path, key, error)),
    ...(typeof value === 'string' ? labelValueErrors(value) : []).map((error) => invalid(path, value, error)),
  ]);
}

export function annotationViolations(annotations: unknown, path: string): Violation[] {
  if (!isObject(annotations)) return [];
  const entries = Object.entries(annotations);
  const size = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(String(value)),
    0,
  );
  return [
    ...entries.flatMap(([key]) => qualifiedNameErrors(key.toLowerCase()).map((error) => invalid(path, key, error))),
    ...(size > ANNOTATIONS_LIMIT ? [tooLong(path, ANNOTATIONS_LIMIT)] : []),
  ];
}

function ownerViolations(owners: unknown): Violation[] {
  if (!isList(owners)) return [];
  const missing = owners.flatMap((owner, index) =>
    ['apiVersion', 'kind', 'name', 'uid']
      .filter((field) => !isObject(owner) || owner[field] === undefined || owner[field] === '')
      .map((field) => invalid(`metadata.ownerReferences[${index}].${field}`, '', `${field} must not be empty`)),
  );
  const controllers = owners.filter((owner) => isObject(owner) && owner['controller'] === true);
  return controllers.length > 1
    ? [...missing, invalid('metadata.ownerReferences', owners, 'Only one reference can have Controller set to true')]
    : missing;
}

function finalizerViolations(finalizers: unknown): Violation[] {
  if (!isList(finalizers)) return [];
  return finalizers.flatMap((name, index) => {
    if (typeof name !== 'string') return [];
    const errors = qualifiedNameErrors(name).map((error) => invalid('metadata.finalizers', name, error));
    if (errors.length > 0 || name.includes('/') || standardFinalizers.has(name)) return errors;
    return [
      invalid(
        `metadata.finalizers[${index}]`,
        name,
        'name is neither a standard finalizer name nor is it fully qualified',
      ),
    ];
  });
}
