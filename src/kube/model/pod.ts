import { arrayAt, stringAt } from '../../base/json.ts';
import type { Container, ContainerStatus, Job, Node, Pod, PodCondition } from './kinds.ts';

export function conditionOf(object: Pod | Node | Job, type: string): PodCondition | undefined {
  return arrayAt(object, 'status', 'conditions').find((condition) => stringAt(condition, 'type') === type);
}

/** Whether the Ready condition says so, as a Service asks of a pod; one that is being deleted may say so for a while. */
export function isReady(object: Pod | Node): boolean {
  return stringAt(conditionOf(object, 'Ready'), 'status') === 'True';
}

export function isDeleting({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** Ready, and not on its way out. */
export function isServing(pod: Pod): boolean {
  return isReady(pod) && !isDeleting(pod);
}

/** No container of it will ever run again. */
export function hasEnded(pod: Pod): boolean {
  const phase = stringAt(pod, 'status', 'phase');
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Where the scheduler found no node for it: the condition that tells why. */
export function unscheduled(pod: Pod): PodCondition | undefined {
  const condition = conditionOf(pod, 'PodScheduled');
  return stringAt(condition, 'status') === 'False' ? condition : undefined;
}

/** Those that do the pod's work first. */
export function containersOf(pod: Pod): readonly Container[] {
  return [...arrayAt(pod, 'spec', 'containers'), ...arrayAt(pod, 'spec', 'initContainers')];
}

/** Those of init containers first, as they come. */
export function containerStatuses(pod: Pod): readonly ContainerStatus[] {
  return [...arrayAt(pod, 'status', 'initContainerStatuses'), ...arrayAt(pod, 'status', 'containerStatuses')];
}
