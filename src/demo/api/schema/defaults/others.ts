import { isObject } from '../../../../base/json.ts';
import type { Json } from '../types.ts';
import { each, fill, within } from './fill.ts';

export function serviceDefaults(service: Json): Json {
  return within(service, 'spec', (spec) => {
    const filled = fill(spec, { type: 'ClusterIP', sessionAffinity: 'None' });
    const ports = each(filled, 'ports', (port) => fill(port, { protocol: 'TCP', targetPort: port['port'] }));
    if (ports['type'] === 'ExternalName') return ports;
    return {
      ...fill(ports, { internalTrafficPolicy: 'Cluster', ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }),
      ...(typeof ports['clusterIP'] === 'string' && ports['clusterIP'] !== '' ? { clusterIPs: ports['clusterIPs'] ?? [ports['clusterIP']] } : {}),
      ...(ports['type'] === 'NodePort' || ports['type'] === 'LoadBalancer' ? { externalTrafficPolicy: ports['externalTrafficPolicy'] ?? 'Cluster' } : {}),
      ...(ports['type'] === 'LoadBalancer' ? { allocateLoadBalancerNodePorts: ports['allocateLoadBalancerNodePorts'] ?? true } : {}),
      ...(ports['sessionAffinity'] === 'ClientIP' ? { sessionAffinityConfig: ports['sessionAffinityConfig'] ?? { clientIP: { timeoutSeconds: 10_800 } } } : {}),
    };
  });
}

/** Text that was given as `stringData` is stored as base64 `data`; it is never read back. */
export function secretDefaults(secret: Json): Json {
  const { stringData, ...rest } = secret;
  const filled = fill(rest, { type: 'Opaque' });
  if (!isObject(stringData)) return filled;
  const encoded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(String(text)).toString('base64')] as const);
  return { ...filled, data: { ...(isObject(rest['data']) ? rest['data'] : {}), ...Object.fromEntries(encoded) } };
}

export function namespaceDefaults(namespace: Json): Json {
  const labelled = within(namespace, 'metadata', (metadata) =>
    typeof metadata['name'] === 'string' ? { ...metadata, labels: { ...fill(metadata['labels'], {}), 'kubernetes.io/metadata.name': metadata['name'] } } : metadata);
  return { ...labelled, status: fill(labelled['status'], { phase: 'Active' }) };
}

export function nodeDefaults(node: Json): Json {
  return within(node, 'status', (status) => (status['allocatable'] === undefined && isObject(status['capacity']) ? { ...status, allocatable: status['capacity'] } : status));
}

export function volumeDefaults(volume: Json): Json {
  const filled = within(volume, 'spec', (spec) => fill(spec, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' }));
  return { ...filled, status: fill(filled['status'], { phase: 'Pending' }) };
}

export function storageClassDefaults(storageClass: Json): Json {
  return fill(storageClass, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
}

export function autoscalerDefaults(autoscaler: Json): Json {
  return within(autoscaler, 'spec', (spec) => fill(spec, { minReplicas: 1, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }] }));
}

const RBAC_GROUP = 'rbac.authorization.k8s.io';

export function bindingDefaults(binding: Json): Json {
  const filled = within(binding, 'roleRef', (role) => (role['apiGroup'] === undefined || role['apiGroup'] === '' ? { ...role, apiGroup: RBAC_GROUP } : role));
  return each(filled, 'subjects', (subject) => (subject['kind'] === 'ServiceAccount' ? subject : fill(subject, { apiGroup: RBAC_GROUP })));
}

export function endpointSliceDefaults(slice: Json): Json {
  return each(slice, 'ports', (port) => fill(port, { name: '', protocol: 'TCP' }));
}
