import { isObject } from '../../../base/json.ts';
import { cloneJson, groupVersionOf, splitGroupVersion, type ApiMeta, type ApiObject } from '../base/object.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import type { WriteOptions } from '../base/requests.ts';
import { decodeError, unknownFields, type ObjectSchema } from '../schema/index.ts';
import { badRequest, invalid, patchRefused, untypedError } from '../base/status.ts';

/** What is wrong with a body, as its kind of request answers it. */
type Refusal = (why: string) => Error;

/** The body as an object of the resource, in the request's namespace. A native kind may leave out kind and version. */
export function decodeObject(resource: ServedResource, namespace: string | undefined, body: unknown): ApiObject {
  if (!isObject(body))
    throw badRequest(`the object provided is unrecognized (must be of type ${resource.kind}): the body is no object`);
  const apiVersion = groupVersionOf(resource.group, resource.version);
  if (resource.custom !== undefined) requireType(resource, body);
  const sentVersion = body['apiVersion'] ?? apiVersion;
  if (sentVersion !== apiVersion) {
    throw badRequest(
      `the API version in the data (${text(sentVersion)}) does not match the expected API version (${apiVersion})`,
    );
  }
  const sentKind = body['kind'] ?? resource.kind;
  if (sentKind !== resource.kind) throw otherKind(resource, body);
  const metadata = decodeMetadata(resource, body['metadata']);
  if (!resource.namespaced) delete metadata.namespace;
  else {
    checkNamespace(metadata, namespace);
    if (namespace !== undefined) metadata.namespace = namespace;
  }
  return { ...cloneJson(body), apiVersion, kind: resource.kind, metadata };
}

/** What a patch made of an object must still be that object. */
export function decodePatched(
  resource: ServedResource,
  current: ApiObject,
  patched: unknown,
  options: FieldOptions,
): ApiObject {
  const { name, namespace } = current.metadata;
  const apiVersion = groupVersionOf(resource.group, resource.version);
  if (!isObject(patched) || !isObject(patched['metadata'])) throw unnamed(name);
  if (patched['kind'] !== resource.kind || patched['apiVersion'] !== apiVersion)
    throw otherType(resource, name, patched);
  const metadata = decodeMetadata(resource, patched['metadata']);
  if (metadata.name === '') throw unnamed(name);
  if (metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  checkNamespace(metadata, namespace);
  const object: ApiObject = { ...cloneJson(patched), apiVersion, kind: resource.kind, metadata };
  checkFields(resource.schema, object, options, (why) => patchRefused(patched, why));
  return object;
}

/** What is left when an applied configuration is merged in. Its fields were checked before. */
export function decodeApplied(resource: ServedResource, name: string, merged: unknown): ApiObject {
  if (!isObject(merged)) throw badRequest('the applied configuration leaves no object');
  const metadata = decodeMetadata(resource, merged['metadata']);
  if (metadata.name !== name) throw unnamed(name);
  const object: ApiObject = {
    ...cloneJson(merged),
    apiVersion: groupVersionOf(resource.group, resource.version),
    kind: resource.kind,
    metadata,
  };
  const wrong = resource.schema === undefined ? undefined : decodeError(resource.schema, object);
  if (wrong !== undefined)
    throw untypedError(
      `failed to convert new object (${metadata.namespace ?? ''}/${name}; ${object.apiVersion}, Kind=${object.kind}) to proper version: ${wrong}`,
    );
  return object;
}

type FieldOptions = Pick<WriteOptions, 'fieldValidation' | 'duplicateFields' | 'warn'>;

/** Wrong types are refused; unknown and double fields are refused, a warning or nothing, as the client asked. */
export function checkFields(
  schema: ObjectSchema | undefined,
  object: ApiObject,
  options: FieldOptions,
  refusal: Refusal = (why) => unhandled(object, why),
): void {
  if (schema === undefined) return;
  const wrong = decodeError(schema, object);
  if (wrong !== undefined) throw refusal(wrong);
  if (options.fieldValidation === 'Ignore') return;
  const problems = [
    ...(options.duplicateFields ?? []).map((field) => `duplicate field "${field}"`),
    ...unknownFields(schema, object).map((field) => `unknown field "${field}"`),
  ];
  if (problems.length === 0) return;
  if (options.fieldValidation === 'Strict') throw refusal(`strict decoding error: ${problems.join(', ')}`);
  for (const problem of problems) options.warn(problem);
}

function unhandled(object: ApiObject, why: string): Error {
  return badRequest(
    `${object.kind} in version "${splitGroupVersion(object.apiVersion).version}" cannot be handled as a ${object.kind}: ${why}`,
  );
}

/** Custom resources are read without a type in mind, so they have to say theirs. */
function requireType(resource: ServedResource, body: Readonly<Record<string, unknown>>): void {
  for (const [field, title] of [
    ['kind', 'Kind'],
    ['apiVersion', 'apiVersion'],
  ] as const) {
    if (typeof body[field] !== 'string' || body[field] === '')
      throw badRequest(
        `the object provided is unrecognized (must be of type ${resource.kind}): Object '${title}' is missing`,
      );
  }
}

function otherKind(resource: ServedResource, body: Readonly<Record<string, unknown>>): Error {
  const kind = text(body['kind']);
  if (resource.custom === undefined)
    return badRequest(
      `${kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: no kind "${kind}" is registered here`,
    );
  const { name } = decodeMetadata(resource, body['metadata']);
  return otherType(resource, name, { ...body, apiVersion: groupVersionOf(resource.group, resource.version) });
}

/** Another kind or version than the path's: only custom resources get far enough for the fields to be named. */
function otherType(resource: ServedResource, name: string, object: Readonly<Record<string, unknown>>): Error {
  const wanted = { kind: resource.kind, apiVersion: groupVersionOf(resource.group, resource.version) };
  if (resource.custom === undefined)
    return patchRefused(
      object,
      `no kind "${text(object['kind'])}" of version "${text(object['apiVersion'])}" is a ${wanted.kind} of ${wanted.apiVersion}`,
    );
  const errors = (['kind', 'apiVersion'] as const)
    .filter((field) => object[field] !== wanted[field])
    .map((field) => ({
      path: field,
      reason: 'FieldValueInvalid' as const,
      message: `Invalid value: ${JSON.stringify(object[field])}: must be ${wanted[field]}`,
    }));
  return invalid(
    { group: splitGroupVersion(text(object['apiVersion'])).group, kind: text(object['kind']) },
    name,
    errors,
  );
}

function unnamed(name: string): Error {
  return badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
}

function checkNamespace(metadata: ApiMeta, namespace: string | undefined): void {
  if (
    metadata.namespace === undefined ||
    metadata.namespace === '' ||
    namespace === undefined ||
    metadata.namespace === namespace
  )
    return;
  throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

function decodeMetadata(resource: ServedResource, sent: unknown): ApiMeta {
  const raw = sent ?? {};
  if (!isObject(raw))
    throw badRequest(
      `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: json: cannot unmarshal ${jsonType(raw)} into Go struct field .metadata of type v1.ObjectMeta`,
    );
  const kept = Object.fromEntries(Object.entries(cloneJson(raw)).filter(([, value]) => value !== null));
  return { ...kept, name: typeof kept['name'] === 'string' ? kept['name'] : '' };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function jsonType(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
}
