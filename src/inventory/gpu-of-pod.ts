import { sumOf } from './counts.ts';
import type { DraSnapshot } from './dra/types.ts';
import type { PodView } from './types.ts';

/**
 * GPUs that a pod was made to use, placed or not: what it requests of device plugins, and what its resource claims hold or wait for.
 * A claim that it shares counts in full; a request that a claim of the scheduler meets counts as the request.
 */
export function gpusOfPod(pod: PodView, dra: DraSnapshot | undefined): number {
  const claims = (pod.claims ?? []).flatMap((name) => dra?.claims.get(`${pod.namespace}/${name}`) ?? []);
  return sumOf(pod.gpus) + claims.reduce((sum, claim) => sum + claim.devices.length + sumOf(claim.wanted), 0);
}
