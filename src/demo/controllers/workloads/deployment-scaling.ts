import type { KubeObject } from '../../../kube/model/types.ts';
import { scaledValue } from '../core/counts.ts';
import { annotationsOf, createdAt, jsonAt, numberAt, replicasOf } from '../core/objects.ts';

/** The deployment's number of replicas when a set was last scaled. */
export const DESIRED = 'deployment.kubernetes.io/desired-replicas';
/** The same with the surge. */
export const MOST = 'deployment.kubernetes.io/max-replicas';

export function maxSurge(deployment: KubeObject): number {
  const rolling = jsonAt(deployment, 'spec', 'strategy', 'rollingUpdate');
  return scaledValue(rolling['maxSurge'], replicasOf(deployment), 'up') ?? 0;
}

/** Whether the deployment was given another size since its sets were scaled; a rollout waits until they have followed. */
export function isResized(deployment: KubeObject, sets: readonly KubeObject[]): boolean {
  return activeOf(sets).some(
    (set) =>
      annotationsOf(set)[DESIRED] !== undefined && annotationsOf(set)[DESIRED] !== String(replicasOf(deployment)),
  );
}

/** What each set becomes: one alone gets all; several share what is added or taken in proportion to their sizes. */
export function resized(
  deployment: KubeObject,
  sets: readonly KubeObject[],
  current: KubeObject | undefined,
): readonly (readonly [set: KubeObject, replicas: number])[] {
  const active = activeOf(sets);
  const wanted = replicasOf(deployment);
  const [only] = active;
  if (only !== undefined && active.length === 1) return [[only, wanted]];
  if (current !== undefined && isSaturated(current, wanted))
    return active.filter((set) => set.metadata.uid !== current.metadata.uid).map((set) => [set, 0]);
  return jsonAt(deployment, 'spec', 'strategy')['type'] === 'Recreate' ? [] : inProportion(deployment, active);
}

function inProportion(
  deployment: KubeObject,
  active: readonly KubeObject[],
): readonly (readonly [set: KubeObject, replicas: number])[] {
  const wanted = replicasOf(deployment);
  const allowed = wanted > 0 ? wanted + maxSurge(deployment) : 0;
  const change = allowed - active.reduce((sum, set) => sum + replicasOf(set), 0);
  // The larger first; of equal ones the newer grows first and the older shrinks first.
  const ordered = active.toSorted(
    (left, right) =>
      replicasOf(right) - replicasOf(left) ||
      (change > 0 ? createdAt(right) - createdAt(left) : createdAt(left) - createdAt(right)),
  );
  let spread = 0;
  const sizes = ordered.map((set): [KubeObject, number] => {
    const share = shareOf(deployment, set, allowed, change - spread);
    spread += share;
    return [set, replicasOf(set) + share];
  });
  return sizes.map(([set, size], index) => [set, index === 0 ? Math.max(0, size + change - spread) : size]);
}

/** How many pods a set gains (or loses) as the whole goes from what it was to `allowed`; never more than `left`. */
function shareOf(deployment: KubeObject, set: KubeObject, allowed: number, left: number): number {
  if (left === 0) return 0;
  const before = Number(annotationsOf(set)[MOST] ?? numberAt(deployment, 'status', 'replicas') ?? 0);
  const share = before === 0 ? 0 : Math.round((replicasOf(set) * allowed) / before) - replicasOf(set);
  return left > 0 ? Math.min(share, left) : Math.max(share, left);
}

function isSaturated(current: KubeObject, wanted: number): boolean {
  return (
    replicasOf(current) === wanted &&
    annotationsOf(current)[DESIRED] === String(wanted) &&
    numberAt(current, 'status', 'availableReplicas') === wanted
  );
}

function activeOf(sets: readonly KubeObject[]): readonly KubeObject[] {
  return sets.filter((set) => replicasOf(set) > 0);
}
