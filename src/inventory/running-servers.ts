import { identify } from './identity.ts';
import { apiServerPorts } from './ports.ts';
import type { Inventory, InventorySnapshot, Role } from './types.ts';
import type { ClusterRef } from '../kube/types.ts';

/** A model-server pod that runs and can be called. */
export interface RunningServer {
  readonly deployment: string;
  readonly role: Role;
  readonly pod: string;
  readonly ip: string;
  /** Ports of its vLLM API servers, never those of a routing proxy. */
  readonly ports: readonly number[];
}

/** The owner's running model servers of one namespace. */
export function runningServers(
  snapshot: InventorySnapshot,
  owner: string,
  namespace: string,
): readonly RunningServer[] {
  return snapshot.pods
    .values()
    .filter((pod) => pod.namespace === namespace && pod.phase === 'Running' && !pod.deleting)
    .flatMap((pod) => {
      const identity = identify(pod);
      const ports = apiServerPorts(pod);
      if (identity?.owner !== owner || pod.ip === undefined || ports.length === 0) return [];
      return [{ deployment: identity.deployment ?? '', role: identity.role, pod: pod.name, ip: pod.ip, ports }];
    })
    .toArray()
    .toSorted((a, b) => a.pod.localeCompare(b.pod, 'en', { numeric: true }));
}

/** A complete snapshot of this very cluster, or undefined when the window looks at another one by now. */
export async function snapshotOf(
  inventory: Inventory,
  cluster: ClusterRef,
  signal: AbortSignal,
): Promise<InventorySnapshot | undefined> {
  const lease = inventory.lease();
  try {
    const snapshot = await inventory.whenComplete(signal);
    return snapshot.cluster.context === cluster.context && snapshot.cluster.server === cluster.server
      ? snapshot
      : undefined;
  } finally {
    lease.dispose();
  }
}
