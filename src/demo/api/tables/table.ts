import { groupVersionOf, type ApiObject } from '../base/object.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import { customCells } from './custom.ts';
import { cellsOf } from './native.ts';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** Objects as rows, as `kubectl get` shows them. */
export function toTable(
  resource: ServedResource,
  objects: readonly ApiObject[],
  now: number,
  includeObject: IncludeObject,
  listMeta: Readonly<Record<string, unknown>>,
): unknown {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: listMeta,
    columnDefinitions: columnDefinitions(resource),
    rows: objects.map((object) => tableRow(resource, object, now, includeObject)),
  };
}

/** One event of a watch as a table; only the first names the columns. */
export function toWatchTable(
  resource: ServedResource,
  object: ApiObject,
  now: number,
  includeObject: IncludeObject,
  first: boolean,
): unknown {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: object.metadata.resourceVersion },
    columnDefinitions: first ? columnDefinitions(resource) : null,
    rows: [tableRow(resource, object, now, includeObject)],
  };
}

function columnDefinitions(resource: ServedResource): readonly unknown[] {
  return resource.columns.map((column) => ({ ...column, description: '' }));
}

function tableRow(resource: ServedResource, object: ApiObject, now: number, includeObject: IncludeObject): unknown {
  const { cells, conditions } = resource.custom
    ? { cells: customCells(resource.custom, object, now), conditions: undefined }
    : cellsOf(resource, object, now);
  const included = includeObject === 'None' ? null : includeObject === 'Object' ? object : metadataOnly(object);
  return { cells, ...(conditions === undefined ? {} : { conditions }), object: included };
}

export function metadataOnly(object: ApiObject): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

export function metadataList(objects: readonly ApiObject[], listMeta: Readonly<Record<string, unknown>>): unknown {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata: listMeta,
    items: objects.map((object) => ({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: object.metadata,
    })),
  };
}

/** Items of a compiled-in kind leave their type to the list. */
function withoutType(object: ApiObject): unknown {
  const { apiVersion: _version, kind: _kind, ...rest } = object;
  return rest;
}

/** Lists of custom resources always say where they go on, even where they do not. */
export function objectList(
  resource: ServedResource,
  objects: readonly ApiObject[],
  listMeta: Readonly<Record<string, unknown>>,
): unknown {
  return {
    kind: `${resource.kind}List`,
    apiVersion: groupVersionOf(resource.group, resource.version),
    metadata: resource.custom ? { continue: '', ...listMeta } : listMeta,
    items: resource.custom ? objects : objects.map(withoutType),
  };
}
