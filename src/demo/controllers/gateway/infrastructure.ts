import { parse } from 'yaml';
import type { KubeObject } from '../../../kube/model/types.ts';
import {
  annotationsOf,
  arrayAt,
  controllerReference,
  jsonAt,
  labelsOf,
  namespaceOf,
  numberAt,
  stringAt,
  type Json,
  type NewObject,
} from '../core/objects.ts';
import { CLASS_LABEL, CLASS_NAME, deploymentName, GATEWAY_LABEL } from './model.ts';

const SERVICE_TYPE = 'networking.istio.io/service-type';
const STATUS_PORT = 15_021;
const PROXY_IMAGE = 'docker.io/istio/proxyv2:1.28.1';

/** What a gateway runs on: an account, a proxy and its service, all of one name. */
export function infrastructureOf(
  gateway: KubeObject,
  parameters: KubeObject | undefined,
): { account: NewObject; deployment: NewObject; service: NewObject } {
  const name = deploymentName(gateway.metadata.name);
  const labels = {
    [GATEWAY_LABEL]: gateway.metadata.name,
    [CLASS_LABEL]: CLASS_NAME,
    ...jsonAt(gateway, 'spec', 'infrastructure', 'labels'),
  };
  const metadata = {
    name,
    namespace: namespaceOf(gateway),
    labels: { ...labelsOf(gateway), ...labels },
    ownerReferences: [controllerReference(gateway)],
  };
  const selector = { [GATEWAY_LABEL]: gateway.metadata.name };
  return {
    account: { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    deployment: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: selector },
        template: {
          metadata: {
            labels: { ...labels, 'service.istio.io/canonical-name': name, 'sidecar.istio.io/inject': 'false' },
          },
          spec: { serviceAccountName: name, containers: [proxyContainer(gateway, parameters)] },
        },
      },
    },
    service: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        type: serviceType(gateway, parameters),
        selector,
        ports: [
          { name: 'status-port', port: STATUS_PORT, protocol: 'TCP', appProtocol: 'tcp' },
          ...listenerPorts(gateway),
        ],
      },
    },
  };
}

function proxyContainer(gateway: KubeObject, parameters: KubeObject | undefined): Json {
  const overlay = arrayAt(configured(parameters, 'deployment'), 'spec', 'template', 'spec', 'containers').find(
    (container) => stringAt(container, 'name') === 'istio-proxy',
  );
  const resources = jsonAt(overlay, 'resources');
  return {
    name: 'istio-proxy',
    image: PROXY_IMAGE,
    args: ['proxy', 'router', '--domain', '$(POD_NAMESPACE).svc.cluster.local'],
    env: [
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'ISTIO_META_GATEWAY_NAME', value: gateway.metadata.name },
    ],
    ports: [
      { name: 'metrics', containerPort: 15_020 },
      { name: 'status-port', containerPort: STATUS_PORT },
      { name: 'http-envoy-prom', containerPort: 15_090 },
    ],
    readinessProbe: { httpGet: { path: '/healthz/ready', port: STATUS_PORT }, periodSeconds: 15, failureThreshold: 4 },
    resources:
      Object.keys(resources).length > 0
        ? resources
        : { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '2', memory: '1Gi' } },
  };
}

function listenerPorts(gateway: KubeObject): Json[] {
  const seen = new Set<number>();
  return arrayAt(gateway, 'spec', 'listeners').flatMap((listener) => {
    const port = numberAt(listener, 'port');
    if (port === undefined || seen.has(port)) return [];
    seen.add(port);
    return [
      {
        name: stringAt(listener, 'name') ?? `port-${port}`,
        port,
        protocol: 'TCP',
        appProtocol: (stringAt(listener, 'protocol') ?? 'HTTP').toLowerCase(),
      },
    ];
  });
}

/** By annotation, by the parameters that the gateway names, else open to the outside. */
function serviceType(gateway: KubeObject, parameters: KubeObject | undefined): string {
  return (
    annotationsOf(gateway)[SERVICE_TYPE] ??
    stringAt(gateway, 'spec', 'infrastructure', 'annotations', SERVICE_TYPE) ??
    stringAt(configured(parameters, 'service'), 'spec', 'type') ??
    'LoadBalancer'
  );
}

/** A part of the parameters' config map, which holds overlays as YAML text. Text that is no YAML counts as none. */
function configured(parameters: KubeObject | undefined, part: 'service' | 'deployment'): unknown {
  const text = stringAt(parameters, 'data', part);
  if (text === undefined) return undefined;
  try {
    return parse(text) as unknown;
  } catch {
    return undefined;
  }
}
