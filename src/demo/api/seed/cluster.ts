import { permanentNamespaces } from '../admission/namespaces.ts';
import { kubernetesServiceIp } from '../admission/services.ts';
import { systemWrite } from '../controllers/system.ts';
import type { ApiCore } from '../verbs/core.ts';
import { splitGroupVersion, type ApiObject } from '../base/object.ts';
import { keyOf } from '../storage/store.ts';

/** Creates an object through the usual door unless it is there already (a state that was loaded). */
export function ensure(core: ApiCore, object: ApiObject): void {
  const { group, version } = splitGroupVersion(object.apiVersion);
  const resource = core.registry.findKind(group, version, object.kind);
  if (resource === undefined)
    throw new Error(`the seed holds a ${object.apiVersion} ${object.kind}, which is not served`);
  const { namespace, name } = object.metadata;
  if (core.store.get(resource.collection, keyOf(namespace, name)) === undefined)
    core.writer.create(resource, namespace, object, systemWrite);
}

/** What every cluster has before anyone uses it. */
export function seedCluster(core: ApiCore, roles: readonly ApiObject[], port: number): void {
  for (const name of [...permanentNamespaces, 'kube-node-lease'])
    ensure(core, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  ensure(core, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: kubernetesServiceIp,
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
    },
  });
  ensure(core, {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'system-cluster-critical' },
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  });
  ensure(core, {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'system-node-critical' },
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  });
  for (const object of roles) ensure(core, object);
}
