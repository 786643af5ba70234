import { arrayAt, at, isObject, numberAt, stringAt } from '../../../base/json.ts';
import type { ApiObject } from '../base/object.ts';
import { ageOf, none, orNone, pairs, type Printer } from './cells.ts';

const shownEndpoints = 3;

export const serviceCells: Readonly<Record<string, Printer>> = {
  services: (service, now) => [
    service.metadata.name,
    stringAt(service, 'spec', 'type') ?? 'ClusterIP',
    orNone(stringAt(service, 'spec', 'clusterIP')),
    externalIp(service),
    orNone(arrayAt(service, 'spec', 'ports').map(servicePort).join(',')),
    ageOf(service, now),
    pairs(at(service, 'spec', 'selector')),
  ],
  endpoints: (endpoints, now) => [
    endpoints.metadata.name,
    shortList(endpointAddresses(endpoints)),
    ageOf(endpoints, now),
  ],
  'endpointslices.discovery.k8s.io': (slice, now) => [
    slice.metadata.name,
    stringAt(slice, 'addressType') ?? '',
    orNone(
      arrayAt(slice, 'ports')
        .map((port) => String(numberAt(port, 'port') ?? '*'))
        .join(','),
    ),
    shortList(
      arrayAt(slice, 'endpoints')
        .flatMap((endpoint) => arrayAt(endpoint, 'addresses'))
        .map(String),
      '<unset>',
    ),
    ageOf(slice, now),
  ],
  'ingresses.networking.k8s.io': (ingress, now) => [
    ingress.metadata.name,
    orNone(stringAt(ingress, 'spec', 'ingressClassName')),
    arrayAt(ingress, 'spec', 'rules')
      .map((rule) => stringAt(rule, 'host') ?? '*')
      .join(',') || '*',
    arrayAt(ingress, 'status', 'loadBalancer', 'ingress')
      .map((entry) => stringAt(entry, 'ip') ?? stringAt(entry, 'hostname') ?? '')
      .join(','),
    arrayAt(ingress, 'spec', 'tls').length > 0 ? '80, 443' : '80',
    ageOf(ingress, now),
  ],
};

function externalIp(service: ApiObject): string {
  const external = arrayAt(service, 'spec', 'externalIPs').map(String);
  switch (stringAt(service, 'spec', 'type')) {
    case 'ExternalName':
      return stringAt(service, 'spec', 'externalName') ?? none;
    case 'LoadBalancer': {
      const balancers = arrayAt(service, 'status', 'loadBalancer', 'ingress').map(
        (entry) => stringAt(entry, 'ip') ?? stringAt(entry, 'hostname') ?? '',
      );
      return [...balancers, ...external].join(',') || '<pending>';
    }
    default:
      return orNone(external.join(','));
  }
}

function servicePort(port: unknown): string {
  const nodePort = numberAt(port, 'nodePort') ?? 0;
  return `${numberAt(port, 'port') ?? 0}${nodePort > 0 ? `:${nodePort}` : ''}/${stringAt(port, 'protocol') ?? 'TCP'}`;
}

function endpointAddresses(endpoints: ApiObject): readonly string[] {
  return arrayAt(endpoints, 'subsets')
    .filter(isObject)
    .flatMap((subset) => {
      const addresses = arrayAt(subset, 'addresses').map((address) => stringAt(address, 'ip') ?? '');
      const ports = arrayAt(subset, 'ports').map((port) => numberAt(port, 'port') ?? 0);
      return ports.length === 0 ? addresses : ports.flatMap((port) => addresses.map((address) => `${address}:${port}`));
    });
}

function shortList(items: readonly string[], empty: string = none): string {
  if (items.length === 0) return empty;
  const shown = items.slice(0, shownEndpoints).join(',');
  return items.length > shownEndpoints ? `${shown} + ${items.length - shownEndpoints} more...` : shown;
}
