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
      ...(typeof ports['clusterIP'] === 'string' && ports['clusterIP'] !== ''
        ? { clusterIPs: ports['clusterIPs'] ?? [ports['clusterIP']] }
        : {}),
      ...(ports['type'] === 'NodePort' || ports['type'] === 'LoadBalancer'
        ? { externalTrafficPolicy: ports['externalTrafficPolicy'] ?? 'Cluster' }
        : {}),
      ...(ports['type'] === 'LoadBalancer'
        ? { allocateLoadBalancerNodePorts: ports['allocateLoadBalancerNodePorts'] ?? true }
        : {}),
      ...(ports['sessionAffinity'] === 'ClientIP'
        ? { sessionAffinityConfig: ports['sessionAffinityConfig'] ?? { clientIP: { timeoutSeconds: 10_800 } } }
        : {}),
    };
  });
}

/** Text that was given as `stringData` is stored as base64 `data`; it is never read back. */
export function secretDefaults(secret: Json): Json {
  const { stringData, ...rest } = secret;
  const filled = fill(rest, { type: 'Opaque' });
  if (!isObject(stringData)) return filled;
  const encoded = Object.entries(stringData).map(
    ([key, text]) => [key, Buffer.from(String(text)).toString('base64')] as const,
  );
  return { ...filled, data: { ...(isObject(rest['data']) ? rest['data'] : {}), ...Object.fromEntries(encoded) } };
}

export function namespaceDefaults(namespace: Json): Json {
  const labelled = within(namespace, 'metadata', (metadata) =>
    typeof metadata['name'] === 'string'
      ? { ...metadata, labels: { ...fill(metadata['labels'], {}), 'kubernetes.io/metadata.name': metadata['name'] } }
      : metadata,
  );
  return { ...labelled, status: fill(labelled['status'], { phase: 'Active' }) };
}

export function nodeDefaults(node: Json): Json {
  return within(node, 'status', (status) =>
    status['allocatable'] === undefined && isObject(status['capacity'])
      ? { ...status, allocatable: status['capacity'] }
      : status,
  );
}

export function volumeDefaults(volume: Json): Json {
  const filled = within(volume, 'spec', (spec) =>
    fill(spec, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' }),
  );
  return { ...filled, status: fill(filled['status'], { phase: 'Pending' }) };
}

export function storageClassDefaults(storageClass: Json): Json {
  return fill(storageClass, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
}

/** Webhooks of either kind; only those that change objects may be asked again. */
export function webhookDefaults(configuration: Json): Json {
  const changes = configuration['kind'] === 'MutatingWebhookConfiguration';
  return each(configuration, 'webhooks', (webhook) => {
    const filled = fill(webhook, {
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      timeoutSeconds: 10,
      ...(changes ? { reinvocationPolicy: 'Never' } : {}),
    });
    return each(
      within(filled, 'clientConfig', (client) => within(client, 'service', (service) => fill(service, { port: 443 }))),
      'rules',
      (rule) => fill(rule, { scope: '*' }),
    );
  });
}

/** Admission policies of either kind, and what they look at. */
export function policyDefaults(policy: Json): Json {
  return within(policy, 'spec', (spec) =>
    within(fill(spec, { failurePolicy: 'Fail' }), 'matchConstraints', (matches) =>
      each(
        fill(matches, { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} }),
        'resourceRules',
        (rule) => fill(rule, { scope: '*' }),
      ),
    ),
  );
}

const CPU_SHARE = 80;

/** Of both versions: the older one has a field for the share of cpu, the newer one a list of metrics. */
export function autoscalerDefaults(autoscaler: Json): Json {
  return within(autoscaler, 'spec', (spec) => {
    const filled = fill(spec, { minReplicas: 1 });
    if (autoscaler['apiVersion'] === 'autoscaling/v1')
      return isObject(autoscaler['metadata']) && isObject(autoscaler['metadata']['annotations'])
        ? filled
        : fill(filled, { targetCPUUtilizationPercentage: CPU_SHARE });
    return within(
      fill(filled, {
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: CPU_SHARE } },
          },
        ],
      }),
      'behavior',
      behaviorDefaults,
    );
  });
}

/** Up at once, by four pods or by as many as there are; down by all that are too many. */
function behaviorDefaults(behavior: Json): Json {
  const wholly = { type: 'Percent', value: 100, periodSeconds: 15 };
  return {
    scaleUp: fill(behavior['scaleUp'], {
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Max',
      policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, wholly],
    }),
    scaleDown: fill(behavior['scaleDown'], { selectPolicy: 'Max', policies: [wholly] }),
  };
}

const RBAC_GROUP = 'rbac.authorization.k8s.io';

export function bindingDefaults(binding: Json): Json {
  const filled = within(binding, 'roleRef', (role) =>
    role['apiGroup'] === undefined || role['apiGroup'] === '' ? { ...role, apiGroup: RBAC_GROUP } : role,
  );
  return each(filled, 'subjects', (subject) =>
    subject['kind'] === 'ServiceAccount' ? subject : fill(subject, { apiGroup: RBAC_GROUP }),
  );
}

export function endpointSliceDefaults(slice: Json): Json {
  return each(slice, 'ports', (port) => fill(port, { name: '', protocol: 'TCP' }));
}
