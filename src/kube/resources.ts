import type { KubeObject, ResourceType } from './model/types.ts';
import type { LeaderWorkerSet } from './model/custom-kinds.ts';
import type {
  ConfigMap,
  Deployment,
  Event,
  Job,
  Namespace,
  Node,
  Pod,
  ReplicaSet,
  Secret,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  Service,
} from './model/kinds.ts';
import type { Query } from './http/types.ts';

function core<Object extends KubeObject = KubeObject>(
  plural: string,
  kind: string,
  namespaced = true,
): ResourceType<Object> {
  return { group: '', version: 'v1', plural, kind, namespaced };
}

function grouped<Object extends KubeObject = KubeObject>(
  group: string,
  version: string,
  plural: string,
  kind: string,
  namespaced = true,
): ResourceType<Object> {
  return { group, version, plural, kind, namespaced };
}

export const Namespaces = core<Namespace>('namespaces', 'Namespace', false);
export const Nodes = core<Node>('nodes', 'Node', false);
export const Pods = core<Pod>('pods', 'Pod');
export const Services = core<Service>('services', 'Service');
export const Secrets = core<Secret>('secrets', 'Secret');
export const ConfigMaps = core<ConfigMap>('configmaps', 'ConfigMap');
export const Events = core<Event>('events', 'Event');
export const Deployments = grouped<Deployment>('apps', 'v1', 'deployments', 'Deployment');
export const ReplicaSets = grouped<ReplicaSet>('apps', 'v1', 'replicasets', 'ReplicaSet');
export const Jobs = grouped<Job>('batch', 'v1', 'jobs', 'Job');
export const Leases = grouped('coordination.k8s.io', 'v1', 'leases', 'Lease');
export const LeaderWorkerSets = grouped<LeaderWorkerSet>(
  'leaderworkerset.x-k8s.io',
  'v1',
  'leaderworkersets',
  'LeaderWorkerSet',
);
export const Gateways = grouped('gateway.networking.k8s.io', 'v1', 'gateways', 'Gateway');
export const SelfSubjectAccessReviews = grouped<SelfSubjectAccessReview>(
  'authorization.k8s.io',
  'v1',
  'selfsubjectaccessreviews',
  'SelfSubjectAccessReview',
  false,
);
export const SelfSubjectRulesReviews = grouped<SelfSubjectRulesReview>(
  'authorization.k8s.io',
  'v1',
  'selfsubjectrulesreviews',
  'SelfSubjectRulesReview',
  false,
);

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** `v1` is the core group, all else is `group/version`. */
export function parseApiVersion(apiVersion: string): GroupVersion {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

export function apiVersionOf(resource: GroupVersion): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** The root of a group and version: `/api/v1` or `/apis/apps/v1`. */
export function groupPath(resource: GroupVersion): string {
  return resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
}

/** Path of a kind's list, of one object, or of its subresource. Without a namespace a namespaced kind is listed over all of them. */
export function resourcePath(resource: ResourceType, namespace?: string, name?: string, subresource?: string): string {
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  const sub = name === undefined || subresource === undefined ? '' : `/${subresource}`;
  return `${groupPath(resource)}${scope}/${resource.plural}${object}${sub}`;
}

export function queryString(query: Query | undefined): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    if (Array.isArray(value)) for (const item of value as readonly string[]) search.append(name, item);
    else search.append(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** `namespace/name`, or the name alone for a kind without namespaces: the key of watches and snapshots. */
export function objectKey(object: {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}): string {
  const { name, namespace } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Puts `apiVersion` and `kind` back, which the server leaves out of a list's items. */
export function withType<T extends KubeObject>(resource: ResourceType<T>, item: T): T {
  return item.kind === undefined
    ? ({ ...(item as object), apiVersion: apiVersionOf(resource), kind: resource.kind } as T)
    : item;
}
