import { arrayAt, at, isObject, numberAt, stringAt, stringMapAt } from '../../base/json.ts';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { Pods } from '../../kube/resources.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { KubeObject, ResourceType } from '../../kube/model/types.ts';
import { mapSink } from './map-sink.ts';
import type { ClusterView, PoolEndpoint, PoolView } from './types.ts';

const StablePools: ResourceType = {
  group: 'inference.networking.k8s.io',
  version: 'v1',
  plural: 'inferencepools',
  kind: 'InferencePool',
  namespaced: true,
};
const AlphaPools: ResourceType = {
  group: 'inference.networking.x-k8s.io',
  version: 'v1alpha2',
  plural: 'inferencepools',
  kind: 'InferencePool',
  namespaced: true,
};
const HttpRoutes: ResourceType = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural: 'httproutes',
  kind: 'HTTPRoute',
  namespaced: true,
};

interface Pool {
  readonly name: string;
  readonly namespace: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly targetPorts: readonly number[];
}

interface Route {
  readonly namespace: string;
  readonly gateways: readonly string[];
  readonly pools: readonly string[];
}

interface PodEntry extends PoolEndpoint {
  readonly namespace: string;
}

/** The cluster as its gateways and endpoint pickers see it, from watches of pools, routes and pods. */
export class WatchedCluster implements ClusterView, Disposable {
  readonly #stable = new Map<string, Pool>();
  readonly #alpha = new Map<string, Pool>();
  readonly #routes = new Map<string, Route>();
  readonly #pods = new Map<string, PodEntry>();
  readonly #watches = new DisposableStore();

  /** `pods`: which of them can be behind a pool; all when left out. */
  constructor(client: Pick<KubeClient, 'watch'>, pods: { readonly labelSelector?: string } = {}) {
    this.#watches.add(client.watch({ resource: StablePools, project: readStablePool, sink: mapSink(this.#stable) }));
    this.#watches.add(client.watch({ resource: AlphaPools, project: readAlphaPool, sink: mapSink(this.#alpha) }));
    this.#watches.add(client.watch({ resource: HttpRoutes, project: readRoute, sink: mapSink(this.#routes) }));
    this.#watches.add(client.watch({ resource: Pods, ...pods, project: readPodEntry, sink: mapSink(this.#pods) }));
  }

  resolvePool(namespace: string, by: { readonly gateway: string } | { readonly pool: string }): PoolView | undefined {
    const name =
      'pool' in by
        ? by.pool
        : this.#routes
            .values()
            .find(
              (route) => route.namespace === namespace && route.gateways.includes(by.gateway) && route.pools.length > 0,
            )?.pools[0];
    if (name === undefined) return undefined;
    const pool = this.#stable.get(`${namespace}/${name}`) ?? this.#alpha.get(`${namespace}/${name}`);
    if (pool === undefined) return undefined;
    const endpoints = this.#pods
      .values()
      .filter((pod) => pod.namespace === namespace && matches(pool.selector, pod.labels))
      .toArray()
      .toSorted((a, b) => a.pod.localeCompare(b.pod));
    return { name, namespace, targetPorts: pool.targetPorts, endpoints };
  }

  dispose(): void {
    this.#watches.dispose();
  }
}

function matches(selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

function readStablePool(object: KubeObject): Pool {
  const targetPorts = arrayAt(object, 'spec', 'targetPorts').flatMap((port) => numberAt(port, 'number') ?? []);
  return {
    name: object.metadata.name,
    namespace: object.metadata.namespace ?? '',
    selector: stringMapAt(object, 'spec', 'selector', 'matchLabels'),
    targetPorts,
  };
}

function readAlphaPool(object: KubeObject): Pool {
  const port = numberAt(object, 'spec', 'targetPortNumber');
  return {
    name: object.metadata.name,
    namespace: object.metadata.namespace ?? '',
    selector: stringMapAt(object, 'spec', 'selector'),
    targetPorts: port === undefined ? [] : [port],
  };
}

function readRoute(object: KubeObject): Route {
  const gateways = arrayAt(object, 'spec', 'parentRefs').flatMap((parent) => stringAt(parent, 'name') ?? []);
  const backends = arrayAt(object, 'spec', 'rules').flatMap((rule) => arrayAt(rule, 'backendRefs'));
  const pools = backends
    .filter((backend) => at(backend, 'kind') === 'InferencePool')
    .flatMap((backend) => stringAt(backend, 'name') ?? []);
  return { namespace: object.metadata.namespace ?? '', gateways, pools };
}

function readPodEntry(object: KubeObject): PodEntry | undefined {
  const ip = stringAt(object, 'status', 'podIP');
  const phase = stringAt(object, 'status', 'phase');
  if (
    ip === undefined ||
    phase === 'Succeeded' ||
    phase === 'Failed' ||
    object.metadata.deletionTimestamp !== undefined
  )
    return undefined;
  const ready = arrayAt(object, 'status', 'conditions')
    .filter(isObject)
    .some((condition) => condition['type'] === 'Ready' && condition['status'] === 'True');
  return {
    namespace: object.metadata.namespace ?? '',
    pod: object.metadata.name,
    ip,
    labels: object.metadata.labels ?? {},
    ready,
  };
}
