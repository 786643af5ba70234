import type { Disposable } from '../../../base/disposables.ts';
import { arrayAt, at, isObject, numberAt, stringAt } from '../../../base/json.ts';
import type { DiscoveryEntry, TableColumn } from './data.ts';
import { timestamp, type ApiObject } from '../base/object.ts';
import type { CustomResource, PrinterColumn, Registry, ServedResource, ServedSubresource } from './registry.ts';
import { collectionOf } from './registry.ts';
import type { Store } from '../storage/store.ts';

export const definitionCollection = 'customresourcedefinitions.apiextensions.k8s.io';
/** Holds a definition until its objects are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

const customVerbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const viewVerbs = ['get', 'patch', 'update'];

const ageColumn: PrinterColumn = {
  name: 'Age',
  type: 'date',
  format: '',
  priority: 0,
  jsonPath: '.metadata.creationTimestamp',
};

/** Opens and closes API groups as CustomResourceDefinitions come, change and go. Served from the moment the definition is stored. */
export function serveDefinitions(store: Store, registry: Registry): Disposable {
  for (const [, definition] of store.entries(definitionCollection)) addDefinition(registry, definition);
  return store.listen((event) => {
    if (event.collection !== definitionCollection) return;
    if (event.before !== undefined) removeDefinition(registry, event.before);
    if (event.type !== 'DELETED') addDefinition(registry, event.object);
    else store.drop(collectionOfDefinition(event.object));
  });
}

function addDefinition(registry: Registry, definition: ApiObject): void {
  for (const version of arrayAt(definition, 'spec', 'versions')) {
    if (at(version, 'served') === true) registry.add(resourceOf(registry, definition, version));
  }
}

function removeDefinition(registry: Registry, definition: ApiObject): void {
  const { group, plural, kind } = identity(definition);
  for (const version of arrayAt(definition, 'spec', 'versions')) {
    const name = stringAt(version, 'name') ?? '';
    const resource = registry.find(group, name, plural);
    if (resource === undefined) continue;
    registry.remove(resource);
    registry.schemas.remove(group, name, kind);
  }
}

/** Where the objects of the defined kind are stored. */
export function collectionOfDefinition(definition: ApiObject): string {
  const { group, plural } = identity(definition);
  return collectionOf(group, plural);
}

interface Identity {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

function identity(definition: ApiObject): Identity {
  return {
    group: stringAt(definition, 'spec', 'group') ?? '',
    plural: stringAt(definition, 'spec', 'names', 'plural') ?? '',
    kind: stringAt(definition, 'spec', 'names', 'kind') ?? '',
  };
}

function resourceOf(registry: Registry, definition: ApiObject, version: unknown): ServedResource {
  const { group, plural, kind } = identity(definition);
  const names = at(definition, 'spec', 'names');
  const versionName = stringAt(version, 'name') ?? '';
  const namespaced = stringAt(definition, 'spec', 'scope') === 'Namespaced';
  const singular = stringAt(names, 'singular') ?? kind.toLowerCase();
  const custom = customPart(version);
  const subresource = (name: string, extra: Partial<DiscoveryEntry>): [string, ServedSubresource] => [
    name,
    { name, entry: { name: `${plural}/${name}`, singularName: '', namespaced, kind, verbs: viewVerbs, ...extra } },
  ];
  const shortNames = texts(names, 'shortNames');
  const categories = texts(names, 'categories');
  return {
    group,
    plural,
    kind,
    namespaced,
    singular,
    version: versionName,
    verbs: customVerbs,
    custom,
    entry: {
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs: customVerbs,
      ...(shortNames.length > 0 ? { shortNames } : {}),
      ...(categories.length > 0 ? { categories } : {}),
    },
    subresources: new Map([
      ...(at(version, 'subresources', 'status') === undefined ? [] : [subresource('status', {})]),
      ...(custom.scale === undefined
        ? []
        : [subresource('scale', { group: 'autoscaling', version: 'v1', kind: 'Scale' })]),
    ]),
    collection: collectionOf(group, plural),
    schema: registry.schemas.define(group, versionName, kind, at(version, 'schema', 'openAPIV3Schema')),
    columns: [nameColumn, ...custom.columns.map(({ jsonPath: _path, ...column }) => column)],
  };
}

const nameColumn: TableColumn = { name: 'Name', type: 'string', format: 'name', priority: 0 };

function customPart(version: unknown): CustomResource {
  const columns = arrayAt(version, 'additionalPrinterColumns').map((column): PrinterColumn => ({
    name: stringAt(column, 'name') ?? '',
    type: stringAt(column, 'type') ?? 'string',
    format: stringAt(column, 'format') ?? '',
    priority: numberAt(column, 'priority') ?? 0,
    jsonPath: stringAt(column, 'jsonPath') ?? '',
  }));
  const scale = at(version, 'subresources', 'scale');
  const labelSelectorPath = stringAt(scale, 'labelSelectorPath');
  return {
    columns: columns.length === 0 ? [ageColumn] : columns,
    scale: isObject(scale)
      ? {
          specReplicasPath: stringAt(scale, 'specReplicasPath') ?? '',
          statusReplicasPath: stringAt(scale, 'statusReplicasPath') ?? '',
          ...(labelSelectorPath === undefined ? {} : { labelSelectorPath }),
        }
      : undefined,
  };
}

function texts(value: unknown, field: string): readonly string[] {
  return arrayAt(value, field).filter((item) => typeof item === 'string');
}

/** The status that says: these names are taken, this kind is served. */
export function establishedStatus(definition: ApiObject, now: number): unknown {
  const lastTransitionTime = timestamp(now);
  const names = at(definition, 'spec', 'names');
  const { kind } = identity(definition);
  const storage = arrayAt(definition, 'spec', 'versions').find((version) => at(version, 'storage') === true);
  return {
    conditions: [
      {
        type: 'NamesAccepted',
        status: 'True',
        lastTransitionTime,
        reason: 'NoConflicts',
        message: 'no conflicts found',
      },
      {
        type: 'Established',
        status: 'True',
        lastTransitionTime,
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      },
    ],
    acceptedNames: {
      ...(isObject(names) ? names : {}),
      singular: stringAt(names, 'singular') ?? kind.toLowerCase(),
      listKind: stringAt(names, 'listKind') ?? `${kind}List`,
    },
    storedVersions: [stringAt(storage, 'name') ?? ''],
  };
}
