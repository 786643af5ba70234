import { arrayAt, at, numberAt, stringAt } from '../../../base/json.ts';
import type { ApiObject } from '../base/object.ts';
import { orNone } from './cells.ts';
import { age } from './duration.ts';

interface Progress {
  readonly reason: string;
  readonly restarts: number;
  readonly lastRestart: string | undefined;
}

/** NAME READY STATUS RESTARTS AGE, IP NODE NOMINATED READINESS-GATES. */
export function podCells(pod: ApiObject, now: number): readonly unknown[] {
  const restartableInits = new Set(
    arrayAt(pod, 'spec', 'initContainers')
      .filter((container) => stringAt(container, 'restartPolicy') === 'Always')
      .map((container) => stringAt(container, 'name')),
  );
  const statuses = arrayAt(pod, 'status', 'containerStatuses');
  const total = arrayAt(pod, 'spec', 'containers').length + restartableInits.size;
  const readySidecars = arrayAt(pod, 'status', 'initContainerStatuses').filter(
    (status) => restartableInits.has(stringAt(status, 'name')) && isReady(status),
  ).length;
  const ready =
    statuses.filter((status) => isReady(status) && at(status, 'state', 'running') !== undefined).length + readySidecars;
  const { reason, restarts, lastRestart } = progress(pod);
  const gates = arrayAt(pod, 'spec', 'readinessGates');
  const passed = gates.filter((gate) => conditionOf(pod, stringAt(gate, 'conditionType') ?? '') === 'True').length;
  return [
    pod.metadata.name,
    `${ready}/${total}`,
    reason,
    restarts > 0 && lastRestart !== undefined ? `${restarts} (${age(lastRestart, now)} ago)` : String(restarts),
    age(pod.metadata.creationTimestamp, now),
    orNone(stringAt(pod, 'status', 'podIP')),
    orNone(stringAt(pod, 'spec', 'nodeName')),
    orNone(stringAt(pod, 'status', 'nominatedNodeName')),
    gates.length === 0 ? orNone('') : `${passed}/${gates.length}`,
  ];
}

function isReady(status: unknown): boolean {
  return at(status, 'ready') === true;
}

function conditionOf(pod: ApiObject, type: string): string | undefined {
  return stringAt(
    arrayAt(pod, 'status', 'conditions').find((condition) => stringAt(condition, 'type') === type),
    'status',
  );
}

/** The word in the STATUS column and the restarts that go with it, by the order of precedence that kubectl users know. */
function progress(pod: ApiObject): Progress {
  const schedulingGated = arrayAt(pod, 'status', 'conditions').some(
    (condition) =>
      stringAt(condition, 'type') === 'PodScheduled' && stringAt(condition, 'reason') === 'SchedulingGated',
  );
  const phase = schedulingGated
    ? 'SchedulingGated'
    : (stringAt(pod, 'status', 'reason') ?? stringAt(pod, 'status', 'phase') ?? 'Unknown');
  const inits = initProgress(pod, phase);
  const main = inits.pending ? undefined : mainProgress(pod, inits.reason);
  const restarts = main ? main.restarts + inits.sidecarRestarts : inits.restarts;
  const last = main?.lastRestart ?? inits.lastRestart;
  const deleted = pod.metadata.deletionTimestamp !== undefined;
  const done = ['Succeeded', 'Failed'].includes(stringAt(pod, 'status', 'phase') ?? '');
  if (deleted && stringAt(pod, 'status', 'reason') === 'NodeLost')
    return { reason: 'Unknown', restarts, lastRestart: last };
  if (deleted && !done) return { reason: 'Terminating', restarts, lastRestart: last };
  return { reason: main?.reason ?? inits.reason, restarts, lastRestart: last };
}

interface InitProgress {
  readonly reason: string;
  readonly pending: boolean;
  readonly restarts: number;
  readonly sidecarRestarts: number;
  readonly lastRestart: string | undefined;
}

function initProgress(pod: ApiObject, phase: string): InitProgress {
  const specs = arrayAt(pod, 'spec', 'initContainers');
  let restarts = 0;
  let sidecarRestarts = 0;
  let lastRestart: string | undefined;
  for (const [index, status] of arrayAt(pod, 'status', 'initContainerStatuses').entries()) {
    const sidecar = specs.some(
      (spec) => stringAt(spec, 'name') === stringAt(status, 'name') && stringAt(spec, 'restartPolicy') === 'Always',
    );
    restarts += numberAt(status, 'restartCount') ?? 0;
    if (sidecar) sidecarRestarts += numberAt(status, 'restartCount') ?? 0;
    lastRestart = later(lastRestart, stringAt(status, 'lastState', 'terminated', 'finishedAt'));
    const exit = at(status, 'state', 'terminated');
    if (numberAt(exit, 'exitCode') === 0) continue;
    if (sidecar && at(status, 'started') === true) continue;
    if (exit !== undefined)
      return { reason: `Init:${stoppedReason(exit)}`, pending: true, restarts, sidecarRestarts, lastRestart };
    const waiting = stringAt(status, 'state', 'waiting', 'reason') ?? '';
    const reason =
      waiting !== '' && waiting !== 'PodInitializing' ? `Init:${waiting}` : `Init:${index}/${specs.length}`;
    return { reason, pending: true, restarts, sidecarRestarts, lastRestart };
  }
  return { reason: phase, pending: false, restarts, sidecarRestarts, lastRestart };
}

function mainProgress(pod: ApiObject, phase: string): Progress {
  let reason = phase;
  let restarts = 0;
  let lastRestart: string | undefined;
  let running = false;
  for (const status of arrayAt(pod, 'status', 'containerStatuses').toReversed()) {
    restarts += numberAt(status, 'restartCount') ?? 0;
    lastRestart = later(lastRestart, stringAt(status, 'lastState', 'terminated', 'finishedAt'));
    const waiting = stringAt(status, 'state', 'waiting', 'reason') ?? '';
    const exit = at(status, 'state', 'terminated');
    if (waiting !== '') reason = waiting;
    else if (exit !== undefined) reason = stoppedReason(exit);
    else if (isReady(status) && at(status, 'state', 'running') !== undefined) running = true;
  }
  if (reason === 'Completed' && running) reason = conditionOf(pod, 'Ready') === 'True' ? 'Running' : 'NotReady';
  return { reason, restarts, lastRestart };
}

function stoppedReason(exit: unknown): string {
  const reason = stringAt(exit, 'reason') ?? '';
  if (reason !== '') return reason;
  const signal = numberAt(exit, 'signal') ?? 0;
  return signal !== 0 ? `Signal:${signal}` : `ExitCode:${numberAt(exit, 'exitCode') ?? 0}`;
}

function later(left: string | undefined, right: string | undefined): string | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return left > right ? left : right;
}
