import { isObject } from '../../../base/json.ts';
import type { ApiData, DiscoveryEntry, TableColumn } from './data.ts';
import { groupVersionOf, splitGroupVersion } from '../base/object.ts';
import type { ObjectSchema, Schemas } from '../schema/index.ts';
import { qualified } from '../base/status.ts';

/** A subresource of a served resource: `pods/log`, `deployments/scale`. */
export interface ServedSubresource {
  readonly name: string;
  readonly entry: DiscoveryEntry;
}

/** A column of a custom resource's table. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly priority: number;
  readonly jsonPath: string;
}

/** What a CustomResourceDefinition adds to a resource. */
export interface CustomResource {
  readonly columns: readonly PrinterColumn[];
  readonly scale:
    | { readonly specReplicasPath: string; readonly statusReplicasPath: string; readonly labelSelectorPath?: string }
    | undefined;
}

/** One resource in one version, as it is served. */
export interface ServedResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly entry: DiscoveryEntry;
  readonly subresources: ReadonlyMap<string, ServedSubresource>;
  /** The store's collection: the same one for every version of a kind. */
  readonly collection: string;
  readonly schema: ObjectSchema | undefined;
  readonly columns: readonly TableColumn[];
  readonly custom: CustomResource | undefined;
}

/** Groups whose definitions were written for CustomResourceDefinitions; the rest is compiled into a real server. */
const nativePrefixes = ['io.k8s.api.', 'io.k8s.apiextensions-apiserver.', 'io.k8s.kube-aggregator.'];

/** Versions in the order that discovery lists them: GA before beta before alpha, newest first. */
function versionRank(version: string): number {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return 0;
  const [, major, stage, minor] = match;
  const base = stage === undefined ? 2_000_000 : stage === 'beta' ? 1_000_000 : 0;
  return base + Number(major) * 1000 + Number(minor ?? 0);
}

/** Every kind that the server serves: the native ones from the data, custom ones as their definitions come and go. */
export class Registry {
  readonly schemas: Schemas;
  readonly #resources = new Map<string, ServedResource>();
  #revision = 0;

  constructor(data: ApiData, schemas: Schemas) {
    this.schemas = schemas;
    for (const groupVersion of nativeGroupVersions(data)) this.#addNative(groupVersion, data);
  }

  /** Counts changes of the set, so that documents made of it can be kept. */
  get revision(): number {
    return this.#revision;
  }

  find(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#resources.get(`${groupVersionOf(group, version)}/${plural}`);
  }

  /** The resource in the group's first version that has it. */
  findAnyVersion(group: string, plural: string): ServedResource | undefined {
    return this.versions(group)
      .map((version) => this.find(group, version, plural))
      .find((resource) => resource !== undefined);
  }

  findKind(group: string, version: string, kind: string): ServedResource | undefined {
    return this.ofGroupVersion(group, version).find((resource) => resource.kind === kind);
  }

  findKindAnyVersion(group: string, kind: string): ServedResource | undefined {
    return this.all().find((resource) => resource.group === group && resource.kind === kind);
  }

  all(): readonly ServedResource[] {
    return [...this.#resources.values()];
  }

  groups(): readonly string[] {
    return [...new Set(this.all().map((resource) => resource.group))];
  }

  versions(group: string): readonly string[] {
    const versions = this.all()
      .filter((resource) => resource.group === group)
      .map((resource) => resource.version);
    return [...new Set(versions)].sort((left, right) => versionRank(right) - versionRank(left));
  }

  ofGroupVersion(group: string, version: string): readonly ServedResource[] {
    return this.all().filter((resource) => resource.group === group && resource.version === version);
  }

  add(resource: ServedResource): void {
    this.#resources.set(`${groupVersionOf(resource.group, resource.version)}/${resource.plural}`, resource);
    this.#revision += 1;
  }

  remove(resource: ServedResource): void {
    this.#resources.delete(`${groupVersionOf(resource.group, resource.version)}/${resource.plural}`);
    this.#revision += 1;
  }

  #addNative(groupVersion: string, data: ApiData): void {
    const { group, version } = splitGroupVersion(groupVersion);
    const entries = data.discovery[groupVersion] ?? [];
    for (const entry of entries.filter((item) => !item.name.includes('/'))) {
      const subresources = entries
        .filter((item) => item.name.startsWith(`${entry.name}/`))
        .map((item): [string, ServedSubresource] => [
          item.name.slice(entry.name.length + 1),
          { name: item.name.slice(entry.name.length + 1), entry: item },
        ]);
      this.add({
        group,
        version,
        plural: entry.name,
        singular: entry.singularName,
        kind: entry.kind,
        namespaced: entry.namespaced,
        verbs: entry.verbs,
        entry,
        subresources: new Map(subresources),
        collection: collectionOf(group, entry.name),
        schema: this.schemas.forKind(group, version, entry.kind),
        columns: data.tables[`${groupVersion}/${entry.name}`] ?? [],
        custom: undefined,
      });
    }
  }
}

/** `events` of both groups are the same objects; all else is stored by group and plural. */
export function collectionOf(group: string, plural: string): string {
  return group === 'events.k8s.io' && plural === 'events' ? 'events' : qualified({ group, plural });
}

function nativeGroupVersions(data: ApiData): readonly string[] {
  return Object.keys(data.discovery).filter((groupVersion) => !isCustomGroupVersion(data, groupVersion));
}

/** True for a group/version of the data that a real server got from CustomResourceDefinitions. */
export function isCustomGroupVersion(data: ApiData, groupVersion: string): boolean {
  const { group, version } = splitGroupVersion(groupVersion);
  const names = Object.entries(data.schemas)
    .filter(([, schema]) => kindsOf(schema).some((kind) => kind['group'] === group && kind['version'] === version))
    .map(([name]) => name);
  return names.length > 0 && !names.some((name) => nativePrefixes.some((prefix) => name.startsWith(prefix)));
}

function kindsOf(schema: unknown): readonly Record<string, unknown>[] {
  const kinds: unknown = isObject(schema) ? schema['x-kubernetes-group-version-kind'] : undefined;
  return Array.isArray(kinds) && kinds.length === 1 ? kinds.filter(isObject) : [];
}
