import { isDeepStrictEqual } from 'node:util';
import type { Disposable } from '../../base/disposables.ts';
import type { Event } from '../../base/events.ts';
import type { ClusterRef } from '../../kube/types.ts';
import type { Inventory } from '../types.ts';
import { isBehind } from './phases.ts';
import { phaseText } from './phase-text.ts';
import { ServerPods } from './servers.ts';
import type { Cause, LoadingPhase, LoadWatcher } from './types.ts';

/** What the logs tell of one deployment while it loads. */
export interface DeploymentLoading {
  /** `weights 61 %`: its slowest rank that is not ready. Undefined while no log says anything. */
  readonly phase: string | undefined;
  readonly crashes: readonly { readonly pod: string; readonly times: number; readonly cause: Cause | undefined }[];
}

/** The phases of deployments of one owner, for who waits for them. */
export interface DeploymentLoads {
  /** Logs are followed while somebody holds one. */
  lease(): Disposable;
  /** At most twice a second. */
  readonly onDidChange: Event<void>;
  /** Nothing is known of a cluster that is not the chosen one. */
  of(cluster: ClusterRef, deployment: string): DeploymentLoading;
}

export function deploymentLoads(watcher: LoadWatcher, inventory: Inventory, owner: string): DeploymentLoads {
  const mine = new ServerPods(owner);
  return {
    lease: () => watcher.lease(),
    onDidChange: watcher.onDidChange,
    of(cluster, deployment) {
      const { snapshot } = inventory;
      if (snapshot === undefined || !isDeepStrictEqual({ ...snapshot.cluster, namespace: cluster.namespace }, cluster))
        return { phase: undefined, crashes: [] };
      const { snapshot: phases, crashes } = watcher;
      const pods = mine
        .of(snapshot)
        .values()
        .filter(({ pod, deployment: name }) => pod.namespace === cluster.namespace && name === deployment)
        .map(({ pod }) => pod)
        .toArray();
      const slowest = slowestPhase(pods.flatMap(({ key }) => phases.get(key) ?? []));
      return {
        phase: slowest && phaseText(slowest),
        crashes: pods.flatMap(({ key, name }) => {
          const crash = crashes.get(key);
          return crash === undefined ? [] : [{ pod: name, times: crash.times, cause: crash.evidence.cause }];
        }),
      };
    },
  };
}

/** The one that a deployment waits for. */
export function slowestPhase(phases: readonly LoadingPhase[]): LoadingPhase | undefined {
  const [first, ...others] = phases;
  return first && others.reduce((slowest, each) => (isBehind(each, slowest) ? each : slowest), first);
}
