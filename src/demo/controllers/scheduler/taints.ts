import type { Node, Pod } from '../../../kube/model/kinds.ts';
import { arrayAt, at, stringAt } from '../core/objects.ts';

export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: string;
}

export const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';

export function taintsOf(node: Node): readonly Taint[] {
  return arrayAt(node, 'spec', 'taints').map((taint) => ({
    key: stringAt(taint, 'key') ?? '',
    value: stringAt(taint, 'value') ?? '',
    effect: stringAt(taint, 'effect') ?? '',
  }));
}

export function tolerates(pod: Pod, taint: Taint): boolean {
  return arrayAt(pod, 'spec', 'tolerations').some((toleration) => {
    const effect = stringAt(toleration, 'effect') ?? '';
    const key = stringAt(toleration, 'key') ?? '';
    const exists = stringAt(toleration, 'operator') === 'Exists';
    if (effect !== '' && effect !== taint.effect) return false;
    if (key === '') return exists;
    return key === taint.key && (exists || (stringAt(toleration, 'value') ?? '') === taint.value);
  });
}

/** The first taint that keeps the pod off the node. */
export function untoleratedTaint(pod: Pod, node: Node): Taint | undefined {
  return taintsOf(node).find(
    (taint) => (taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') && !tolerates(pod, taint),
  );
}

/** A cordoned node takes no new pods but those that tolerate it. */
export function isCordonedFor(pod: Pod, node: Node): boolean {
  return (
    at(node, 'spec', 'unschedulable') === true &&
    !tolerates(pod, { key: UNSCHEDULABLE, value: '', effect: 'NoSchedule' })
  );
}
