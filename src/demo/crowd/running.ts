import { randomBytes } from 'node:crypto';
import type { NodeShape } from '../nodes/node-shape.ts';
import type { ContainerFacts } from '../nodes/pods/container-loop.ts';
import { describeImage } from '../nodes/pods/images.ts';
import { isSidecar, type ContainerSpec, type NodePod } from '../nodes/pods/pod-spec.ts';
import { podStatus } from '../nodes/pods/pod-status.ts';

/** The status of a pod whose containers all run and are ready, in the words of the kubelets beside it. `now` in ms. */
export function runningStatus(
  pod: NodePod,
  node: NodeShape,
  podIp: string,
  now: number,
): Readonly<Record<string, unknown>> {
  const running = (spec: ContainerSpec): ContainerFacts => ({
    spec,
    state: { kind: 'running', startedAt: now },
    last: undefined,
    restarts: 0,
    ready: true,
    started: true,
    imageId: describeImage(spec.image).imageId,
    containerId: randomBytes(32).toString('hex'),
  });
  return podStatus(
    {
      pod,
      podIp,
      hostIp: node.internalIp,
      startedAt: now,
      sandboxReady: true,
      failure: undefined,
      init: pod.spec.initContainers.filter(isSidecar).map(running),
      main: pod.spec.containers.map(running),
    },
    now,
  );
}
