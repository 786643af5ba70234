import { identify } from '../identity.ts';
import { serverContainer } from '../ports.ts';
import type { ContainerView, InventorySnapshot, PodView } from '../types.ts';

/** One of my model-server pods with its place. */
export interface ServerPod {
  readonly pod: PodView;
  readonly container: ContainerView;
  readonly deployment: string | undefined;
  /** Tells the group apart from every other one of the cluster. */
  readonly group: string;
  readonly rank: number | undefined;
}

/** My model servers by pod key, whatever state they are in. */
export function serverPods(snapshot: InventorySnapshot, owner: string): ReadonlyMap<string, ServerPod> {
  return new Map(
    snapshot.pods.values().flatMap((pod) => {
      const identity = identify(pod);
      if (identity?.owner !== owner || identity.role === 'routing') return [];
      const container = serverContainer(pod);
      if (container === undefined) return [];
      const group = identity.group === undefined ? pod.name : `${identity.set}/${identity.group}`;
      return [[pod.key, { pod, container, deployment: identity.deployment, group: `${pod.namespace}/${group}`, rank: identity.rank }] as const];
    }),
  );
}

/** Whether its log tells of a start-up that goes on. */
export function isLoading({ pod }: ServerPod): boolean {
  return pod.phase === 'Running' && !pod.ready && !pod.deleting;
}

/** Runs of the container that ended in a crash, as far as Kubernetes counts them; one that was asked to end did not crash. */
export function crashedRuns({ pod, container }: ServerPod): number {
  const ended = !pod.deleting && container.exitCode !== undefined && container.exitCode !== 0;
  return Math.max(container.restarts, ended ? 1 : 0);
}
