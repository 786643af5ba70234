import type { Pod } from '../../../kube/model/kinds.ts';
import { conditionOf, containerStatuses, hasEnded, isDeleting, isReady } from '../../../kube/model/pod.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import { labelsOf, numberAt, stringAt } from './objects.ts';

export function phaseOf(pod: Pod): string {
  return stringAt(pod, 'status', 'phase') ?? 'Pending';
}

/** Counts as a replica: neither finished nor on its way out. */
export function isActive(pod: Pod): boolean {
  return !hasEnded(pod) && !isDeleting(pod);
}

/** Ready for at least so many seconds. */
export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  if (!isReady(pod)) return false;
  const since = Date.parse(stringAt(conditionOf(pod, 'Ready'), 'lastTransitionTime') ?? '');
  return minReadySeconds === 0 || since + minReadySeconds * 1000 <= now;
}

export function nodeNameOf(pod: Pod): string {
  return stringAt(pod, 'spec', 'nodeName') ?? '';
}

/** Whether a container of a live pod has been started again. */
export function hasRestarted(pod: Pod): boolean {
  if (hasEnded(pod)) return false;
  return containerStatuses(pod).some((status) => (numberAt(status, 'restartCount') ?? 0) > 0);
}

/** The number behind the last hyphen of a name, or undefined. */
export function ordinalOf(name: string): number | undefined {
  const match = /-(\d+)$/.exec(name);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

export function hasLabels(object: KubeObject, wanted: Readonly<Record<string, string>>): boolean {
  const labels = labelsOf(object);
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}
