import { Groups } from '../groups.ts';
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

/** The one group. */
const MINE = 'mine';

/** The pods of one owner's model servers. Asked with every change of a cluster, it costs what changed. */
export class ServerPods {
  readonly #groups: Groups<PodView>;

  constructor(owner: string) {
    this.#groups = new Groups((pod) => {
      const identity = identify(pod);
      return identity?.owner === owner && identity.role !== 'routing' ? MINE : undefined;
    });
  }

  /** By pod key, whatever state they are in. */
  of({ pods }: InventorySnapshot): ReadonlyMap<string, ServerPod> {
    return new Map(
      (this.#groups.of(pods).get(MINE) ?? []).flatMap((pod) => {
        const server = serverOf(pod);
        return server ? [[pod.key, server] as const] : [];
      }),
    );
  }
}

function serverOf(pod: PodView): ServerPod | undefined {
  const identity = identify(pod);
  const container = serverContainer(pod);
  if (!identity || container === undefined) return undefined;
  const group = identity.group === undefined ? pod.name : `${identity.set}/${identity.group}`;
  return { pod, container, deployment: identity.deployment, group: `${pod.namespace}/${group}`, rank: identity.rank };
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
