import { WorkbenchError } from '../../base/errors.ts';
import { arrayAt, stringAt } from '../../base/json.ts';
import { labels } from '../../base/labels.ts';
import type { KubeClient } from '../../kube/types.ts';
import { effectiveGpus } from '../../kube/model/effective-request.ts';
import type { Pod } from '../../kube/model/kinds.ts';
import { hasEnded } from '../../kube/model/pod.ts';
import type { Endpoint } from '../../poker/types.ts';
import { Pods } from '../../kube/resources.ts';

export interface TargetPod {
  readonly name: string;
  readonly ip: string;
}

/** The pod that a recipe loads directly: by name, else the first decode pod. */
export async function targetPod(
  client: KubeClient,
  endpoint: Endpoint,
  name: string,
  signal: AbortSignal,
): Promise<TargetPod> {
  const { context, namespace } = client.cluster;
  const known = name === '' ? endpoint.decodePods[0] : endpoint.decodePods.find((pod) => pod.name === name);
  if (known) return known;
  if (name === '')
    throw new WorkbenchError({
      code: 'not-ready',
      message: `no decode pod with an address in ${context}/${namespace}`,
      hint: 'Wait until the deployment is ready, or name a pod.',
    });
  const ip = stringAt(await client.get(Pods, namespace, name, signal), 'status', 'podIP');
  if (ip === undefined || ip === '')
    throw new WorkbenchError({
      code: 'not-ready',
      message: `pod ${name} in ${context}/${namespace} has no address yet`,
      hint: 'Wait until it runs, or choose another pod.',
    });
  return { name, ip };
}

/** GPUs that the pods of a deployment ask for; null when none says so (as with claims of DRA). */
export async function deploymentGpus(
  client: KubeClient,
  deployment: string,
  signal: AbortSignal,
): Promise<number | null> {
  const pods = await client.list(Pods, {
    namespace: client.cluster.namespace,
    labelSelector: `${labels.deployment}=${deployment}`,
    signal,
  });
  return sumGpus(pods);
}

export async function podGpus(client: KubeClient, name: string, signal: AbortSignal): Promise<number | null> {
  return sumGpus([await client.get(Pods, client.cluster.namespace, name, signal)]);
}

function sumGpus(pods: readonly Pod[]): number | null {
  const counts = pods.filter((pod) => !hasEnded(pod)).flatMap((pod) => Object.values(effectiveGpus(pod.spec)));
  return counts.length > 0 ? counts.reduce((sum, count) => sum + count, 0) : null;
}

export function imageOf(pod: Pod): string | undefined {
  return stringAt(arrayAt(pod, 'spec', 'containers')[0], 'image');
}
