import { arrayAt, at, numberAt, stringAt } from '../base/json.ts';
import type { Container, ContainerExit as Terminated, ContainerStatus, Pod } from '../kube/model/kinds.ts';
import { containerStatuses, unscheduled } from '../kube/model/pod.ts';
import type { ContainerExit, ContainerView } from './types.ts';

/** Names under which manifests pass secrets in plain sight; their values are not kept. */
const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|ACCESS_KEY|PRIVATE_KEY/i;

/** Waiting for these is the way of every pod. */
const USUAL_WAITING: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing']);

/** Init containers first, as they are declared. */
export function containerViews(pod: Pod): readonly ContainerView[] {
  const states = new Map(containerStatuses(pod).map((state) => [stringAt(state, 'name') ?? '', state]));
  const view = (container: Container, role: ContainerView['role']): ContainerView =>
    containerView(container, role, states.get(stringAt(container, 'name') ?? ''));
  return [
    ...arrayAt(pod, 'spec', 'initContainers').map((container) =>
      view(container, at(container, 'restartPolicy') === 'Always' ? 'sidecar' : 'init'),
    ),
    ...arrayAt(pod, 'spec', 'containers').map((container) => view(container, 'main')),
  ];
}

function containerView(
  container: Container,
  role: ContainerView['role'],
  status: ContainerStatus | undefined,
): ContainerView {
  const lastExit = containerExit(at(status, 'state', 'terminated') ?? at(status, 'lastState', 'terminated'));
  return {
    name: stringAt(container, 'name') ?? '',
    image: stringAt(container, 'image') ?? '',
    role,
    ports: arrayAt(container, 'ports').flatMap((entry) => {
      const port = numberAt(entry, 'containerPort');
      return port === undefined ? [] : [{ name: stringAt(entry, 'name'), port }];
    }),
    command: [...arrayAt(container, 'command'), ...arrayAt(container, 'args')].filter(
      (part) => typeof part === 'string',
    ),
    env: plainEnvironment(container),
    ready: at(status, 'ready') === true,
    restarts: numberAt(status, 'restartCount') ?? 0,
    reason: stateReason(status, role),
    exitCode: lastExit?.exitCode,
    lastExit,
  };
}

function containerExit(terminated: Terminated | undefined): ContainerExit | undefined {
  if (terminated === undefined) return undefined;
  return {
    reason: stringAt(terminated, 'reason') ?? 'ended',
    exitCode: numberAt(terminated, 'exitCode'),
    finishedAt: stringAt(terminated, 'finishedAt'),
  };
}

function plainEnvironment(container: Container): Readonly<Record<string, string>> {
  return Object.fromEntries(
    arrayAt(container, 'env').flatMap((entry) => {
      const name = stringAt(entry, 'name');
      const value = stringAt(entry, 'value');
      return name === undefined || value === undefined || SECRET_NAME.test(name) ? [] : [[name, value] as const];
    }),
  );
}

/** Why a container is not running as it should; an init container that completed is fine. */
function stateReason(status: ContainerStatus | undefined, role: ContainerView['role']): string | undefined {
  const waiting = stringAt(status, 'state', 'waiting', 'reason');
  if (waiting !== undefined) return USUAL_WAITING.has(waiting) ? undefined : waiting;
  const ended = at(status, 'state', 'terminated');
  if (ended !== undefined) {
    const code = numberAt(ended, 'exitCode');
    return role === 'init' && code === 0 ? undefined : (stringAt(ended, 'reason') ?? `exit code ${code ?? 'unknown'}`);
  }
  if (at(status, 'ready') === true) return undefined;
  return stringAt(status, 'lastState', 'terminated', 'reason');
}

interface PodState {
  readonly phase: string;
  readonly ready: boolean;
  readonly deleting: boolean;
  readonly node: string | undefined;
  readonly containers: readonly ContainerView[];
}

/** The one clause that says why a pod is not fine: what blocks it from outside first, then its first failing container. */
export function reasonOf(pod: PodState, object: Pod): string | undefined {
  if (pod.deleting) return 'being deleted';
  const own = stringAt(object, 'status', 'reason');
  if (own !== undefined) return clause(own, stringAt(object, 'status', 'message'));
  if (pod.phase === 'Succeeded' || pod.ready) return undefined;
  if (pod.node === undefined) {
    const scheduling = unscheduled(object);
    if (scheduling !== undefined)
      return clause(stringAt(scheduling, 'reason') ?? 'Unschedulable', stringAt(scheduling, 'message'));
  }
  const failing =
    pod.containers.find((container) => container.role !== 'sidecar' && container.reason !== undefined) ??
    pod.containers.find((container) => container.reason !== undefined);
  return failing === undefined ? undefined : containerClause(failing, object);
}

/** A back-off says nothing of its cause, so the exit before it is told too. */
function containerClause(container: ContainerView, pod: Pod): string {
  const state = containerStatuses(pod).find((entry) => stringAt(entry, 'name') === container.name);
  const last = stringAt(state, 'lastState', 'terminated', 'reason');
  const cause = last !== undefined && last !== container.reason && last !== 'Completed' ? `, ${last}` : '';
  const exit = container.exitCode === undefined ? '' : ` (exit code ${container.exitCode})`;
  const message = container.exitCode === undefined ? stringAt(state, 'state', 'waiting', 'message') : undefined;
  return clause(`${container.name}: ${container.reason ?? ''}${cause}${exit}`, message);
}

function clause(reason: string, message: string | undefined): string {
  const line = message?.split('\n')[0]?.trim();
  return line === undefined || line === '' ? reason : `${reason}: ${line}`;
}
