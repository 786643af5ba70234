import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../base/clock.ts';
import { isObject } from '../../../base/json.ts';
import type { Admission } from '../admission/admission.ts';
import { present, toStored } from '../catalogue/conversion.ts';
import { checkFields, decodeApplied, decodeObject, decodePatched } from './decode.ts';
import { intentChanged, rulesOf } from '../catalogue/kinds.ts';
import { freeName } from '../base/names.ts';
import { cloneJson, groupVersionOf, sameJson, timestamp, type ApiMeta, type ApiObject } from '../base/object.ts';
import { applyPatch } from './patches.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import type { PatchRequest, WriteOptions } from '../base/requests.ts';
import {
  applyDefaults,
  applyWithLastApplied,
  conflictMessage,
  prune,
  trackUpdate,
  typedProblems,
  uncheckedRules,
  validateCreate,
  validateUpdate,
  type ObjectSchema,
  type Violation,
} from '../schema/index.ts';
import {
  alreadyExists,
  applyConflict,
  badRequest,
  conflict,
  invalid,
  modifiedMeanwhile,
  notFound,
  untypedError,
  type FieldError,
} from '../base/status.ts';
import { keyOf, type Store } from '../storage/store.ts';
import { scaleViolations } from './scale.ts';

/** One object in one resource; `subresource` is '' for the object itself. */
export interface Target {
  readonly resource: ServedResource;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly subresource: string;
}

interface WriteResult {
  readonly object: ApiObject;
  readonly created: boolean;
}

interface WriterParts {
  readonly store: Store;
  readonly admission: Admission;
  readonly clock: Clock;
}

/** A change of an object by someone: gets the present state, gives the wanted one. */
type Change = (current: ApiObject) => ApiObject;

/** Create, update, patch and apply: decode, default, admit, validate, record the manager, store. */
export class Writer {
  readonly #store: Store;
  readonly #admission: Admission;
  readonly #clock: Clock;

  constructor(parts: WriterParts) {
    this.#store = parts.store;
    this.#admission = parts.admission;
    this.#clock = parts.clock;
  }

  create(resource: ServedResource, namespace: string | undefined, body: unknown, options: WriteOptions): ApiObject {
    const sent = decodeObject(resource, namespace, body);
    checkFields(resource.schema, sent, options);
    return this.#create(resource, sent, options, (object) => this.#tracked(resource, undefined, object, options, ''));
  }

  update(target: Target, body: unknown, options: WriteOptions): WriteResult {
    const { resource, namespace, name, subresource } = target;
    const sent = decodeObject(resource, namespace, body);
    if (sent.metadata.name !== name) {
      throw badRequest(`the name of the object (${sent.metadata.name}) does not match the name on the URL (${name})`);
    }
    checkFields(resource.schema, sent, options);
    if (
      subresource === '' &&
      rulesOf(resource).createsOnUpdate &&
      this.#store.get(resource.collection, keyOf(namespace, name)) === undefined
    ) {
      return {
        object: this.#create(resource, sent, options, (object) =>
          this.#tracked(resource, undefined, object, options, ''),
        ),
        created: true,
      };
    }
    const replace = (current: ApiObject): ApiObject => {
      checkReplaced(resource, current, sent);
      return sent;
    };
    return {
      object: this.#change(target, replace, options, (before, after) =>
        this.#tracked(resource, before, after, options, subresource),
      ),
      created: false,
    };
  }

  patch(target: Target, patch: PatchRequest, options: WriteOptions): WriteResult {
    if (patch.type === 'apply') return this.#apply(target, patch, options);
    const { resource } = target;
    const change = (current: ApiObject): ApiObject => {
      const patched = decodePatched(resource, current, applyPatch(resource, current, patch), options);
      keepsIdentity(resource, current, patched);
      return patched;
    };
    const object = this.#change(target, change, options, (before, after) =>
      this.#tracked(resource, before, after, options, target.subresource),
    );
    return { object, created: false };
  }

  /** Changes the stored object by a function of our own, with the same checks as a client's update. */
  modify(target: Target, change: Change, options: WriteOptions): ApiObject {
    return this.#change(target, change, options, (before, after) =>
      this.#tracked(target.resource, before, after, options, target.subresource),
    );
  }

  #apply(target: Target, patch: PatchRequest, options: WriteOptions): WriteResult {
    const { resource, namespace, name, subresource } = target;
    if (options.manager === '') {
      throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
        { path: 'fieldManager', reason: 'FieldValueRequired', message: 'Required value: is required for apply patch' },
      ]);
    }
    if (!isObject(patch.body) || typeof patch.body['apiVersion'] !== 'string' || typeof patch.body['kind'] !== 'string')
      throw badRequest('an applied configuration has to say its apiVersion and kind');
    const applied = decodeObject(resource, namespace, patch.body);
    if (applied.metadata.name !== '' && applied.metadata.name !== name)
      throw badRequest(
        `the name of the object (${applied.metadata.name}) does not match the name on the URL (${name})`,
      );
    if (applied.metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil');
    const live = this.#store.get(resource.collection, keyOf(namespace, name));
    if (live !== undefined) applied.metadata.name = name;
    if (live === undefined) {
      if (subresource !== '') throw notFound(resource, name);
      // A version counts for what is there already.
      delete applied.metadata.resourceVersion;
      if (applied.metadata.uid !== undefined)
        throw conflict(
          resource,
          name,
          `uid mismatch: the provided object specified uid ${applied.metadata.uid}, and no existing object was found`,
        );
      const merged = this.#merged(target, undefined, applied, patch.force, options);
      return {
        object: this.#create(resource, merged, options, (object) => ({
          ...object,
          metadata: { ...object.metadata, ...managedOf(merged) },
        })),
        created: true,
      };
    }
    const change = (current: ApiObject): ApiObject => {
      const merged = this.#merged(target, current, applied, patch.force, options);
      keepsIdentity(resource, current, merged);
      return merged;
    };
    return { object: this.#change(target, change, options, (_before, after) => after), created: false };
  }

  #merged(
    target: Target,
    live: ApiObject | undefined,
    applied: ApiObject,
    force: boolean,
    options: WriteOptions,
  ): ApiObject {
    const { resource, subresource } = target;
    if (resource.schema === undefined) throw badRequest(`${resource.kind} cannot be applied`);
    refuseUntyped(resource.schema, applied);
    const result = applyWithLastApplied({
      schema: resource.schema,
      live,
      applied,
      manager: options.manager,
      force,
      time: timestamp(this.#clock.now()),
      ...(subresource === '' ? {} : { subresource }),
    });
    if (!('conflicts' in result)) return decodeApplied(resource, target.name, result.object);
    const causes = result.conflicts.map((item) => ({
      reason: 'FieldManagerConflict',
      message: item.cause,
      field: item.field,
    }));
    throw applyConflict(causes, conflictMessage(result.conflicts));
  }

  #create(
    resource: ServedResource,
    sent: ApiObject,
    options: WriteOptions,
    track: (object: ApiObject) => ApiObject,
  ): ApiObject {
    const meta = sent.metadata;
    if (meta.name === '' && (meta.generateName ?? '') === '') {
      throw invalid(resource, '', [
        {
          path: 'metadata.name',
          reason: 'FieldValueRequired',
          message: 'Required value: name or generateName is required',
        },
      ]);
    }
    if (meta.resourceVersion !== undefined && meta.resourceVersion !== '')
      throw untypedError('resourceVersion should not be set on objects to be created');
    const name = meta.name === '' ? freeName(meta.generateName ?? '') : meta.name;
    const rules = rulesOf(resource);
    const fresh: ApiMeta = {
      ...systemFieldsDropped(meta),
      name,
      uid: randomUUID(),
      creationTimestamp: timestamp(this.#clock.now()),
      ...(rules.generation ? { generation: 1 } : {}),
    };
    let object: ApiObject = this.#shaped(resource, {
      ...sent,
      apiVersion: groupVersionOf(resource.group, resource.version),
      kind: resource.kind,
      metadata: fresh,
    });
    // What the server adds from here on belongs to no manager.
    object = track(rules.freshStatus ? withStatus(object, rules.freshStatus()) : object);
    // A fresh status may have defaults of its own.
    object = this.#shaped(resource, object);
    object = this.#admission.prepareCreate({ resource, object, user: options.user, dryRun: options.dryRun });
    refuse(resource, name, createViolations(resource, object));
    const key = keyOf(object.metadata.namespace, name);
    if (this.#store.get(resource.collection, key) !== undefined) throw alreadyExists(resource, name);
    this.#admission.approveCreate({ resource, object, user: options.user, dryRun: options.dryRun });
    if (options.dryRun) return object;
    return present(resource, this.#store.put(resource.collection, key, toStored(resource, object)));
  }

  #change(
    target: Target,
    change: Change,
    options: WriteOptions,
    track: (before: ApiObject, after: ApiObject) => ApiObject,
  ): ApiObject {
    const { resource, namespace, name, subresource } = target;
    const key = keyOf(namespace, name);
    const stored = this.#store.get(resource.collection, key);
    if (stored === undefined) throw notFound(resource, name);
    const before = present(resource, stored);
    const wanted = change(before);
    checkVersion(resource, before, wanted);
    const rules = rulesOf(resource);
    // What the server adds from here on belongs to no manager.
    let after = track(before, this.#shaped(resource, scoped(resource, before, wanted, subresource)));
    after = this.#admission.prepareUpdate({
      resource,
      object: after,
      before,
      user: options.user,
      subresource,
      dryRun: options.dryRun,
    });
    if (rules.generation && subresource !== 'status' && intentChanged(resource, before, after))
      after.metadata.generation = (before.metadata.generation ?? 0) + 1;
    refuse(resource, name, updateViolations(resource, after, before, subresource));
    this.#admission.approveUpdate({
      resource,
      object: after,
      before,
      user: options.user,
      subresource,
      dryRun: options.dryRun,
    });
    if (options.dryRun) return after;
    if (releases(after)) {
      const last = this.#store.remove(resource.collection, key);
      return last === undefined
        ? after
        : present(resource, { ...after, metadata: { ...after.metadata, ...versionOf(last) } });
    }
    if (sameBesideTimes(before, after)) return before;
    return present(resource, this.#store.put(resource.collection, key, toStored(resource, after)));
  }

  #shaped(resource: ServedResource, object: ApiObject): ApiObject {
    if (resource.schema === undefined) return cloneJson(object);
    return applyDefaults(resource.schema, prune(resource.schema, object)) as ApiObject;
  }

  #tracked(
    resource: ServedResource,
    before: ApiObject | undefined,
    after: ApiObject,
    options: WriteOptions,
    subresource: string,
  ): ApiObject {
    if (resource.schema === undefined) return after;
    return trackUpdate({
      schema: resource.schema,
      before,
      after,
      manager: options.manager,
      time: timestamp(this.#clock.now()),
      ...(subresource === '' ? {} : { subresource }),
    }) as ApiObject;
  }
}

/** Field managers know only what the schema declares; the real server answers a 500 without a reason to all else. */
function refuseUntyped(schema: ObjectSchema, applied: ApiObject): void {
  const problems = typedProblems(schema, applied);
  if (problems.length === 0) return;
  const { name, namespace = '' } = applied.metadata;
  const list =
    problems.length === 1 ? problems.join('') : `errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`;
  throw untypedError(
    `failed to create typed patch object (${namespace}/${name}; ${applied.apiVersion}, Kind=${applied.kind}): ${list}`,
  );
}

/** What only the server may set. */
function systemFieldsDropped(meta: ApiMeta): ApiMeta {
  const {
    uid: _uid,
    creationTimestamp: _created,
    deletionTimestamp: _deleted,
    deletionGracePeriodSeconds: _grace,
    resourceVersion: _version,
    generation: _generation,
    selfLink: _link,
    ...rest
  } = meta;
  return cloneJson(rest);
}

function withStatus(object: ApiObject, status: unknown): ApiObject {
  const { status: _sent, ...rest } = object;
  return status === undefined ? rest : { ...rest, status };
}

function managedOf(object: ApiObject): Pick<ApiMeta, 'managedFields'> {
  return object.metadata.managedFields === undefined ? {} : { managedFields: object.metadata.managedFields };
}

function versionOf(object: ApiObject): Pick<ApiMeta, 'resourceVersion'> {
  return object.metadata.resourceVersion === undefined ? {} : { resourceVersion: object.metadata.resourceVersion };
}

/** A replacement may name the object that it means by its uid; a custom one has to name the version. */
function checkReplaced(resource: ServedResource, before: ApiObject, sent: ApiObject): void {
  const { name } = before.metadata;
  const { resourceVersion, uid } = sent.metadata;
  if (!rulesOf(resource).unconditionalUpdate && (resourceVersion ?? '') === '') {
    throw invalid({ group: resource.group, kind: resource.plural }, name, [
      {
        path: 'metadata.resourceVersion',
        reason: 'FieldValueInvalid',
        message: 'Invalid value: 0: must be specified for an update',
      },
    ]);
  }
  if (uid !== undefined && uid !== '' && uid !== before.metadata.uid) {
    throw conflict(
      resource,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid ?? ''}`,
    );
  }
}

/** A patch starts from the object itself: another uid is no precondition but a change. */
function keepsIdentity(resource: ServedResource, before: ApiObject, patched: ApiObject): void {
  const { uid } = patched.metadata;
  if (uid === undefined || uid === '' || uid === before.metadata.uid) return;
  throw invalid(resource, before.metadata.name, [
    {
      path: 'metadata.uid',
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(uid)}: field is immutable`,
    },
  ]);
}

function checkVersion(resource: ServedResource, before: ApiObject, wanted: ApiObject): void {
  const { name } = before.metadata;
  const { resourceVersion } = wanted.metadata;
  if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== before.metadata.resourceVersion) {
    throw conflict(resource, name, modifiedMeanwhile);
  }
}

/** Of the wanted object what this (sub)resource may change: the status, or everything but the status. System fields never. */
function scoped(resource: ServedResource, before: ApiObject, wanted: ApiObject, subresource: string): ApiObject {
  const identity = { apiVersion: before.apiVersion, kind: before.kind };
  if (subresource === 'status') {
    const metadata = resource.custom
      ? { ...before.metadata, ...managedOf(wanted) }
      : withOwnersOf(before.metadata, keptMeta(before.metadata, wanted.metadata));
    return cloneJson(withStatus({ ...before, ...identity, metadata }, wanted['status'] ?? before['status']));
  }
  const metadata = keptMeta(before.metadata, wanted.metadata);
  const object = { ...wanted, ...identity, metadata };
  if (subresource === 'binding') return cloneJson(object);
  return cloneJson(resource.subresources.has('status') ? withStatus(object, before['status']) : object);
}

function keptMeta(before: ApiMeta, wanted: ApiMeta): ApiMeta {
  const kept: ApiMeta = {
    ...wanted,
    name: before.name,
    ...(before.namespace === undefined ? {} : { namespace: before.namespace }),
    ...(before.generateName === undefined ? {} : { generateName: before.generateName }),
  };
  for (const field of [
    'uid',
    'resourceVersion',
    'creationTimestamp',
    'generation',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const) {
    if (before[field] === undefined) delete kept[field];
    else Object.assign(kept, { [field]: before[field] });
  }
  return kept;
}

function withOwnersOf(before: ApiMeta, meta: ApiMeta): ApiMeta {
  const { ownerReferences: _wanted, ...rest } = meta;
  return before.ownerReferences === undefined ? rest : { ...rest, ownerReferences: before.ownerReferences };
}

/** The server itself places pods and empties namespaces: those updates may change what users may not. */
function updateViolations(
  resource: ServedResource,
  after: ApiObject,
  before: ApiObject,
  subresource: string,
): readonly Violation[] {
  if (resource.schema === undefined) return [];
  if (subresource === 'binding' || subresource === 'finalize') return createViolations(resource, after);
  return withCustomRules(resource, after, validateUpdate(resource.schema, after, before));
}

function createViolations(resource: ServedResource, object: ApiObject): readonly Violation[] {
  return resource.schema === undefined
    ? []
    : withCustomRules(resource, object, validateCreate(resource.schema, object));
}

function withCustomRules(
  resource: ServedResource,
  object: ApiObject,
  violations: readonly Violation[],
): readonly Violation[] {
  if (resource.custom === undefined || resource.schema === undefined) return violations;
  const all = [...violations, ...scaleViolations(resource, object)];
  return [...all, ...uncheckedRules(resource.schema, all)];
}

function refuse(resource: ServedResource, name: string, violations: readonly Violation[]): void {
  if (violations.length > 0)
    throw invalid(
      resource,
      name,
      violations.map((violation): FieldError => ({
        path: violation.path,
        reason: violation.reason,
        message: violation.message,
      })),
    );
}

/** The last finalizer of an object that waits for its deletion is gone, and no grace period runs. */
function releases(object: ApiObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  const pending = object['spec'];
  const heldByNamespace =
    object.kind === 'Namespace' &&
    isObject(pending) &&
    Array.isArray(pending['finalizers']) &&
    pending['finalizers'].length > 0;
  return (
    deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0 && finalizers.length === 0 && !heldByNamespace
  );
}

/** An update that changes nothing but a manager's time stamp is none: no new version, no event. */
function sameBesideTimes(before: ApiObject, after: ApiObject): boolean {
  return sameJson(withoutTimes(before), withoutTimes(after));
}

function withoutTimes(object: ApiObject): unknown {
  const { resourceVersion: _version, managedFields, ...meta } = object.metadata;
  const entries = (managedFields ?? []).map((entry) => {
    if (!isObject(entry)) return entry;
    const { time: _time, ...rest } = entry;
    return rest;
  });
  return { ...object, metadata: { ...meta, managedFields: entries } };
}
