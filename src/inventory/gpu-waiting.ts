import { addTo, sumOf, type Counts } from './counts.ts';
import type { ClaimView } from './dra/types.ts';
import { gpuPodsByNode, NO_NODE } from './gpu-pods.ts';
import type { InventorySnapshot, PodView } from './types.ts';

/** A pod that no node has been found for, and the GPUs that it waits for. */
export interface WaitingPod {
  readonly pod: PodView;
  /** A claim that several pods wait for is counted with the first of them. */
  readonly wants: Counts;
}

/** Pods without a node that want GPUs, by device plugin or by a claim that is not allocated yet, in the order of their keys. */
export function waitingPods(snapshot: InventorySnapshot): readonly WaitingPod[] {
  const counted = new Set<ClaimView>();
  const waiting: WaitingPod[] = [];
  for (const pod of gpuPodsByNode(snapshot).get(NO_NODE) ?? []) {
    const claims = (pod.claims ?? [])
      .flatMap((name) => snapshot.dra?.claims.get(`${pod.namespace}/${name}`) ?? [])
      .filter((claim) => sumOf(claim.wanted) > 0);
    const wants: Record<string, number> = {};
    addTo(wants, pod.gpus);
    for (const claim of claims) {
      if (counted.has(claim)) continue;
      counted.add(claim);
      addTo(wants, claim.wanted);
    }
    if (claims.length > 0 || sumOf(wants) > 0) waiting.push({ pod, wants });
  }
  return waiting;
}
