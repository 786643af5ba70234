import type { ClusterRef } from '../kube/types.ts';
import { Groups } from './groups.ts';
import type { InventorySnapshot, PodView } from './types.ts';

/** The group of pods that no node has been found for. No node has this name. */
export const NO_NODE = '';

const groups = new WeakMap<ClusterRef, Groups<PodView>>();

/**
 * Pods that have not ended and request GPUs or use claims, by the node that they are bound to, in the order of their keys. A node's
 * list is the same array as long as it says the same. Good until the next call for the same cluster.
 */
export function gpuPodsByNode({ cluster, pods }: InventorySnapshot): ReadonlyMap<string, readonly PodView[]> {
  const known =
    groups.get(cluster) ??
    new Groups<PodView>((pod) => (hasEnded(pod) || !concernsGpus(pod) ? undefined : (pod.node ?? NO_NODE)));
  groups.set(cluster, known);
  return known.of(pods);
}

/** Pods that have ended give their GPUs back; a pod being deleted holds them until it is gone. */
function hasEnded(pod: PodView): boolean {
  return pod.phase === 'Succeeded' || pod.phase === 'Failed';
}

/** Whether a pod requests GPUs or uses claims, which may hold some. */
function concernsGpus(pod: PodView): boolean {
  if (pod.claims !== undefined || pod.extendedClaim !== undefined) return true;
  for (const name in pod.gpus) if (Object.hasOwn(pod.gpus, name)) return true;
  return false;
}
