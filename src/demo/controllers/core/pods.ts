import type { KubeObject } from '../../../kube/model/types.ts';
import { arrayAt, isTerminating, labelsOf, numberAt, stringAt, type Json } from './objects.ts';

export function phaseOf(pod: KubeObject): string {
  return stringAt(pod, 'status', 'phase') ?? 'Pending';
}

export function isFinished(pod: KubeObject): boolean {
  const phase = phaseOf(pod);
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Counts as a replica: neither finished nor on its way out. */
export function isActive(pod: KubeObject): boolean {
  return !isFinished(pod) && !isTerminating(pod);
}

export function isReady(pod: KubeObject): boolean {
  return conditionOf(pod, 'Ready')?.['status'] === 'True';
}

/** Ready for at least so many seconds. */
export function isAvailable(pod: KubeObject, minReadySeconds: number, now: number): boolean {
  if (!isReady(pod)) return false;
  const since = Date.parse(stringAt(conditionOf(pod, 'Ready'), 'lastTransitionTime') ?? '');
  return minReadySeconds === 0 || since + minReadySeconds * 1000 <= now;
}

export function conditionOf(object: KubeObject, type: string): Json | undefined {
  return arrayAt(object, 'status', 'conditions').find(
    (condition): condition is Json => stringAt(condition, 'type') === type,
  );
}

export function nodeNameOf(pod: KubeObject): string {
  return stringAt(pod, 'spec', 'nodeName') ?? '';
}

/** Whether a container of a live pod has been started again. */
export function hasRestarted(pod: KubeObject): boolean {
  if (isFinished(pod)) return false;
  return ['containerStatuses', 'initContainerStatuses'].some((list) =>
    arrayAt(pod, 'status', list).some((status) => (numberAt(status, 'restartCount') ?? 0) > 0),
  );
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
