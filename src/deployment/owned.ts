import { labels, manager } from '../base/labels.ts';
import type { KubeClient } from '../kube/types.ts';
import type { KubeObject, ResourceType } from '../kube/model/types.ts';

/** Kinds that a deployment of ours may hold, in the order in which they are deleted: traffic first, then the models. */
const kinds: readonly { readonly apiVersion: string; readonly kind: string }[] = [
  { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
  { apiVersion: 'inference.networking.k8s.io/v1', kind: 'InferencePool' },
  { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' },
  { apiVersion: 'leaderworkerset.x-k8s.io/v1', kind: 'LeaderWorkerSet' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'v1', kind: 'Service' },
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role' },
  { apiVersion: 'v1', kind: 'ServiceAccount' },
];

export interface OwnedObject {
  readonly resource: ResourceType;
  readonly object: KubeObject;
}

/** Selects what this owner deployed with the Workbench, and nothing else. */
export function ownSelector(owner: string, deployment?: string): string {
  const base = `${labels.managedBy}=${manager},${labels.owner}=${owner}`;
  return deployment === undefined ? `${base},${labels.deployment}` : `${base},${labels.deployment}=${deployment}`;
}

/** Selects what the Workbench deployed under this name for anybody. */
export function anyonesSelector(deployment: string): string {
  return `${labels.managedBy}=${manager},${labels.deployment}=${deployment}`;
}

/**
 * Every object of a deployment in the namespace; a kind that the cluster does not serve holds none. What a controller made of
 * them goes with them, and is left out.
 */
export async function listDeployed(
  client: KubeClient,
  labelSelector: string,
  signal: AbortSignal,
): Promise<readonly OwnedObject[]> {
  const lists = await Promise.all(
    kinds.map(async ({ apiVersion, kind }) => {
      const resource = await client.resourceOf(apiVersion, kind, signal);
      if (!resource) return [];
      const objects = await client.list(resource, { namespace: client.cluster.namespace, labelSelector, signal });
      return objects
        .filter((object) => (object.metadata.ownerReferences ?? []).length === 0)
        .map((object) => ({ resource, object }));
    }),
  );
  return lists.flat();
}
