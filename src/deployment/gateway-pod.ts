import { isWorkbenchError, WorkbenchError } from '../base/errors.ts';
import { isServing } from '../kube/model/pod.ts';
import { Deployments, Gateways, Pods, ReplicaSets } from '../kube/resources.ts';
import type { KubeClient } from '../kube/types.ts';
import type { KubeObject, ResourceType } from '../kube/model/types.ts';

/** On everything that a gateway's controller makes for it. */
export const gatewayLabel = 'gateway.networking.k8s.io/gateway-name';

type Reader = Pick<KubeClient, 'cluster' | 'get' | 'list'>;

/**
 * The ready pod that a gateway is asked by; undefined while there is none. Anybody who may create pods can label one as the
 * gateway's, and what it answers would become words in the window and arguments of benchmarks. So only a pod counts that a
 * Deployment of the Gateway made: its ReplicaSet gives up or deletes what only says that it is its own. Rejects with
 * `invalid` where all ready ones are of that kind.
 */
export async function gatewayPod(client: Reader, gateway: string, signal: AbortSignal): Promise<string | undefined> {
  const { context, namespace } = client.cluster;
  const pods = (await client.list(Pods, { namespace, labelSelector: `${gatewayLabel}=${gateway}`, signal })).filter(
    isServing,
  );
  if (pods.length === 0) return undefined;
  const { uid } = (await client.get(Gateways, namespace, gateway, signal)).metadata;
  for (const pod of pods) {
    const replicaSet = await makerOf(client, pod, ReplicaSets, signal);
    const deployment = replicaSet && (await makerOf(client, replicaSet, Deployments, signal));
    // Not every controller of gateways says that it manages the Deployment; that it is the Gateway's they all say.
    if (deployment?.metadata.ownerReferences?.some((owner) => owner.kind === Gateways.kind && owner.uid === uid))
      return pod.metadata.name;
  }
  throw new WorkbenchError({
    code: 'invalid',
    message: `no pod that calls itself one of gateway ${gateway} in ${context}/${namespace} is: ${pods.map(({ metadata }) => metadata.name).join(', ')} ${pods.length === 1 ? 'bears' : 'bear'} its label, and the Gateway's Deployment did not make ${pods.length === 1 ? 'it' : 'them'}`,
    hint: `Look at who made ${pods.length === 1 ? 'it' : 'them'}: kubectl --context ${context} --namespace ${namespace} get pods --selector ${gatewayLabel}=${gateway} --output yaml`,
  });
}

/** The object of this kind that controls another, if it is still the same one. */
async function makerOf(
  client: Reader,
  { metadata }: KubeObject,
  resource: ResourceType,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const reference = metadata.ownerReferences?.find(
    ({ controller, kind }) => controller === true && kind === resource.kind,
  );
  if (reference === undefined) return undefined;
  try {
    const maker = await client.get(resource, client.cluster.namespace, reference.name, signal);
    return maker.metadata.uid === reference.uid ? maker : undefined;
  } catch (error) {
    if (isWorkbenchError(error, 'not-found')) return undefined;
    throw error;
  }
}
