import { groupVersionOf } from '../base/object.ts';
import type { Registry, ServedResource } from '../catalogue/registry.ts';

/** The documents by which clients learn what is served: the old ones a group version each, and the aggregated one. */
export function apiVersions(serverAddress: string): unknown {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

export function apiGroupList(registry: Registry): unknown {
  const groups = registry
    .groups()
    .filter((group) => group !== '')
    .map((group) => describeGroup(registry, group));
  return { kind: 'APIGroupList', apiVersion: 'v1', groups };
}

export function apiGroup(registry: Registry, group: string): unknown {
  return { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(registry, group) };
}

function describeGroup(
  registry: Registry,
  group: string,
): { readonly name: string; readonly versions: readonly unknown[]; readonly preferredVersion: unknown } {
  const versions = registry
    .versions(group)
    .map((version) => ({ groupVersion: groupVersionOf(group, version), version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

export function apiResourceList(registry: Registry, group: string, version: string): unknown {
  const resources = registry
    .ofGroupVersion(group, version)
    .flatMap((resource) => [resource.entry, ...[...resource.subresources.values()].map((item) => item.entry)]);
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersionOf(group, version),
    resources: resources.toSorted((left, right) => (left.name < right.name ? -1 : 1)),
  };
}

/** `apidiscovery.k8s.io/v2`: one document for all groups (`core` false) or for the core group alone. */
export function aggregatedDiscovery(registry: Registry, core: boolean): unknown {
  const groups = core ? [''] : registry.groups().filter((group) => group !== '');
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => ({
      metadata: group === '' ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
      versions: registry.versions(group).map((version) => ({
        version,
        freshness: 'Current',
        resources: registry.ofGroupVersion(group, version).map(aggregatedResource),
      })),
    })),
  };
}

function aggregatedResource(resource: ServedResource): unknown {
  const subresources = [...resource.subresources.values()].map(({ name, entry }) => ({
    subresource: name,
    responseKind: {
      group: entry.group ?? resource.group,
      version: entry.version ?? resource.version,
      kind: entry.kind,
    },
    verbs: entry.verbs,
  }));
  return {
    resource: resource.plural,
    responseKind: { group: resource.group, version: resource.version, kind: resource.kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.entry.shortNames ? { shortNames: resource.entry.shortNames } : {}),
    ...(resource.entry.categories ? { categories: resource.entry.categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}
