import type { Deployment } from '../../../kube/model/kinds.ts';
import { timestamp, withCondition, withUpdatedCondition } from '../core/conditions.ts';
import { withCounts } from '../core/counts.ts';
import { arrayAt, at, generationOf, numberAt, replicasOf, statusOf, stringAt, type Json } from '../core/objects.ts';

/** What a deployment's ReplicaSets add up to. */
export interface DeploymentState {
  /** Name of the present template's set. */
  readonly current: string | undefined;
  readonly created: boolean;
  readonly replicas: number;
  readonly ready: number;
  readonly available: number;
  readonly updated: number;
  /** Pods that still end; a count that is told even when it is none. */
  readonly terminating: number;
  /** Pods that must be available for the deployment to be. */
  readonly least: number;
}

export interface DeploymentReport {
  readonly status: Json;
  /** When the progress deadline passes. */
  readonly lookAgainMs: number | undefined;
}

export function deploymentStatus(deployment: Deployment, state: DeploymentState, now: number): DeploymentReport {
  const before = statusOf(deployment);
  const wanted = replicasOf(deployment);
  const counts = withCounts(before, {
    replicas: state.replicas,
    updatedReplicas: state.updated,
    readyReplicas: state.ready,
    availableReplicas: state.available,
    unavailableReplicas: Math.max(Math.max(state.replicas, wanted) - state.available, 0),
  });
  const available = state.available >= state.least;
  const conditions = withUpdatedCondition(
    arrayAt(before, 'conditions'),
    available
      ? {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
        }
      : {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        },
    now,
  );
  const progress = progressOf(deployment, state, now);
  return {
    status: {
      ...counts,
      terminatingReplicas: state.terminating,
      observedGeneration: generationOf(deployment),
      conditions: progress.set(conditions),
    },
    lookAgainMs: progress.lookAgainMs,
  };
}

interface Progress {
  readonly set: (conditions: readonly unknown[]) => readonly unknown[];
  readonly lookAgainMs: number | undefined;
}

function progressOf(deployment: Deployment, state: DeploymentState, now: number): Progress {
  const known = arrayAt(deployment, 'status', 'conditions').find(
    (condition) => stringAt(condition, 'type') === 'Progressing',
  );
  const name = state.current ?? '';
  const wanted = replicasOf(deployment);
  const progressing =
    (status: 'True' | 'False' | 'Unknown', reason: string, message: string, moved: boolean): Progress['set'] =>
    (conditions) =>
      moved
        ? withCondition(conditions, { type: 'Progressing', status, reason, message }, now, {
            lastUpdateTime: timestamp(now),
          })
        : withUpdatedCondition(conditions, { type: 'Progressing', status, reason, message }, now);

  if (at(deployment, 'spec', 'paused') === true)
    return { set: progressing('Unknown', 'DeploymentPaused', 'Deployment is paused', false), lookAgainMs: undefined };
  if (state.updated === wanted && state.replicas === wanted && state.available === wanted) {
    return {
      set: progressing('True', 'NewReplicaSetAvailable', `ReplicaSet "${name}" has successfully progressed.`, false),
      lookAgainMs: undefined,
    };
  }
  const deadlineMs = (numberAt(deployment, 'spec', 'progressDeadlineSeconds') ?? 600) * 1000;
  if (state.created)
    return {
      set: progressing('True', 'NewReplicaSetCreated', `Created new replica set "${name}"`, true),
      lookAgainMs: deadlineMs,
    };
  const before = statusOf(deployment);
  const moved =
    state.updated > (numberAt(before, 'updatedReplicas') ?? 0) ||
    state.ready > (numberAt(before, 'readyReplicas') ?? 0) ||
    state.available > (numberAt(before, 'availableReplicas') ?? 0) ||
    state.replicas - state.updated < (numberAt(before, 'replicas') ?? 0) - (numberAt(before, 'updatedReplicas') ?? 0);
  if (moved || known === undefined)
    return {
      set: progressing('True', 'ReplicaSetUpdated', `ReplicaSet "${name}" is progressing.`, true),
      lookAgainMs: deadlineMs,
    };
  // A rollout that was done and only lost a pod is not timed.
  if (stringAt(known, 'reason') === 'NewReplicaSetAvailable')
    return { set: (conditions) => conditions, lookAgainMs: undefined };
  const left = Date.parse(stringAt(known, 'lastUpdateTime') ?? '') + deadlineMs - now;
  if (left <= 0)
    return {
      set: progressing('False', 'ProgressDeadlineExceeded', `ReplicaSet "${name}" has timed out progressing.`, false),
      lookAgainMs: undefined,
    };
  return { set: (conditions) => conditions, lookAgainMs: left };
}
