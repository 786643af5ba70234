import type { Pod } from '../../../kube/model/kinds.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Disposable } from '../../../base/disposables.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import {
  arrayAt,
  at,
  controllerReference,
  isObject,
  isTerminating,
  keyOf,
  labelsOf,
  namespaceOf,
  numberAt,
  stringAt,
  stringMapAt,
  uidOf,
  type Json,
} from '../core/objects.ts';
import { queueChanged } from '../core/owners.ts';
import { hasEnded, isReady } from '../../../kube/model/pod.ts';
import { hasLabels, nodeNameOf } from '../core/pods.ts';
import type { ReconcileQueue } from '../core/queue.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';

/** Tells who stands behind a service: its pods' addresses, ready or not, as a slice and in the older form. */
export class EndpointsController {
  readonly #services: Collection;
  readonly #pods: Collection;
  readonly #slices: Collection;
  readonly #endpoints: Collection;
  readonly #queue: ReconcileQueue;

  constructor(cluster: Cluster) {
    this.#services = cluster.kind('services');
    this.#pods = cluster.kind('pods');
    this.#slices = cluster.kind('endpointslices');
    this.#endpoints = cluster.kind('endpoints');
    this.#queue = cluster.queue('endpoints', (key) => this.#reconcile(key));
  }

  start(): Disposable[] {
    return [
      queueChanged(this.#services, this.#queue),
      this.#pods.onChange((before, after) => this.#queueServicesOf(before, after)),
    ];
  }

  #queueServicesOf(before: KubeObject | undefined, after: KubeObject | undefined): void {
    const present = after ?? before;
    if (present === undefined) return;
    for (const service of this.#services.inNamespace(namespaceOf(present))) {
      const selector = selectorOf(service);
      if (selector && [before, after].some((pod) => pod !== undefined && hasLabels(pod, selector)))
        this.#queue.add(keyOf(service));
    }
  }

  #reconcile(key: string): void {
    const service = this.#services.byKey(key);
    const selector = service && selectorOf(service);
    // What a service without a selector points at is somebody else's to say. Deleted services take their slices with them.
    if (service === undefined || selector === undefined || isTerminating(service)) return;
    const pods = this.#pods
      .inNamespace(namespaceOf(service))
      .filter((pod) => hasLabels(pod, selector) && !hasEnded(pod) && stringAt(pod, 'status', 'podIP') !== undefined)
      .toSorted((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
    this.#writeSlice(service, pods);
    this.#writeEndpoints(service, pods);
  }

  #writeSlice(service: KubeObject, pods: readonly Pod[]): void {
    const publishes = at(service, 'spec', 'publishNotReadyAddresses') === true;
    const ports = portsOf(service, pods[0]).map(({ name, port, protocol, appProtocol }) => ({
      name,
      port,
      protocol,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    }));
    const endpoints = pods.map((pod) => ({
      addresses: [stringAt(pod, 'status', 'podIP') ?? ''],
      conditions: {
        ready: publishes || (isReady(pod) && !isTerminating(pod)),
        serving: publishes || isReady(pod),
        terminating: isTerminating(pod),
      },
      ...hostnameOf(service, pod),
      nodeName: nodeNameOf(pod),
      targetRef: referenceOf(pod),
    }));
    const labels = {
      ...labelsOf(service),
      [SERVICE_NAME]: service.metadata.name,
      [MANAGED_BY]: 'endpointslice-controller.k8s.io',
      ...headlessLabel(service),
    };
    const [slice] = this.#slices.controlledBy(service);
    if (slice === undefined) {
      this.#slices.create({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          generateName: `${service.metadata.name}-`,
          namespace: namespaceOf(service),
          labels,
          ownerReferences: [controllerReference(service)],
        },
        addressType: 'IPv4',
        endpoints,
        ports,
      });
    } else if (
      !isDeepStrictEqual([slice['endpoints'], slice['ports'], slice.metadata.labels], [endpoints, ports, labels])
    ) {
      this.#slices.update({ ...slice, metadata: { ...slice.metadata, labels }, endpoints, ports });
    }
  }

  #writeEndpoints(service: KubeObject, pods: readonly Pod[]): void {
    const publishes = at(service, 'spec', 'publishNotReadyAddresses') === true;
    const address = (pod: Pod): Json => ({
      ip: stringAt(pod, 'status', 'podIP') ?? '',
      ...hostnameOf(service, pod),
      nodeName: nodeNameOf(pod),
      targetRef: referenceOf(pod),
    });
    const ready = pods.filter((pod) => publishes || (isReady(pod) && !isTerminating(pod))).map(address);
    const waiting = pods.filter((pod) => !publishes && !isReady(pod) && !isTerminating(pod)).map(address);
    const ports = portsOf(service, pods[0]).map(({ name, port, protocol }) => ({
      ...(name === '' ? {} : { name }),
      port,
      protocol,
    }));
    const subsets =
      ready.length + waiting.length === 0
        ? undefined
        : [
            {
              ...(ready.length > 0 ? { addresses: ready } : {}),
              ...(waiting.length > 0 ? { notReadyAddresses: waiting } : {}),
              ...(ports.length > 0 ? { ports } : {}),
            },
          ];
    const known = this.#endpoints.get(namespaceOf(service), service.metadata.name);
    const labels = {
      ...labelsOf(service),
      'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
      ...headlessLabel(service),
    };
    if (known === undefined) {
      this.#endpoints.create({
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: {
          name: service.metadata.name,
          namespace: namespaceOf(service),
          labels,
          ownerReferences: [controllerReference(service)],
        },
        ...(subsets ? { subsets } : {}),
      });
    } else if (!isDeepStrictEqual(known['subsets'], subsets)) {
      const { subsets: _before, ...rest } = known;
      this.#endpoints.update({
        ...rest,
        apiVersion: known.apiVersion,
        kind: known.kind,
        metadata: known.metadata,
        ...(subsets ? { subsets } : {}),
      });
    }
  }
}

function selectorOf(service: KubeObject): Readonly<Record<string, string>> | undefined {
  const selector = stringMapAt(service, 'spec', 'selector');
  return Object.keys(selector).length > 0 && stringAt(service, 'spec', 'type') !== 'ExternalName'
    ? selector
    : undefined;
}

interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol: string | undefined;
}

/** Target ports by number; those by name are looked up in the pod, and left out where it has none of the name. */
function portsOf(service: KubeObject, pod: Pod | undefined): readonly ServicePort[] {
  return arrayAt(service, 'spec', 'ports').flatMap((port) => {
    const target = at(port, 'targetPort') ?? at(port, 'port');
    const number = typeof target === 'string' ? containerPort(pod, target) : target;
    if (typeof number !== 'number') return [];
    return [
      {
        name: stringAt(port, 'name') ?? '',
        port: number,
        protocol: stringAt(port, 'protocol') ?? 'TCP',
        appProtocol: stringAt(port, 'appProtocol'),
      },
    ];
  });
}

function containerPort(pod: Pod | undefined, name: string): number | undefined {
  const containers = [...arrayAt(pod, 'spec', 'containers'), ...arrayAt(pod, 'spec', 'initContainers')];
  const found = containers
    .flatMap((container) => arrayAt(container, 'ports'))
    .find((port) => isObject(port) && port['name'] === name);
  return numberAt(found, 'containerPort');
}

/** Pods with a host name under the service are found by it: `decode-0.decode`. */
function hostnameOf(service: KubeObject, pod: Pod): Json {
  const hostname = stringAt(pod, 'spec', 'hostname');
  return hostname !== undefined && stringAt(pod, 'spec', 'subdomain') === service.metadata.name ? { hostname } : {};
}

function headlessLabel(service: KubeObject): Readonly<Record<string, string>> {
  return stringAt(service, 'spec', 'clusterIP') === 'None' ? { 'service.kubernetes.io/headless': '' } : {};
}

function referenceOf(pod: Pod): Json {
  return { kind: 'Pod', name: pod.metadata.name, namespace: namespaceOf(pod), uid: uidOf(pod) };
}
