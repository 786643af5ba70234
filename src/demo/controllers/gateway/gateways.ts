import type { Disposable } from '../../../base/disposables.ts';
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import { writeStatus } from '../core/counts.ts';
import {
  arrayAt,
  generationOf,
  isTerminating,
  jsonAt,
  keyOf,
  namespaceOf,
  numberAt,
  specOf,
  statusOf,
  stringAt,
  type Json,
  type NewObject,
} from '../core/objects.ts';
import { onEither, queueChanged, queueOwners } from '../core/owners.ts';
import type { ReconcileQueue } from '../core/queue.ts';
import { infrastructureOf } from './infrastructure.ts';
import { CLASS_NAME, condition, CONTROLLER_NAME, deploymentName, GATEWAY_GROUP } from './model.ts';
import { attachedRoutes } from './routes.ts';

/** Makes a proxy of every Gateway of its class, and tells when traffic can come. */
export class GatewayController {
  readonly #cluster: Cluster;
  readonly #gateways: Collection;
  readonly #routes: Collection | undefined;
  readonly #classes: Collection | undefined;
  readonly #queue: ReconcileQueue;

  constructor(cluster: Cluster, gateways: Collection) {
    this.#cluster = cluster;
    this.#gateways = gateways;
    this.#routes = cluster.optionalKind(GATEWAY_GROUP, 'httproutes');
    this.#classes = cluster.optionalKind(GATEWAY_GROUP, 'gatewayclasses');
    this.#queue = cluster.queue('gateway', (key) => this.#reconcile(key));
  }

  start(): Disposable[] {
    if (this.#classes && this.#cluster.api.get(this.#classes.resource, undefined, CLASS_NAME) === undefined)
      this.#install(this.#classes);
    const queueAll = (): void => {
      for (const gateway of this.#gateways.all()) this.#queue.add(keyOf(gateway));
    };
    return [
      queueChanged(this.#gateways, this.#queue),
      queueOwners(this.#cluster.kind('deployments'), 'Gateway', this.#queue),
      queueOwners(this.#cluster.kind('services'), 'Gateway', this.#queue),
      onEither(this.#cluster.kind('configmaps'), queueAll),
      ...(this.#routes ? [onEither(this.#routes, queueAll)] : []),
    ];
  }

  /** The class comes with the implementation, which accepts it. */
  #install(classes: Collection): void {
    const created = classes.create({
      apiVersion: `${GATEWAY_GROUP}/v1`,
      kind: 'GatewayClass',
      metadata: { name: CLASS_NAME },
      spec: { controllerName: CONTROLLER_NAME, description: 'The default Istio GatewayClass' },
    });
    const accepted = condition(
      [],
      generationOf(created),
      this.#cluster.now(),
      'Accepted',
      true,
      'Accepted',
      'Handled by Istio controller',
    );
    writeStatus(classes, created, { ...statusOf(created), conditions: [accepted] });
  }

  #reconcile(key: string): void {
    const gateway = this.#gateways.byKey(key);
    if (gateway === undefined || isTerminating(gateway) || stringAt(gateway, 'spec', 'gatewayClassName') !== CLASS_NAME)
      return;
    const wanted = stringAt(gateway, 'spec', 'infrastructure', 'parametersRef', 'name');
    const parameters =
      wanted === undefined ? undefined : this.#cluster.kind('configmaps').get(namespaceOf(gateway), wanted);
    if (wanted !== undefined && parameters === undefined) {
      this.#refuse(gateway, `configmap ${namespaceOf(gateway)}/${wanted} not found`);
      return;
    }
    const { account, deployment, service } = infrastructureOf(gateway, parameters);
    this.#ensure(this.#cluster.kind('serviceaccounts'), gateway, account);
    this.#ensure(this.#cluster.kind('deployments'), gateway, deployment);
    const present = this.#ensure(this.#cluster.kind('services'), gateway, service);
    if (!isDeepStrictEqual(portNumbers(present), portNumbers(service))) {
      this.#cluster
        .kind('services')
        .update({ ...present, spec: { ...specOf(present), ports: jsonAt(service, 'spec')['ports'] } });
    }
    this.#writeStatus(gateway);
  }

  #refuse(gateway: KubeObject, why: string): void {
    const told = condition(
      arrayAt(gateway, 'status', 'conditions'),
      generationOf(gateway),
      this.#cluster.now(),
      'Accepted',
      false,
      'InvalidParameters',
      why,
    );
    writeStatus(this.#gateways, gateway, { ...statusOf(gateway), conditions: [told] });
  }

  #ensure(collection: Collection, gateway: KubeObject, object: NewObject): KubeObject {
    return collection.get(namespaceOf(gateway), deploymentName(gateway.metadata.name)) ?? collection.create(object);
  }

  #writeStatus(gateway: KubeObject): void {
    const now = this.#cluster.now();
    const generation = generationOf(gateway);
    const name = deploymentName(gateway.metadata.name);
    const service = this.#cluster.kind('services').get(namespaceOf(gateway), name);
    const deployment = this.#cluster.kind('deployments').get(namespaceOf(gateway), name);
    const host = `${name}.${namespaceOf(gateway)}.svc.cluster.local`;
    const running = (numberAt(deployment, 'status', 'availableReplicas') ?? 0) > 0;
    const external = arrayAt(service, 'status', 'loadBalancer', 'ingress').flatMap(
      (ingress) => stringAt(ingress, 'ip') ?? [],
    );
    const waiting = stringAt(service, 'spec', 'type') === 'LoadBalancer' && external.length === 0;
    const before = arrayAt(gateway, 'status', 'conditions');
    const ports = arrayAt(gateway, 'spec', 'listeners').flatMap((listener) => numberAt(listener, 'port') ?? []);
    const programmed = !running
      ? condition(
          before,
          generation,
          now,
          'Programmed',
          false,
          'Invalid',
          `Failed to assign to any requested addresses: no instances found for hostname "${host}"`,
        )
      : waiting
        ? condition(
            before,
            generation,
            now,
            'Programmed',
            false,
            'AddressNotAssigned',
            `Assigned to service(s) ${host}:${ports.join(',')}, but failed to assign to all requested addresses: address pending for hostname "${host}"`,
          )
        : condition(
            before,
            generation,
            now,
            'Programmed',
            true,
            'Programmed',
            `Resource programmed, assigned to service(s) ${ports.map((port) => `${host}:${port}`).join(' and ')}`,
          );
    writeStatus(this.#gateways, gateway, {
      ...statusOf(gateway),
      addresses:
        external.length > 0
          ? external.map((value) => ({ type: 'IPAddress', value }))
          : [{ type: 'Hostname', value: host }],
      conditions: [condition(before, generation, now, 'Accepted', true, 'Accepted', 'Resource accepted'), programmed],
      listeners: arrayAt(gateway, 'spec', 'listeners').map((listener) => this.#listenerStatus(gateway, listener)),
    });
  }

  #listenerStatus(gateway: KubeObject, listener: unknown): Json {
    const name = stringAt(listener, 'name') ?? '';
    const before = arrayAt(
      arrayAt(gateway, 'status', 'listeners').find((one) => stringAt(one, 'name') === name),
      'conditions',
    );
    const told = (type: string, holds: boolean, reason: string, message = 'No errors found'): Json =>
      condition(before, generationOf(gateway), this.#cluster.now(), type, holds, reason, message);
    return {
      name,
      attachedRoutes: this.#routes ? attachedRoutes(this.#routes.all(), gateway, name) : 0,
      supportedKinds: [
        { group: GATEWAY_GROUP, kind: 'HTTPRoute' },
        { group: GATEWAY_GROUP, kind: 'GRPCRoute' },
      ],
      conditions: [
        told('Accepted', true, 'Accepted'),
        told('Conflicted', false, 'NoConflicts'),
        told('Programmed', true, 'Programmed'),
        told('ResolvedRefs', true, 'ResolvedRefs'),
      ],
    };
  }
}

function portNumbers(service: KubeObject | NewObject): unknown[] {
  return arrayAt(service, 'spec', 'ports').map((port) => numberAt(port, 'port'));
}
