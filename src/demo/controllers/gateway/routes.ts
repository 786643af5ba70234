import type { Disposable } from '../../../base/disposables.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import { writeStatus } from '../core/counts.ts';
import {
  arrayAt,
  generationOf,
  isTerminating,
  keyOf,
  namespaceOf,
  numberAt,
  statusOf,
  stringAt,
  type Json,
} from '../core/objects.ts';
import { onEither, queueChanged } from '../core/owners.ts';
import type { ReconcileQueue } from '../core/queue.ts';
import { CLASS_NAME, condition, CONTROLLER_NAME, GATEWAY_GROUP, POOL_GROUPS } from './model.ts';

/** Tells of every HTTPRoute whether its gateways take it and whether its backends are there. */
export class RouteController {
  readonly #cluster: Cluster;
  readonly #routes: Collection;
  readonly #gateways: Collection;
  readonly #pools: ReadonlyMap<string, Collection>;
  readonly #queue: ReconcileQueue;

  constructor(cluster: Cluster, routes: Collection, gateways: Collection) {
    this.#cluster = cluster;
    this.#routes = routes;
    this.#gateways = gateways;
    this.#pools = new Map<string, Collection>(
      POOL_GROUPS.flatMap((group) => {
        const pools = cluster.optionalKind(group, 'inferencepools');
        return pools ? [[group, pools] as const] : [];
      }),
    );
    this.#queue = cluster.queue('httproute', (key) => this.#reconcile(key));
  }

  start(): Disposable[] {
    const queueAll = (): void => {
      for (const route of this.#routes.all()) this.#queue.add(keyOf(route));
    };
    return [
      queueChanged(this.#routes, this.#queue),
      ...[this.#gateways, this.#cluster.kind('services'), ...this.#pools.values()].map((collection) =>
        onEither(collection, queueAll),
      ),
    ];
  }

  #reconcile(key: string): void {
    const route = this.#routes.byKey(key);
    if (route === undefined || isTerminating(route)) return;
    const parents = arrayAt(route, 'spec', 'parentRefs').flatMap((parent) => {
      const gateway = this.#gateways.get(
        stringAt(parent, 'namespace') ?? namespaceOf(route),
        stringAt(parent, 'name') ?? '',
      );
      return gateway !== undefined && stringAt(gateway, 'spec', 'gatewayClassName') === CLASS_NAME
        ? [this.#parentStatus(route, gateway, parent)]
        : [];
    });
    const others = arrayAt(route, 'status', 'parents').filter(
      (parent) => stringAt(parent, 'controllerName') !== CONTROLLER_NAME,
    );
    const all = [...others, ...parents];
    // A route of other gateways is none of this controller's business.
    if (all.length === 0 && arrayAt(route, 'status', 'parents').length === 0) return;
    writeStatus(this.#routes, route, { ...statusOf(route), parents: all });
  }

  #parentStatus(route: KubeObject, gateway: KubeObject, parent: unknown): Json {
    const known = arrayAt(route, 'status', 'parents').find(
      (one) =>
        stringAt(one, 'controllerName') === CONTROLLER_NAME &&
        stringAt(one, 'parentRef', 'name') === stringAt(parent, 'name'),
    );
    const before = arrayAt(known, 'conditions');
    const missing = this.#missingBackend(route);
    const matches = listenersOf(gateway, parent).length > 0;
    const told = (type: string, holds: boolean, reason: string, message: string): Json =>
      condition(before, generationOf(route), this.#cluster.now(), type, holds, reason, message);
    return {
      controllerName: CONTROLLER_NAME,
      parentRef: parent,
      conditions: [
        matches
          ? told('Accepted', true, 'Accepted', 'Route was valid')
          : told(
              'Accepted',
              false,
              'NoMatchingParent',
              `port ${numberAt(parent, 'port') ?? ''} and sectionName "${stringAt(parent, 'sectionName') ?? ''}" not found`,
            ),
        missing === undefined
          ? told('ResolvedRefs', true, 'ResolvedRefs', 'All references resolved')
          : told('ResolvedRefs', false, 'BackendNotFound', `backend(${missing}) not found`),
      ],
    };
  }

  #missingBackend(route: KubeObject): string | undefined {
    const backends = arrayAt(route, 'spec', 'rules').flatMap((rule) => arrayAt(rule, 'backendRefs'));
    const missing = backends.find(
      (backend) => !this.#exists(backend, stringAt(backend, 'namespace') ?? namespaceOf(route)),
    );
    return missing === undefined
      ? undefined
      : `${stringAt(missing, 'name') ?? ''}.${namespaceOf(route)}${stringAt(missing, 'kind') === 'InferencePool' ? '' : '.svc.cluster.local'}`;
  }

  #exists(backend: unknown, namespace: string): boolean {
    const name = stringAt(backend, 'name') ?? '';
    if (stringAt(backend, 'kind') !== 'InferencePool')
      return this.#cluster.kind('services').get(namespace, name) !== undefined;
    return this.#pools.get(stringAt(backend, 'group') ?? '')?.get(namespace, name) !== undefined;
  }
}

/** Listeners of a gateway that a route's parent reference means. */
function listenersOf(gateway: KubeObject, parent: unknown): readonly unknown[] {
  const section = stringAt(parent, 'sectionName');
  const port = numberAt(parent, 'port');
  return arrayAt(gateway, 'spec', 'listeners').filter(
    (listener) =>
      (section === undefined || stringAt(listener, 'name') === section) &&
      (port === undefined || numberAt(listener, 'port') === port),
  );
}

/** Whether a parent reference of an object in `namespace` means this gateway. */
export function refersTo(parent: unknown, gateway: KubeObject, namespace: string): boolean {
  return (
    (stringAt(parent, 'group') ?? GATEWAY_GROUP) === GATEWAY_GROUP &&
    (stringAt(parent, 'kind') ?? 'Gateway') === 'Gateway' &&
    stringAt(parent, 'name') === gateway.metadata.name &&
    (stringAt(parent, 'namespace') ?? namespace) === namespaceOf(gateway)
  );
}

export function attachedRoutes(routes: readonly KubeObject[], gateway: KubeObject, listener: string): number {
  return routes.filter((route) =>
    arrayAt(route, 'spec', 'parentRefs').some(
      (parent) =>
        refersTo(parent, gateway, namespaceOf(route)) &&
        listenersOf(gateway, parent).some((one) => stringAt(one, 'name') === listener),
    ),
  ).length;
}
