import { isObject, stringAt } from '../../../base/json.ts';
import { applyServerSide } from './apply.ts';
import { compare, fieldsOf } from './field-sets.ts';
import { difference, paths, pathText, union } from './field-tree.ts';
import { canonicalJson } from './json.ts';
import { withoutManagedFields } from './managed-fields.ts';
import type { ApplyConflict, ApplyRequest, ApplyResult, Json } from './types.ts';

const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';
const KUBECTL = 'kubectl';

/**
 * Server-side apply as the server does it for kubectl: what kubectl itself applied before from the client's side is no
 * conflict as long as nobody changed it since, and its annotation follows.
 */
export function applyWithLastApplied(request: ApplyRequest): ApplyResult {
  const result = applyServerSide(request);
  if (request.manager !== KUBECTL) return result;
  const settled = 'conflicts' in result ? settle(request, result.conflicts) : result;
  return 'conflicts' in settled ? settled : { object: annotated(settled.object, request.applied) };
}

function settle(request: ApplyRequest, conflicts: readonly ApplyConflict[]): ApplyResult {
  const own = request.live === undefined ? new Set<string>() : unchangedSince(request, request.live);
  const left = conflicts.filter(({ field }) => !own.has(field));
  return left.length > 0 ? { conflicts: left } : applyServerSide({ ...request, force: true });
}

/** The fields that the object still has as the annotation says that they were applied. */
function unchangedSince({ schema }: ApplyRequest, live: Json): ReadonlySet<string> {
  const last = lastApplied(live);
  if (last?.['apiVersion'] !== (schema.group === '' ? schema.version : `${schema.group}/${schema.version}`))
    return new Set();
  const { added, modified, removed } = compare(schema.root, last, withoutManagedFields(live));
  const kept = difference(fieldsOf(schema.root, last), union(union(added, modified), removed));
  return new Set(paths(kept).map(pathText));
}

function lastApplied(live: Json): Json | undefined {
  const text = stringAt(live, 'metadata', 'annotations', ANNOTATION) ?? '';
  if (text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // An annotation that people wrote themselves says nothing of what was applied.
    return undefined;
  }
}

function annotated(object: Json, applied: Json): Json {
  if (stringAt(object, 'metadata', 'annotations', ANNOTATION) === undefined) return object;
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const annotations = isObject(metadata['annotations']) ? metadata['annotations'] : {};
  return {
    ...object,
    metadata: {
      ...metadata,
      annotations: { ...annotations, [ANNOTATION]: `${canonicalJson(withoutAnnotation(applied))}\n` },
    },
  };
}

function withoutAnnotation(applied: Json): Json {
  const metadata = isObject(applied['metadata']) ? applied['metadata'] : {};
  if (!isObject(metadata['annotations'])) return applied;
  const { [ANNOTATION]: _last, ...annotations } = metadata['annotations'];
  return { ...applied, metadata: { ...metadata, annotations } };
}
