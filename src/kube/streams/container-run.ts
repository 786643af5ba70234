import { isWorkbenchError, type ErrorCode, type WorkbenchError } from '../../base/errors.ts';
import { arrayAt, at, numberAt, stringAt } from '../../base/json.ts';
import { Pods, resourcePath } from '../resources.ts';
import type { ContainerExit, Pod } from '../model/kinds.ts';
import { hasEnded } from '../model/pod.ts';
import type { KubeRequest } from '../http/types.ts';
import type { LogOptions } from './types.ts';

/** Failures of a connection, which pass. */
export const PASSING: readonly ErrorCode[] = [
  'connection-lost',
  'cluster-unreachable',
  'timeout',
  'server-error',
  'too-many-requests',
];

/** One run of a container of one particular pod: a restart, or a pod recreated under the same name, is another run. */
export interface ContainerRun {
  readonly uid: string;
  readonly restarts: number;
}

export type RunState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'gone' }
  /** The server could not or would not tell. */
  | { readonly kind: 'unknown'; readonly error: WorkbenchError }
  /** `exit`: how it ended, or how the run before it did; undefined where there is none. `final`: it is never started again. */
  | {
      readonly kind: 'run';
      readonly run: ContainerRun;
      readonly running: boolean;
      readonly exit: string | undefined;
      readonly final: boolean;
    };

/** Which run of the container has the log now. */
export async function lookAtRun(
  ask: (request: KubeRequest) => Promise<unknown>,
  options: Pick<LogOptions, 'namespace' | 'pod' | 'container' | 'signal'>,
): Promise<RunState> {
  try {
    return runOf(
      (await ask({ path: resourcePath(Pods, options.namespace, options.pod), signal: options.signal })) as Pod,
      options.container,
    );
  } catch (error) {
    if (isWorkbenchError(error, 'not-found', 'namespace-missing')) return { kind: 'gone' };
    if (isWorkbenchError(error, 'forbidden', ...PASSING)) return { kind: 'unknown', error };
    throw error;
  }
}

function runOf(pod: Pod, container: string | undefined): RunState {
  const statuses = [...arrayAt(pod, 'status', 'containerStatuses'), ...arrayAt(pod, 'status', 'initContainerStatuses')];
  const status =
    container === undefined ? statuses[0] : statuses.find((entry) => stringAt(entry, 'name') === container);
  if (status === undefined) return { kind: 'waiting' };
  const never =
    at(status, 'state', 'running') === undefined &&
    at(status, 'state', 'terminated') === undefined &&
    at(status, 'lastState', 'terminated') === undefined;
  if (never) return { kind: 'waiting' };
  return {
    kind: 'run',
    run: { uid: stringAt(pod, 'metadata', 'uid') ?? '', restarts: numberAt(status, 'restartCount') ?? 0 },
    running: at(status, 'state', 'running') !== undefined,
    exit: exitText(at(status, 'state', 'terminated') ?? at(status, 'lastState', 'terminated')),
    final: hasEnded(pod),
  };
}

/** `exit code 137, OOMKilled`. */
function exitText(terminated: ContainerExit | undefined): string | undefined {
  if (terminated === undefined) return undefined;
  const reason = stringAt(terminated, 'reason');
  return `exit code ${numberAt(terminated, 'exitCode') ?? 'unknown'}${reason === undefined || reason === 'Error' ? '' : `, ${reason}`}`;
}
