import { arrayAt, at, stringAt, stringMapAt } from '../base/json.ts';
import { objectKey } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import { extendedClaim, podClaims } from './dra/project.ts';
import { effectiveGpus, gpuQuantities } from './effective-request.ts';
import { containerViews, reasonOf } from './project-containers.ts';
import { productOf } from './topology.ts';
import type { NodeView, PodView } from './types.ts';

/** Annotations may hold whole manifests; what we show is short. */
const LONGEST_ANNOTATION = 512;

export function projectNode(object: KubeObject): NodeView {
  const labels = object.metadata.labels ?? {};
  const { spec, status } = object;
  return {
    name: object.metadata.name,
    uid: object.metadata.uid ?? '',
    ready: conditionStatus(status, 'Ready') === 'True',
    schedulable: at(spec, 'unschedulable') !== true,
    internalIp: arrayAt(status, 'addresses').filter((address) => stringAt(address, 'type') === 'InternalIP').map((address) => stringAt(address, 'address'))[0],
    product: productOf(labels),
    allocatable: gpuQuantities(at(status, 'allocatable')),
    labels,
    taints: arrayAt(spec, 'taints').map((taint) => ({ key: stringAt(taint, 'key') ?? '', value: stringAt(taint, 'value') ?? '', effect: stringAt(taint, 'effect') ?? '' })),
    kubeletVersion: stringAt(status, 'nodeInfo', 'kubeletVersion'),
  };
}

export function projectPod(object: KubeObject): PodView {
  const { metadata, spec, status } = object;
  const containers = containerViews(spec, status);
  const owners = metadata.ownerReferences ?? [];
  const claims = podClaims(spec, status);
  const extended = extendedClaim(status);
  const pod = {
    key: objectKey(object),
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    phase: stringAt(status, 'phase') ?? 'Unknown',
    ready: conditionStatus(status, 'Ready') === 'True',
    deleting: metadata.deletionTimestamp !== undefined,
    node: stringAt(spec, 'nodeName') || undefined,
    ip: stringAt(status, 'podIP') || undefined,
    createdAt: metadata.creationTimestamp,
    startedAt: stringAt(status, 'startTime'),
    labels: metadata.labels ?? {},
    annotations: shortAnnotations(object),
    owner: owners.find((owner) => owner.controller === true) ?? owners[0],
    gpus: effectiveGpus(spec),
    ...(claims.length === 0 ? {} : { claims }),
    ...(extended === undefined ? {} : { extendedClaim: extended }),
    containers,
    restarts: Math.max(0, ...containers.map((container) => container.restarts)),
  };
  return { ...pod, reason: reasonOf(pod, status) };
}

function shortAnnotations(object: KubeObject): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(stringMapAt(object.metadata, 'annotations')).filter(([, value]) => value.length <= LONGEST_ANNOTATION));
}

function conditionStatus(status: unknown, type: string): string | undefined {
  return stringAt(arrayAt(status, 'conditions').find((condition) => stringAt(condition, 'type') === type), 'status');
}
