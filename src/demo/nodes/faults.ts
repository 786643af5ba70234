import { faultAnnotation } from '../fault-annotation.ts';
import type { NodePod } from './pods/pod-spec.ts';

interface FaultDescription {
  /** Which pods a fault given at the demo's start applies to. By annotation any fault applies to any pod. */
  readonly concerns: 'model-servers' | 'every-pod';
  readonly effect: string;
}

/**
 * Everything that the demo can be asked to do wrong. The node itself acts on those about images, containers and
 * connections; the model servers read theirs through `ContainerContext.annotations()`.
 */
export const faults = {
  'image-pull': {
    concerns: 'model-servers',
    effect: 'the image can not be pulled: ErrImagePull, then ImagePullBackOff',
  },
  'crash-once': {
    concerns: 'model-servers',
    effect: 'each main container exits with code 1 the first time it starts; its restart runs',
  },
  'crash-oom': {
    concerns: 'model-servers',
    effect: 'main containers are OOMKilled (137) ten seconds of demo time after their start, again and again',
  },
  'exec-cut': { concerns: 'every-pod', effect: 'every exec loses its connection after its first 64 KiB of output' },
  evict: {
    concerns: 'model-servers',
    effect: 'the node evicts the pod for its ephemeral storage ten seconds of demo time after its containers started',
  },
  'never-ready': { concerns: 'model-servers', effect: 'readiness probes fail for ever' },
  'oom-while-loading': { concerns: 'model-servers', effect: 'vLLM dies of CUDA out of memory while it loads' },
  'slow-load': { concerns: 'model-servers', effect: 'weights load ten times as slowly' },
  'hang-while-loading': { concerns: 'model-servers', effect: 'loading stops half way and never goes on' },
  'crash-serving': { concerns: 'model-servers', effect: 'vLLM dies under its first load' },
  'profiling-disabled': { concerns: 'model-servers', effect: 'the server has no /start_profile and /stop_profile' },
  'no-traces': { concerns: 'model-servers', effect: 'stopping the profiler writes no file' },
  'disk-full': { concerns: 'model-servers', effect: 'writing traces fails: no space left on device' },
} as const satisfies Record<string, FaultDescription>;

export type Fault = keyof typeof faults;

export function isFault(name: string): name is Fault {
  return Object.hasOwn(faults, name);
}

/** One line a fault, for people. */
export function describeFaults(): string {
  const width = Math.max(...Object.keys(faults).map((name) => name.length));
  return Object.entries(faults)
    .map(([name, { effect }]) => `${name.padEnd(width)}  ${effect}\n`)
    .join('');
}

/** The pod's annotations as a container's program sees them: faults given at the start are added where they apply. */
export function annotationsWithFaults(pod: NodePod, atStart: readonly string[]): Readonly<Record<string, string>> {
  const annotations = pod.object.metadata.annotations ?? {};
  const added = atStart.filter(
    (name) => isFault(name) && (faults[name].concerns === 'every-pod' || isModelServer(pod)),
  );
  if (added.length === 0) return annotations;
  const own = annotations[faultAnnotation];
  return { ...annotations, [faultAnnotation]: [...(own === undefined ? [] : [own]), ...added].join(',') };
}

export function hasFault(pod: NodePod, atStart: readonly string[], fault: Fault): boolean {
  return (annotationsWithFaults(pod, atStart)[faultAnnotation] ?? '').split(',').some((name) => name.trim() === fault);
}

/** A pod that asks for a GPU. */
function isModelServer(pod: NodePod): boolean {
  return pod.spec.containers.some(({ resources }) =>
    Object.keys({ ...resources.limits, ...resources.requests }).some(
      (name) => name.startsWith('nvidia.com/') || name.startsWith('amd.com/'),
    ),
  );
}
