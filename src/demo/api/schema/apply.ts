import { isObject } from '../../../base/json.ts';
import { compare, dropDisowned, fieldsOf, merge, type Comparison } from './field-sets.ts';
import { difference, equalTrees, intersection, isEmpty, pathText, paths, union, type FieldTree } from './field-tree.ts';
import { equalJson, withoutNulls } from './json.ts';
import {
  managerKey,
  managersOf,
  ownable,
  ownedByAny,
  withManagers,
  withoutField,
  withoutManagedFields,
  type Manager,
  type Managers,
} from './managed-fields.ts';
import type { SchemaNode } from './node.ts';
import type { ApplyConflict, ApplyRequest, ApplyResult, Json, ObjectSchema, TrackRequest } from './types.ts';

/**
 * Server-side apply. The result is not defaulted; the caller prunes and defaults it as it does any write.
 * Fields that this manager applied before and names no more are removed unless another manager owns them.
 */
export function applyServerSide(request: ApplyRequest): ApplyResult {
  const { schema, manager: name, subresource = '', time } = request;
  const root = schema.root;
  const ignoresStatus = subresource === '' && schema.statusSubresource;
  const applied = appliedConfiguration(request, ignoresStatus);
  const live = withoutManagedFields(request.live ?? emptyObject(schema));
  const known = request.live
    ? withUntrackedFields(managersOf(request.live), schema, live, ignoresStatus)
    : managersOf(undefined);

  const apiVersion = apiVersionOf(schema);
  const applier: Manager = {
    name,
    operation: 'Apply',
    apiVersion,
    subresource,
    time,
    fields: ownable(fieldsOf(root, applied), ignoresStatus),
  };
  const key = managerKey(applier);
  const last = known.get(key);

  const merged = merge(root, live, applied);
  const managers = new Map(known).set(key, applier);
  const wanted =
    last && !isEmpty(last.fields)
      ? dropDisowned(root, merged, last.fields, union(ownedByAny(managers), fieldsOf(root, applied)))
      : merged;
  const object = isObject(wanted) ? wanted : applied;

  const change = compare(root, live, object);
  const conflicts = conflictsWith(managers, key, change);
  if (conflicts.length > 0 && !request.force) return { conflicts };
  for (const [other, rest] of afterTakeover(managers, key, change)) managers.set(other, rest);

  const unchanged = last !== undefined && equalTrees(last.fields, applier.fields) && equalJson(live, object);
  if (unchanged) managers.set(key, { ...applier, time: last.time });
  return { object: withManagers(object, managers) };
}

/** Writes who owns what after a create, update or patch that is no apply: the manager owns what it changed. */
export function trackUpdate(request: TrackRequest): Json {
  const { schema, manager: name, subresource = '', time } = request;
  const before = request.before ? withoutManagedFields(request.before) : emptyObject(schema);
  const after = withoutManagedFields(request.after);
  const ignoresStatus = subresource === '' && schema.statusSubresource;
  const known = managersOf(resetsManagers(request) ? undefined : request.before);

  const change = compare(schema.root, before, after);
  const changed = ownable(union(change.added, change.modified), ignoresStatus);
  const updater = { name, operation: 'Update', apiVersion: apiVersionOf(schema), subresource } as const;
  const key = managerKey(updater);
  const last = known.get(key);
  const fields = union(
    last ? difference(last.fields, change.removed) : { member: false, children: new Map() },
    changed,
  );

  const managers = new Map(known);
  for (const [other, rest] of afterTakeover(managers, key, change)) managers.set(other, rest);
  managers.set(key, {
    ...updater,
    fields,
    time: last && equalTrees(last.fields, fields) && isEmpty(changed) ? last.time : time,
  });
  return withManagers(after, managers);
}

/** The message of the 409 that answers an apply with conflicts. */
export function conflictMessage(conflicts: readonly ApplyConflict[]): string {
  const [first] = conflicts;
  if (first && conflicts.length === 1) return `Apply failed with 1 conflict: ${first.cause}: ${first.field}`;
  const byManager = Map.groupBy(conflicts, (conflict) => conflict.cause.replace('conflict with', 'conflicts with'));
  const parts = byManager
    .entries()
    .flatMap(([cause, own]) => [`${cause}:`, ...own.map((conflict) => `- ${conflict.field}`)]);
  return `Apply failed with ${conflicts.length} conflicts: ${[...parts].join('\n')}`;
}

function appliedConfiguration(request: ApplyRequest, ignoresStatus: boolean): Json {
  const clean = withoutNulls(withoutManagedFields(request.applied));
  const applied = isObject(clean) ? clean : {};
  return ignoresStatus ? withoutField(applied, 'status') : applied;
}

function apiVersionOf(schema: ObjectSchema): string {
  return schema.group === '' ? schema.version : `${schema.group}/${schema.version}`;
}

/** An update that sends an empty list of managers, or one empty entry, wants the history forgotten. */
function resetsManagers(request: TrackRequest): boolean {
  const metadata = request.after['metadata'];
  const entries: unknown = isObject(metadata) ? metadata['managedFields'] : undefined;
  return Array.isArray(entries) && entries.every((entry) => isObject(entry) && Object.keys(entry).length === 0);
}

/** A stored object without managers (from a time before they were tracked) belongs to `before-first-apply`. */
function withUntrackedFields(managers: Managers, schema: ObjectSchema, live: Json, ignoresStatus: boolean): Managers {
  if (managers.size > 0) return managers;
  const fields = ownable(compare(schema.root, emptyObject(schema), live).added, ignoresStatus);
  const untracked: Manager = {
    name: 'before-first-apply',
    operation: 'Update',
    apiVersion: apiVersionOf(schema),
    subresource: '',
    time: undefined,
    fields,
  };
  return new Map([[managerKey(untracked), untracked]]);
}

function conflictsWith(managers: Managers, own: string, change: Comparison): ApplyConflict[] {
  const written = union(change.modified, change.added);
  return managers
    .entries()
    .toArray()
    .flatMap(([key, manager]) => {
      if (key === own) return [];
      const cause = `conflict with ${managerText(manager)}`;
      return paths(intersection(manager.fields, written)).map((path) => {
        const field = pathText(path);
        return { manager: manager.name, field, cause, message: `${cause}: ${field}` };
      });
    });
}

function managerText(manager: Manager): string {
  const name =
    JSON.stringify(manager.name) +
    (manager.subresource === '' ? '' : ` with subresource ${JSON.stringify(manager.subresource)}`);
  return manager.operation === 'Update' ? `${name} using ${manager.apiVersion}` : name;
}

/** The other managers without what was written over them or removed. */
function afterTakeover(managers: Managers, own: string, change: Comparison): [string, Manager][] {
  const lost: FieldTree = union(union(change.modified, change.added), change.removed);
  return managers
    .entries()
    .filter(([key]) => key !== own)
    .map(([key, manager]): [string, Manager] => [key, { ...manager, fields: difference(manager.fields, lost) }])
    .toArray();
}

/**
 * What an object is before anything is written to it. A native kind's struct fields are always there;
 * so creating such an object adds their contents, not the fields themselves.
 */
function emptyObject(schema: ObjectSchema): Json {
  const named = { apiVersion: apiVersionOf(schema), kind: schema.kind };
  return schema.native ? { ...named, ...zeroStruct(schema.root) } : named;
}

function zeroStruct(node: SchemaNode): Json {
  const zero: Json = {};
  for (const name of node.propertyNames) {
    const property = node.property(name);
    if (property?.default !== undefined && isObject(property.default)) zero[name] = zeroStruct(property);
    else if (node.required.includes(name)) zero[name] = null;
  }
  return zero;
}
