import { arrayAt, at, stringAt } from '../../../base/json.ts';
import type { ApiObject } from '../base/object.ts';
import { ageOf, none, orNone } from './cells.ts';

const roleLabel = 'node-role.kubernetes.io/';

/** NAME STATUS ROLES AGE VERSION, INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION CONTAINER-RUNTIME. */
export function nodeCells(node: ApiObject, now: number): readonly unknown[] {
  const ready = arrayAt(node, 'status', 'conditions').find((condition) => stringAt(condition, 'type') === 'Ready');
  const status = ready === undefined ? 'Unknown' : stringAt(ready, 'status') === 'True' ? 'Ready' : 'NotReady';
  const cordoned = at(node, 'spec', 'unschedulable') === true ? ',SchedulingDisabled' : '';
  const info = (field: string): string => stringAt(node, 'status', 'nodeInfo', field) ?? '<unknown>';
  return [
    node.metadata.name,
    status + cordoned,
    roles(node),
    ageOf(node, now),
    stringAt(node, 'status', 'nodeInfo', 'kubeletVersion') ?? '',
    address(node, 'InternalIP'),
    address(node, 'ExternalIP'),
    info('osImage'),
    info('kernelVersion'),
    info('containerRuntimeVersion'),
  ];
}

function roles(node: ApiObject): string {
  const labels = node.metadata.labels ?? {};
  const found = Object.keys(labels)
    .filter((label) => label.startsWith(roleLabel) && label.length > roleLabel.length)
    .map((label) => label.slice(roleLabel.length));
  const old = labels['kubernetes.io/role'];
  return orNone([...new Set(old ? [...found, old] : found)].sort().join(','));
}

function address(node: ApiObject, type: string): string {
  return (
    stringAt(
      arrayAt(node, 'status', 'addresses').find((entry) => stringAt(entry, 'type') === type),
      'address',
    ) ?? none
  );
}
