import { isObject } from '../../../base/json.ts';
import type { ApiData } from '../catalogue/data.ts';
import { splitGroupVersion, type ApiObject } from '../base/object.ts';
import { isCustomGroupVersion } from '../catalogue/registry.ts';

/** JSONPaths of the printer columns: the one thing about these kinds that a server's answers do not tell. */
const columnPaths: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  leaderworkersets: {
    Ready: '.status.readyReplicas',
    Desired: '.spec.replicas',
    'Up-to-date': '.status.updatedReplicas',
  },
  gatewayclasses: {
    Controller: '.spec.controllerName',
    Accepted: '.status.conditions[?(@.type=="Accepted")].status',
    Description: '.spec.description',
  },
  gateways: {
    Class: '.spec.gatewayClassName',
    Address: '.status.addresses[*].value',
    Programmed: '.status.conditions[?(@.type=="Programmed")].status',
  },
  httproutes: { Hostnames: '.spec.hostnames' },
  grpcroutes: { Hostnames: '.spec.hostnames' },
  inferencemodelrewrites: { 'Inference Pool': '.spec.poolRef.name' },
  inferenceobjectives: { 'Inference Pool': '.spec.poolRef.name', Priority: '.spec.priority' },
};

const scalePaths = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.status.hpaPodSelector',
};

interface Version {
  readonly name: string;
  readonly entry: ApiData['discovery'][string][number];
  readonly groupVersion: string;
}

/** The CustomResourceDefinitions that give the kinds of the data which are not compiled into a server. */
export function definitionsOf(data: ApiData): readonly ApiObject[] {
  const byName = new Map<string, Version[]>();
  for (const [groupVersion, entries] of Object.entries(data.discovery)) {
    if (!isCustomGroupVersion(data, groupVersion)) continue;
    const { group, version } = splitGroupVersion(groupVersion);
    for (const entry of entries.filter((item) => !item.name.includes('/'))) {
      const name = `${entry.name}.${group}`;
      byName.set(name, [...(byName.get(name) ?? []), { name: version, entry, groupVersion }]);
    }
  }
  return [...byName].flatMap(([name, versions]) => definitionOf(data, name, versions));
}

function definitionOf(data: ApiData, name: string, versions: readonly Version[]): readonly ApiObject[] {
  const newest = versions[0];
  if (newest === undefined) return [];
  const { entry, groupVersion } = newest;
  return [
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name },
      spec: {
        group: splitGroupVersion(groupVersion).group,
        scope: entry.namespaced ? 'Namespaced' : 'Cluster',
        names: {
          plural: entry.name,
          singular: entry.singularName,
          kind: entry.kind,
          listKind: `${entry.kind}List`,
          ...(entry.shortNames ? { shortNames: entry.shortNames } : {}),
          ...(entry.categories ? { categories: entry.categories } : {}),
        },
        versions: versions.map((version, index) => versionOf(data, version, index === 0)),
      },
    },
  ];
}

function versionOf(data: ApiData, version: Version, storage: boolean): unknown {
  const { name: plural } = version.entry;
  const has = (subresource: string): boolean =>
    (data.discovery[version.groupVersion] ?? []).some((entry) => entry.name === `${plural}/${subresource}`);
  const columns = (data.tables[`${version.groupVersion}/${plural}`] ?? [])
    .filter((column) => column.format !== 'name')
    .map((column) => ({
      name: column.name,
      type: column.type,
      priority: column.priority,
      jsonPath: column.type === 'date' ? '.metadata.creationTimestamp' : (columnPaths[plural]?.[column.name] ?? ''),
    }));
  return {
    name: version.name,
    served: true,
    storage,
    schema: { openAPIV3Schema: schemaOf(data, version) },
    subresources: { ...(has('status') ? { status: {} } : {}), ...(has('scale') ? { scale: scalePaths } : {}) },
    additionalPrinterColumns: columns,
  };
}

/** The kind's schema as a definition carries it: without the references to the server's own metadata. */
function schemaOf(data: ApiData, version: Version): unknown {
  const { group } = splitGroupVersion(version.groupVersion);
  const found = Object.values(data.schemas).find((schema) => {
    const kinds: unknown = isObject(schema) ? schema['x-kubernetes-group-version-kind'] : undefined;
    return (
      Array.isArray(kinds) &&
      kinds.some(
        (kind) =>
          isObject(kind) &&
          kind['group'] === group &&
          kind['version'] === version.name &&
          kind['kind'] === version.entry.kind,
      )
    );
  });
  const { 'x-kubernetes-group-version-kind': _kind, ...schema } = isObject(found) ? found : {};
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  return { ...schema, properties: { ...properties, metadata: { type: 'object' } } };
}
