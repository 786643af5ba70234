import { isObject } from '../../base/json.ts';
import { cloneJson, groupVersionOf, type ApiMeta, type ApiObject } from './object.ts';
import type { ServedResource } from './registry.ts';
import type { WriteOptions } from './requests.ts';
import { decodeError, unknownFields, type ObjectSchema } from './schema/index.ts';
import { badRequest, invalid } from './status.ts';

/** The body as an object of the resource, in the request's namespace. Kind and version may be left out; another one is a 400. */
export function decodeObject(resource: ServedResource, namespace: string | undefined, body: unknown): ApiObject {
  if (!isObject(body)) throw badRequest(`the object provided is unrecognized (must be of type ${resource.kind}): the body is no object`);
  const apiVersion = groupVersionOf(resource.group, resource.version);
  const sentVersion = body['apiVersion'] ?? apiVersion;
  const sentKind = body['kind'] ?? resource.kind;
  if (sentVersion !== apiVersion) {
    throw badRequest(`the API version in the data (${text(sentVersion)}) does not match the expected API version (${apiVersion})`);
  }
  if (sentKind !== resource.kind) throw badRequest(`${text(sentKind)} in version "${resource.version}" cannot be handled as a ${resource.kind}: no kind "${text(sentKind)}" is registered here`);
  const metadata = decodeMetadata(resource, body['metadata']);
  if (!resource.namespaced) delete metadata.namespace;
  else {
    if (metadata.namespace !== undefined && metadata.namespace !== '' && namespace !== undefined && metadata.namespace !== namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
    if (namespace !== undefined) metadata.namespace = namespace;
  }
  return { ...cloneJson(body), apiVersion, kind: resource.kind, metadata };
}

function decodeMetadata(resource: ServedResource, sent: unknown): ApiMeta {
  const raw = sent ?? {};
  if (!isObject(raw)) throw badRequest(`${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: json: cannot unmarshal ${jsonType(raw)} into Go struct field .metadata of type v1.ObjectMeta`);
  const kept = Object.fromEntries(Object.entries(cloneJson(raw)).filter(([, value]) => value !== null));
  return { ...kept, name: typeof kept['name'] === 'string' ? kept['name'] : '' };
}

/** Wrong types are a 400; unknown and double fields are a 400, a warning or nothing, as the client asked. */
export function checkFields(schema: ObjectSchema | undefined, object: ApiObject, options: Pick<WriteOptions, 'fieldValidation' | 'duplicateFields' | 'warn'>): void {
  if (schema === undefined) return;
  const wrong = schema.native ? decodeError(schema, object) : undefined;
  if (wrong !== undefined) throw badRequest(wrong);
  if (options.fieldValidation === 'Ignore') return;
  const problems = [
    ...(options.duplicateFields ?? []).map((field) => `duplicate field "${field}"`),
    ...unknownFields(schema, object).map((field) => `unknown field "${field}"`),
  ];
  if (problems.length === 0) return;
  if (options.fieldValidation === 'Strict') {
    throw badRequest(`${schema.kind} in version "${schema.version}" cannot be handled as a ${schema.kind}: strict decoding error: ${problems.join(', ')}`);
  }
  for (const problem of problems) options.warn(problem);
}

/** What a patch made of an object must still be that object. */
export function parsePatched(resource: ServedResource, name: string, patched: unknown): ApiObject {
  if (!isObject(patched) || !isObject(patched['metadata'])) throw badRequest('the patch leaves no object');
  const object = decodeObject(resource, undefined, patched);
  if (object.metadata.name !== name) {
    throw invalid(resource, name, [{ path: 'metadata.name', reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(object.metadata.name)}: field is immutable` }]);
  }
  return object;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function jsonType(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
}
