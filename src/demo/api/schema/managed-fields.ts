import { isObject } from '../../../base/json.ts';
import {
  difference,
  EMPTY,
  fromFieldsV1,
  isEmpty,
  MEMBER,
  toFieldsV1,
  treeOf,
  union,
  type FieldTree,
} from './field-tree.ts';
import { setKey } from './json.ts';
import type { Json, ManagedFieldsEntry } from './types.ts';

/** One manager's share of an object. */
export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly fields: FieldTree;
}

/** Managers by identity. The version counts only for updates: an applier is one manager whichever version it applies in. */
export type Managers = ReadonlyMap<string, Manager>;

export function managerKey(manager: Pick<Manager, 'name' | 'operation' | 'apiVersion' | 'subresource'>): string {
  return JSON.stringify([
    manager.operation,
    manager.name,
    manager.subresource,
    manager.operation === 'Apply' ? '' : manager.apiVersion,
  ]);
}

export function managersOf(object: Json | undefined): Managers {
  const metadata = object?.['metadata'];
  const entries: unknown = isObject(metadata) ? metadata['managedFields'] : undefined;
  const managers = new Map<string, Manager>();
  if (!Array.isArray(entries)) return managers;
  for (const entry of entries) {
    const manager = managerOf(entry);
    if (!manager) continue;
    const key = managerKey(manager);
    const known = managers.get(key);
    managers.set(key, known ? { ...manager, fields: union(known.fields, manager.fields) } : manager);
  }
  return managers;
}

function managerOf(entry: unknown): Manager | undefined {
  if (!isObject(entry)) return undefined;
  const { manager, operation, apiVersion, subresource, time } = entry;
  if (operation !== 'Apply' && operation !== 'Update') return undefined;
  return {
    name: typeof manager === 'string' ? manager : '',
    operation,
    apiVersion: typeof apiVersion === 'string' ? apiVersion : '',
    subresource: typeof subresource === 'string' ? subresource : '',
    time: typeof time === 'string' ? time : undefined,
    fields: fromFieldsV1(entry['fieldsV1']),
  };
}

/** The object with these managers written to its metadata. */
export function withManagers(object: Json, managers: Managers): Json {
  const metadata: Json = { ...(isObject(object['metadata']) ? object['metadata'] : {}) };
  const entries = managers
    .values()
    .filter((manager) => !isEmpty(manager.fields))
    .map(entryOf)
    .toArray()
    .sort(byOperationThenTime);
  if (entries.length > 0) metadata['managedFields'] = entries;
  else delete metadata['managedFields'];
  return { ...object, metadata };
}

export function withoutManagedFields(object: Json): Json {
  if (!isObject(object['metadata'])) return object;
  const { managedFields: _dropped, ...metadata } = object['metadata'];
  return { ...object, metadata };
}

function entryOf(manager: Manager): ManagedFieldsEntry {
  return {
    manager: manager.name,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(manager.time === undefined ? {} : { time: manager.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(manager.fields),
    ...(manager.subresource === '' ? {} : { subresource: manager.subresource }),
  };
}

function byOperationThenTime(left: ManagedFieldsEntry, right: ManagedFieldsEntry): number {
  const keyOf = (entry: ManagedFieldsEntry): string =>
    [entry.operation, entry.time ?? '', entry.manager, entry.apiVersion, entry.subresource ?? ''].join('\n');
  const leftKey = keyOf(left);
  const rightKey = keyOf(right);
  return leftKey < rightKey ? -1 : Number(leftKey > rightKey);
}

/** Fields that the server itself writes: nobody owns them. */
const UNOWNED: FieldTree = {
  member: false,
  children: new Map([
    ['f:apiVersion', MEMBER],
    ['f:kind', MEMBER],
    [
      'f:metadata',
      {
        member: true,
        children: new Map(
          [
            'name',
            'namespace',
            'creationTimestamp',
            'selfLink',
            'uid',
            'clusterName',
            'generation',
            'managedFields',
            'resourceVersion',
          ].map((name) => [`f:${name}`, MEMBER]),
        ),
      },
    ],
  ]),
};

/** What a manager may own of these fields through an endpoint: through the main one not the status, which that endpoint ignores. */
export function ownable(fields: FieldTree, ignoresStatus: boolean): FieldTree {
  const owned = difference(fields, UNOWNED);
  if (!ignoresStatus) return owned;
  return treeOf(
    owned.member,
    owned.children.entries().filter(([element]) => element !== 'f:status'),
  );
}

/** The union of what all managers own. */
export function ownedByAny(managers: Managers): FieldTree {
  return managers.values().reduce((all, manager) => union(all, manager.fields), EMPTY);
}

/** A copy of the object without a top-level field. */
export function withoutField(object: Json, name: string): Json {
  const copy: Json = {};
  for (const [key, value] of Object.entries(object)) if (key !== name) setKey(copy, key, value);
  return copy;
}
