import { arrayAt, isObject, stringAt } from '../../../base/json.ts';
import type { ContainerFacts, ContainerState } from './container-loop.ts';
import { isSidecar, type NodePod } from './pod-spec.ts';

/** Everything that a pod's status is made of. */
export interface PodFacts {
  readonly pod: NodePod;
  readonly hostIp: string;
  readonly podIp: string | undefined;
  /** Wall ms at which the node accepted the pod. */
  readonly startedAt: number;
  readonly sandboxReady: boolean;
  readonly init: readonly ContainerFacts[];
  readonly main: readonly ContainerFacts[];
  /** Set when the node itself ended the pod. */
  readonly failure: { readonly reason: string; readonly message: string } | undefined;
}

interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly lastTransitionTime: string;
  readonly reason?: string | null;
  readonly message?: string | null;
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** The `status` that the node patches into the API server. `now` stamps conditions that changed. */
export function podStatus(facts: PodFacts, now: number): Readonly<Record<string, unknown>> {
  const phase = phaseOf(facts);
  const ips = facts.podIp === undefined ? {} : { podIP: facts.podIp, podIPs: [{ ip: facts.podIp }] };
  return {
    phase,
    conditions: conditionsOf(facts, phase, now),
    hostIP: facts.hostIp,
    hostIPs: [{ ip: facts.hostIp }],
    ...ips,
    startTime: timestamp(facts.startedAt),
    ...(facts.failure === undefined ? {} : { reason: facts.failure.reason, message: facts.failure.message }),
    ...(facts.init.length === 0
      ? {}
      : { initContainerStatuses: facts.init.map((container) => containerStatus(container, true)) }),
    containerStatuses: facts.main.map((container) => containerStatus(container, false)),
  };
}

export function phaseOf(facts: PodFacts): PodPhase {
  if (facts.failure !== undefined) return 'Failed';
  const policy = facts.pod.spec.restartPolicy;
  const failedInit = facts.init.some(
    (container) => !isSidecar(container.spec) && failed(container.state) && policy === 'Never',
  );
  if (failedInit) return 'Failed';
  const deleted = facts.pod.object.metadata.deletionTimestamp !== undefined;
  const final = facts.main.every(
    ({ state }) =>
      state.kind === 'terminated' &&
      (deleted || policy === 'Never' || (policy === 'OnFailure' && state.exit.exitCode === 0)),
  );
  if (final) return facts.main.some(({ state }) => failed(state)) ? 'Failed' : 'Succeeded';
  const anyRan = facts.main.some(({ state, last }) => state.kind !== 'waiting' || last !== undefined);
  return anyRan ? 'Running' : 'Pending';
}

function failed(state: ContainerState): boolean {
  return state.kind === 'terminated' && state.exit.exitCode !== 0;
}

/** Whether init containers let the main ones start: done, or a sidecar that has started. */
function initDone(container: ContainerFacts): boolean {
  return isSidecar(container.spec)
    ? container.started && container.state.kind === 'running'
    : container.state.kind === 'terminated' && container.state.exit.exitCode === 0;
}

function conditionsOf(facts: PodFacts, phase: PodPhase, now: number): readonly Condition[] {
  const before = arrayAt(facts.pod.object, 'status', 'conditions').filter(isObject);
  const condition = (type: string, ok: boolean, reason?: string, message?: string): Condition => {
    const status = ok ? 'True' : 'False';
    const known = before.find((candidate) => candidate['type'] === type);
    const same = known?.['status'] === status ? stringAt(known, 'lastTransitionTime') : undefined;
    return {
      type,
      status,
      lastTransitionTime: same ?? timestamp(now),
      reason: ok ? null : (reason ?? null),
      message: ok ? null : (message ?? null),
    };
  };
  const terminal = phase === 'Succeeded' || phase === 'Failed';
  const incomplete = facts.init.filter((container) => !initDone(container)).map(({ spec }) => spec.name);
  const initialized =
    phase === 'Succeeded' ||
    facts.main.some(({ state, last }) => state.kind !== 'waiting' || last !== undefined) ||
    incomplete.length === 0;
  const watched = [...facts.init.filter(({ spec }) => isSidecar(spec)), ...facts.main];
  const unready = watched.filter(({ ready }) => !ready).map(({ spec }) => spec.name);
  const gates = facts.pod.spec.readinessGates
    .filter(
      ({ conditionType }) => before.find((candidate) => candidate['type'] === conditionType)?.['status'] !== 'True',
    )
    .map(({ conditionType }) => conditionType);
  const unreadyReason = terminal ? (phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed') : 'ContainersNotReady';
  const unreadyMessage =
    terminal && phase === 'Succeeded' ? undefined : `containers with unready status: [${unready.join(' ')}]`;
  const containersReady = !terminal && unready.length === 0 && facts.main.length > 0;
  const gateMessage = gates
    .map((gate) => `the status of pod readiness gate "${gate}" is not "True", but False`)
    .join(', ');
  return [
    condition('PodReadyToStartContainers', facts.sandboxReady),
    condition(
      'Initialized',
      initialized,
      'ContainersNotInitialized',
      `containers with incomplete status: [${incomplete.join(' ')}]`,
    ),
    containersReady && gates.length > 0
      ? condition('Ready', false, 'ReadinessGatesNotReady', gateMessage)
      : condition('Ready', containersReady, unreadyReason, unreadyMessage),
    condition('ContainersReady', containersReady, unreadyReason, unreadyMessage),
    condition('PodScheduled', true),
  ];
}

function containerStatus(facts: ContainerFacts, isInit: boolean): Readonly<Record<string, unknown>> {
  const { spec, state, last } = facts;
  return {
    name: spec.name,
    state: stateOf(state),
    lastState: last === undefined ? {} : stateOf(last),
    // An init container that is done counts as ready.
    ready: isInit && !isSidecar(spec) ? state.kind === 'terminated' && state.exit.exitCode === 0 : facts.ready,
    restartCount: facts.restarts,
    image: spec.image,
    imageID: facts.imageId ?? '',
    ...(facts.containerId === undefined ? {} : { containerID: `containerd://${facts.containerId}` }),
    started: facts.started && state.kind === 'running',
  };
}

function stateOf(state: ContainerState): Readonly<Record<string, unknown>> {
  switch (state.kind) {
    case 'waiting':
      return { waiting: { reason: state.reason, ...(state.message === undefined ? {} : { message: state.message }) } };
    case 'running':
      return { running: { startedAt: timestamp(state.startedAt) } };
    case 'terminated':
      return {
        terminated: {
          exitCode: state.exit.exitCode,
          reason: state.exit.reason,
          ...(state.exit.message === undefined ? {} : { message: state.exit.message }),
          startedAt: timestamp(state.startedAt),
          finishedAt: timestamp(state.exit.finishedAt),
          containerID: `containerd://${state.id}`,
        },
      };
  }
}

export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
