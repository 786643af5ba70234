import { arrayAt, at, stringAt, stringMapAt } from '../base/json.ts';
import { objectKey } from '../kube/resources.ts';
import type { Node, Pod } from '../kube/model/kinds.ts';
import { isDeleting, isReady } from '../kube/model/pod.ts';
import { extendedClaim, podClaims } from './dra/project.ts';
import { effectiveGpus, gpuQuantities } from '../kube/model/effective-request.ts';
import { containerViews, reasonOf } from './project-containers.ts';
import { productOf } from './topology.ts';
import { Sharing } from './sharing.ts';
import type { NodeView, PodView } from './types.ts';

/** Annotations may hold whole manifests; what we show is short. */
const LONGEST_ANNOTATION = 512;

export function projectNode(node: Node): NodeView {
  const labels = node.metadata.labels ?? {};
  const { spec, status } = node;
  return {
    name: node.metadata.name,
    uid: node.metadata.uid ?? '',
    ready: isReady(node),
    schedulable: at(spec, 'unschedulable') !== true,
    internalIp: arrayAt(status, 'addresses')
      .filter((address) => stringAt(address, 'type') === 'InternalIP')
      .map((address) => stringAt(address, 'address'))[0],
    product: productOf(labels),
    allocatable: gpuQuantities(at(status, 'allocatable')),
    labels,
    taints: arrayAt(spec, 'taints').map((taint) => ({
      key: stringAt(taint, 'key') ?? '',
      value: stringAt(taint, 'value') ?? '',
      effect: stringAt(taint, 'effect') ?? '',
    })),
    kubeletVersion: stringAt(status, 'nodeInfo', 'kubeletVersion'),
  };
}

/** Makes views of pods that share what is equal in them. */
export function podProjection(): (object: Pod) => PodView {
  const sharing = new Sharing();
  return (object) => podView(object, sharing);
}

export function projectPod(object: Pod): PodView {
  return podView(object, new Sharing());
}

function podView(object: Pod, sharing: Sharing): PodView {
  const { metadata, spec, status } = object;
  const containers = sharing.object(containerViews(object));
  const owners = metadata.ownerReferences ?? [];
  const owner = owners.find((one) => one.controller === true) ?? owners[0];
  const claims = podClaims(object);
  const extended = extendedClaim(object);
  const pod = {
    key: objectKey(object),
    namespace: sharing.text(metadata.namespace ?? ''),
    name: metadata.name,
    uid: metadata.uid ?? '',
    phase: stringAt(status, 'phase') ?? 'Unknown',
    ready: isReady(object),
    deleting: isDeleting(object),
    node: sharedText(stringAt(spec, 'nodeName') || undefined, sharing),
    ip: stringAt(status, 'podIP') || undefined,
    createdAt: sharedText(metadata.creationTimestamp, sharing),
    startedAt: sharedText(stringAt(status, 'startTime'), sharing),
    labels: sharing.object(metadata.labels ?? {}),
    annotations: sharing.object(shortAnnotations(object)),
    owner: owner && sharing.object(owner),
    gpus: sharing.object(effectiveGpus(spec)),
    ...(claims.length === 0 ? {} : { claims }),
    ...(extended === undefined ? {} : { extendedClaim: extended }),
    containers,
    restarts: Math.max(0, ...containers.map((container) => container.restarts)),
  };
  return { ...pod, reason: reasonOf(pod, object) };
}

function sharedText(text: string | undefined, sharing: Sharing): string | undefined {
  return text === undefined ? undefined : sharing.text(text);
}

function shortAnnotations(object: Pod): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(stringMapAt(object, 'metadata', 'annotations')).filter(
      ([, value]) => value.length <= LONGEST_ANNOTATION,
    ),
  );
}
