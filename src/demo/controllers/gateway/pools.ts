import type { Disposable } from '../../../base/disposables.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import { writeStatus } from '../core/counts.ts';
import { sha1 } from '../core/hash.ts';
import {
  arrayAt,
  controllerReference,
  generationOf,
  isTerminating,
  jsonAt,
  keyOf,
  namespaceOf,
  numberAt,
  statusOf,
  stringAt,
  type Json,
  type NewObject,
} from '../core/objects.ts';
import { onEither, queueChanged } from '../core/owners.ts';
import type { ReconcileQueue } from '../core/queue.ts';
import { CLASS_NAME, condition, CONTROLLER_NAME, GATEWAY_GROUP, POOL_LABEL, POOL_SERVICE_PORT } from './model.ts';
import { refersTo } from './routes.ts';

/** Tells of every InferencePool which gateways reach it, and gives those a headless service to find its pods by. */
export class PoolController {
  readonly #cluster: Cluster;
  readonly #pools: Collection;
  readonly #routes: Collection;
  readonly #gateways: Collection;
  readonly #queue: ReconcileQueue;

  constructor(cluster: Cluster, pools: Collection, routes: Collection, gateways: Collection) {
    this.#cluster = cluster;
    this.#pools = pools;
    this.#routes = routes;
    this.#gateways = gateways;
    this.#queue = cluster.queue(`inferencepool.${pools.resource.group}`, (key) => this.#reconcile(key));
  }

  start(): Disposable[] {
    const queueAll = (): void => {
      for (const pool of this.#pools.all()) this.#queue.add(keyOf(pool));
    };
    return [
      queueChanged(this.#pools, this.#queue),
      ...[this.#routes, this.#gateways, this.#cluster.kind('services')].map((collection) =>
        onEither(collection, queueAll),
      ),
    ];
  }

  #reconcile(key: string): void {
    const pool = this.#pools.byKey(key);
    if (pool === undefined || isTerminating(pool)) return;
    const gateways = this.#gatewaysOf(pool);
    const services = this.#cluster.kind('services');
    const service = poolService(pool);
    if (gateways.length > 0 && services.get(namespaceOf(pool), serviceName(pool)) === undefined)
      services.create(service);
    if (
      gateways.length === 0 &&
      arrayAt(pool, 'status', parentsField(pool)).every((parent) => stringAt(parent, 'parentRef', 'kind') === 'Status')
    )
      return;
    writeStatus(this.#pools, pool, {
      ...statusOf(pool),
      [parentsField(pool)]: gateways.map((gateway) => this.#parentStatus(pool, gateway)),
    });
  }

  /** Gateways that a route to the pool hangs on. */
  #gatewaysOf(pool: KubeObject): readonly KubeObject[] {
    const routes = this.#routes.all().filter((route) =>
      arrayAt(route, 'spec', 'rules')
        .flatMap((rule) => arrayAt(rule, 'backendRefs'))
        .some(
          (backend) =>
            stringAt(backend, 'kind') === 'InferencePool' &&
            stringAt(backend, 'name') === pool.metadata.name &&
            stringAt(backend, 'group') === this.#pools.resource.group &&
            (stringAt(backend, 'namespace') ?? namespaceOf(route)) === namespaceOf(pool),
        ),
    );
    return this.#gateways
      .all()
      .filter(
        (gateway) =>
          stringAt(gateway, 'spec', 'gatewayClassName') === CLASS_NAME &&
          routes.some((route) =>
            arrayAt(route, 'spec', 'parentRefs').some((parent) => refersTo(parent, gateway, namespaceOf(route))),
          ),
      );
  }

  #parentStatus(pool: KubeObject, gateway: KubeObject): Json {
    const known = arrayAt(pool, 'status', parentsField(pool)).find(
      (parent) => stringAt(parent, 'parentRef', 'name') === gateway.metadata.name,
    );
    const picker =
      stringAt(pool, 'spec', 'endpointPickerRef', 'name') ?? stringAt(pool, 'spec', 'extensionRef', 'name') ?? '';
    const found = this.#cluster.kind('services').get(namespaceOf(pool), picker) !== undefined;
    const before = arrayAt(known, 'conditions');
    const told = (type: string, holds: boolean, reason: string, message: string): Json =>
      condition(before, generationOf(pool), this.#cluster.now(), type, holds, reason, message);
    return {
      ...(parentsField(pool) === 'parents' ? { controllerName: CONTROLLER_NAME } : {}),
      parentRef: {
        group: GATEWAY_GROUP,
        kind: 'Gateway',
        name: gateway.metadata.name,
        namespace: namespaceOf(gateway),
      },
      conditions: [
        told('Accepted', true, 'Accepted', 'Referenced by an HTTPRoute accepted by the parentRef Gateway'),
        found
          ? told('ResolvedRefs', true, 'ResolvedRefs', 'Referenced ExtensionRef resolved successfully')
          : told(
              'ResolvedRefs',
              false,
              'InvalidExtensionRef',
              `Referenced ExtensionRef not found: service ${namespaceOf(pool)}/${picker}`,
            ),
      ],
    };
  }
}

/** The first API of pools called the list by another name. */
function parentsField(pool: KubeObject): 'parents' | 'parent' {
  return pool.apiVersion.startsWith('inference.networking.x-k8s.io/') ? 'parent' : 'parents';
}

function serviceName(pool: KubeObject): string {
  return `${pool.metadata.name}-ip-${sha1(pool.metadata.name).slice(0, 8)}`;
}

function poolService(pool: KubeObject): NewObject {
  const [first] = arrayAt(pool, 'spec', 'targetPorts');
  const targetPort = numberAt(first, 'number') ?? numberAt(pool, 'spec', 'targetPortNumber') ?? POOL_SERVICE_PORT;
  const selector = jsonAt(pool, 'spec', 'selector');
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: serviceName(pool),
      namespace: namespaceOf(pool),
      labels: { [POOL_LABEL]: pool.metadata.name, 'istio.io/inferencepool-internal-service': 'true' },
      ownerReferences: [controllerReference(pool)],
    },
    spec: {
      clusterIP: 'None',
      selector: pool.apiVersion.startsWith('inference.networking.x-k8s.io/')
        ? selector
        : jsonAt(selector, 'matchLabels'),
      ports: [{ name: 'http', port: POOL_SERVICE_PORT, targetPort, protocol: 'TCP' }],
    },
  };
}
