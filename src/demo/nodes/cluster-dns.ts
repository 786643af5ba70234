import { arrayAt, at, isObject, numberAt, stringAt } from '../../base/json.ts';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { Services } from '../../kube/resources.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { KubeObject, ResourceType } from '../../kube/model/types.ts';
import { mapSink } from './map-sink.ts';
import type { Endpoint, NameResolver } from './network.ts';

const EndpointSlices: ResourceType = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};

const clusterDomain = ['svc', 'cluster', 'local'];

interface ServicePort {
  readonly port: number;
  readonly name: string;
}

interface ServiceEntry {
  readonly clusterIp: string | undefined;
  readonly ports: readonly ServicePort[];
}

interface SliceEndpoint {
  readonly ip: string;
  readonly hostname: string | undefined;
  readonly ready: boolean;
}

interface Slice {
  readonly service: string;
  readonly ports: ReadonlyMap<string, number>;
  readonly endpoints: readonly SliceEndpoint[];
}

/**
 * Resolves names as cluster DNS and kube-proxy do, from Services and EndpointSlices:
 * `svc`, `svc.ns`, `svc.ns.svc`, `svc.ns.svc.cluster.local`, and `pod.svc…` of headless Services. Ready endpoints take turns.
 */
export class ClusterDns implements NameResolver, Disposable {
  readonly #services = new Map<string, ServiceEntry>();
  readonly #slices = new Map<string, Slice>();
  readonly #turns = new Map<string, number>();
  readonly #watches = new DisposableStore();

  constructor(client: Pick<KubeClient, 'watch'>) {
    this.#watches.add(client.watch({ resource: Services, project: readService, sink: mapSink(this.#services) }));
    this.#watches.add(client.watch({ resource: EndpointSlices, project: readSlice, sink: mapSink(this.#slices) }));
  }

  resolve(host: string, port: number, namespace: string): Endpoint | 'unknown-name' | 'no-endpoint' {
    const byIp = this.#services.entries().find(([, service]) => service.clusterIp === host);
    if (byIp !== undefined) return this.#balance(byIp[0], byIp[1], port);
    for (const { service, pod } of candidates(host, namespace)) {
      const entry = this.#services.get(service);
      if (entry === undefined) continue;
      if (pod !== undefined) {
        const named = this.#endpoints(service).find((endpoint) => endpoint.hostname === pod);
        if (named !== undefined) return { ip: named.ip, port };
        continue;
      }
      return this.#balance(service, entry, port);
    }
    return 'unknown-name';
  }

  dispose(): void {
    this.#watches.dispose();
  }

  #endpoints(service: string): readonly SliceEndpoint[] {
    return this.#slices
      .values()
      .filter((slice) => slice.service === service)
      .toArray()
      .flatMap((slice) => slice.endpoints.filter((endpoint) => endpoint.ready));
  }

  #balance(service: string, entry: ServiceEntry, port: number): Endpoint | 'unknown-name' | 'no-endpoint' {
    // A headless Service is only a name: DNS answers with pod IPs and the port stays the caller's.
    if (entry.clusterIp === undefined) {
      const endpoints = this.#endpoints(service);
      const chosen = endpoints[this.#turn(service, endpoints.length)];
      return chosen === undefined ? 'unknown-name' : { ip: chosen.ip, port };
    }
    const portName = entry.ports.find((candidate) => candidate.port === port)?.name;
    if (portName === undefined) return 'no-endpoint';
    const targets: Endpoint[] = [];
    for (const slice of this.#slices.values()) {
      const target = slice.service === service ? slice.ports.get(portName) : undefined;
      if (target === undefined) continue;
      for (const endpoint of slice.endpoints) if (endpoint.ready) targets.push({ ip: endpoint.ip, port: target });
    }
    return targets[this.#turn(service, targets.length)] ?? 'no-endpoint';
  }

  #turn(service: string, of: number): number {
    const turn = this.#turns.get(service) ?? 0;
    this.#turns.set(service, turn + 1);
    return of === 0 ? 0 : turn % of;
  }
}

interface Candidate {
  /** `namespace/name`. */
  readonly service: string;
  readonly pod?: string;
}

/** What a name can mean, in the order of a pod's DNS search list. */
function candidates(host: string, namespace: string): readonly Candidate[] {
  let labels = host.replace(/\.$/, '').split('.');
  for (let length = clusterDomain.length; length > 0; length -= 1) {
    const suffix = clusterDomain.slice(0, length);
    if (labels.length > length && suffix.every((label, index) => labels[labels.length - length + index] === label)) {
      labels = labels.slice(0, -length);
      break;
    }
  }
  const [first, second, third] = labels;
  if (first === undefined || labels.length > 3) return [];
  if (second === undefined) return [{ service: `${namespace}/${first}` }];
  if (third === undefined)
    return [{ service: `${second}/${first}` }, { service: `${namespace}/${second}`, pod: first }];
  return [{ service: `${third}/${second}`, pod: first }];
}

function readService(object: KubeObject): ServiceEntry {
  const clusterIp = stringAt(object, 'spec', 'clusterIP');
  return {
    clusterIp: clusterIp === undefined || clusterIp === 'None' || clusterIp === '' ? undefined : clusterIp,
    ports: arrayAt(object, 'spec', 'ports').flatMap((port) => {
      const number = numberAt(port, 'port');
      return number === undefined ? [] : [{ port: number, name: stringAt(port, 'name') ?? '' }];
    }),
  };
}

function readSlice(object: KubeObject): Slice | undefined {
  const service = object.metadata.labels?.['kubernetes.io/service-name'];
  if (service === undefined) return undefined;
  const ports = new Map<string, number>();
  for (const port of arrayAt(object, 'ports')) {
    const number = numberAt(port, 'port');
    if (number !== undefined) ports.set(stringAt(port, 'name') ?? '', number);
  }
  const endpoints = arrayAt(object, 'endpoints')
    .filter(isObject)
    .flatMap((endpoint) =>
      arrayAt(endpoint, 'addresses')
        .filter((ip) => typeof ip === 'string')
        .map((ip) => ({
          ip,
          hostname: stringAt(endpoint, 'hostname'),
          ready: at(endpoint, 'conditions', 'ready') !== false,
        })),
    );
  return { service: `${object.metadata.namespace ?? ''}/${service}`, ports, endpoints };
}
