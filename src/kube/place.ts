import type { ClusterRef } from './types.ts';

/** `context/namespace`, as every message and confirmation names the place. */
export function placeOf(cluster: ClusterRef): string {
  return `${cluster.context}/${cluster.namespace}`;
}
