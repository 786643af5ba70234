import { WorkbenchError } from '../base/errors.ts';
import { at, isObject, numberAt, stringAt } from '../base/json.ts';
import type { ClusterRef } from '../kube/types.ts';
import type { Pod } from '../kube/model/kinds.ts';
import { containerStatuses, isDeleting } from '../kube/model/pod.ts';

/** A pod that crashed this often while loading is not going to become ready. */
const HOPELESS = 3;
const UNPULLABLE: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'CreateContainerConfigError',
]);

export interface ContainerState {
  readonly name: string;
  readonly restarts: number;
  /** Reason and message of the state `waiting`. */
  readonly waiting: string | undefined;
  readonly waitingMessage: string | undefined;
  /** It has ended badly and was not started again yet. What ends because its pod is deleted did not crash. */
  readonly down: boolean;
  readonly lastExit: string | undefined;
}

export function containerStates(pod: Pod): readonly ContainerState[] {
  const deleted = isDeleting(pod);
  return containerStatuses(pod).map((status) => {
    const now = at(status, 'state', 'terminated');
    const down = !deleted && isObject(now) && numberAt(now, 'exitCode') !== 0;
    const last = down ? now : at(status, 'lastState', 'terminated');
    return {
      name: stringAt(status, 'name') ?? '',
      restarts: numberAt(status, 'restartCount') ?? 0,
      waiting: stringAt(status, 'state', 'waiting', 'reason'),
      waitingMessage: stringAt(status, 'state', 'waiting', 'message'),
      down,
      lastExit: isObject(last)
        ? `${stringAt(last, 'reason') ?? 'ended'} (exit code ${numberAt(last, 'exitCode') ?? '?'})`
        : undefined,
    };
  });
}

/** What became of one pod name since the wait began. */
interface History {
  /** Every pod that had this name. */
  readonly uids: Set<string>;
  /** Crashes of the pod that has it now. */
  crashes: number;
}

/**
 * Finds, over the looks of one wait, the pods that are never going to load. A pod's own restarts do not tell: a
 * LeaderWorkerSet deletes the group of a container that restarted, and the new pods count from nought.
 */
export class CrashWatch {
  readonly #cluster: ClusterRef;
  readonly #histories = new Map<string, History>();
  /** How a container ended, of whichever pod: the others of its group only went with it. */
  #lastCrash: string | undefined;

  constructor(cluster: ClusterRef) {
    this.#cluster = cluster;
  }

  /** Takes down how a pod is now. The more of its states are told, the surer its end is among them. */
  note(pod: Pod): void {
    const { name, uid = '' } = pod.metadata;
    const history = this.#histories.get(name) ?? { uids: new Set(), crashes: 0 };
    this.#histories.set(name, history);
    history.uids.add(uid);
    const crashed = containerStates(pod).filter((state) => state.restarts > 0 || state.down);
    history.crashes = crashed.reduce((sum, state) => sum + state.restarts + (state.down ? 1 : 0), 0);
    const ended = crashed.find((state) => state.lastExit !== undefined);
    if (ended) this.#lastCrash = `container ${ended.name} of pod ${name} ended with ${ended.lastExit ?? ''}`;
  }

  /** Throws `deployment-failed` with its evidence when a pod cannot recover. */
  judge(pods: readonly Pod[]): void {
    for (const pod of pods) {
      this.note(pod);
      for (const state of containerStates(pod)) this.#refuse(pod, state);
    }
    const worst = this.#worst();
    if (worst !== undefined && remade(worst.history) >= HOPELESS)
      throw this.#hopeless(worst.pod, remade(worst.history));
  }

  /** The clause for people who wait: which pod keeps crashing. Undefined: none did. */
  words(): string | undefined {
    const worst = this.#worst();
    if (worst === undefined || remade(worst.history) + worst.history.crashes === 0) return undefined;
    const { pod, history } = worst;
    return remade(history) > 0
      ? `${pod} was made anew ${times(remade(history))}${this.#crashWords()}`
      : `${pod} crashed ${times(history.crashes)}${this.#crashWords()}`;
  }

  #refuse(pod: Pod, state: ContainerState): void {
    const { name } = pod.metadata;
    const { context, namespace } = this.#cluster;
    const waiting = state.waiting ?? '';
    if (UNPULLABLE.has(waiting)) {
      throw new WorkbenchError({
        code: 'deployment-failed',
        message: `pod ${name}, container ${state.name} in ${context}/${namespace}: ${waiting}${state.waitingMessage === undefined ? '' : `: ${oneLine(state.waitingMessage)}`}`,
        hint: "Check the image's name and the pull secret, then deploy again.",
      });
    }
    if (state.restarts < HOPELESS || waiting !== 'CrashLoopBackOff') return;
    throw new WorkbenchError({
      code: 'deployment-failed',
      message: `pod ${name}, container ${state.name} in ${context}/${namespace}: ${waiting}${state.lastExit === undefined ? '' : ` after ${state.lastExit}`}, ${state.restarts} restarts`,
      hint: `Read the log of its previous run, it holds the first error: kubectl --context ${context} --namespace ${namespace} logs ${name} -c ${state.name} --previous`,
    });
  }

  #hopeless(pod: string, count: number): WorkbenchError {
    const { context, namespace } = this.#cluster;
    return new WorkbenchError({
      code: 'deployment-failed',
      message: `pod ${pod} in ${context}/${namespace} was made anew ${times(count)} while it loaded${this.#crashWords()}`,
      hint: `Its group starts again whenever a container of it ends. Read the log while it loads, the first error of the group says why: kubectl --context ${context} --namespace ${namespace} logs -f ${pod}`,
    });
  }

  #crashWords(): string {
    return this.#lastCrash === undefined ? '' : `: ${this.#lastCrash}`;
  }

  /** The pod to name: the one that was remade or crashed most often. */
  #worst(): { readonly pod: string; readonly history: History } | undefined {
    return [...this.#histories]
      .map(([pod, history]) => ({ pod, history }))
      .toSorted((a, b) => remade(b.history) - remade(a.history) || b.history.crashes - a.history.crashes)[0];
  }
}

/** How often a pod of this name was replaced by a new one. */
function remade({ uids }: History): number {
  return uids.size - 1;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
