import type { Pod } from '../../kube/model/kinds.ts';
import type { Clock } from '../../base/clock.ts';
import { disposable, type Disposable } from '../../base/disposables.ts';
import { errorText, isWorkbenchError } from '../../base/errors.ts';
import { arrayAt, isObject } from '../../base/json.ts';
import type { Logger } from '../../base/logger.ts';
import type { KubeObject } from '../../kube/model/types.ts';
import type { Cluster } from '../controllers/core/cluster.ts';
import type { Collection } from '../controllers/core/collection.ts';
import { timestamp, withCondition } from '../controllers/core/conditions.ts';
import { controllerOf, isTerminating, numberAt, statusOf, type Json } from '../controllers/core/objects.ts';
import { isReady } from '../../kube/model/pod.ts';
import { phaseOf } from '../controllers/core/pods.ts';
import { isOfCrowd } from './kubelet.ts';

export interface ChurnOptions {
  readonly cluster: Cluster;
  /** Changes a second. */
  readonly rate: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** From 0 to below 1; decides which pods are met. */
  readonly random: () => number;
}

/** The timer's step; at higher rates several changes are made in one. */
const stepMs = 20;
/** Marks a pod that the churn labelled; the value counts. */
const countLabel = 'demo.llm-d/changes';

type Change = (pod: Pod) => void;

/** Keeps the crowd moving as a busy cluster does: pods lose and regain readiness, are labelled, restart, and are deleted so that their controllers make them again. */
export class Churn implements Disposable {
  readonly #options: ChurnOptions;
  readonly #pods: Collection;
  /** Running pods of the crowd, as keys that can be drawn by number. */
  readonly #keys: string[] = [];
  readonly #places = new Map<string, number>();
  readonly #changes: readonly (readonly [share: number, change: Change])[];
  readonly #following: Disposable;
  #timer: Disposable;
  #lastStep: number;
  #owed = 0;

  constructor(options: ChurnOptions) {
    this.#options = options;
    this.#pods = options.cluster.kind('pods');
    this.#changes = [
      [0.45, (pod) => this.#flipReadiness(pod)],
      [0.7, (pod) => this.#label(pod)],
      [0.8, (pod) => this.#restart(pod)],
      [1, (pod) => this.#pods.delete(pod)],
    ];
    this.#following = this.#pods.onChange((before, after) => this.#follow(before, after));
    this.#lastStep = options.clock.monotonic();
    this.#timer = this.#schedule();
  }

  dispose(): void {
    this.#timer.dispose();
    this.#following.dispose();
  }

  #schedule(): Disposable {
    return this.#options.clock.setTimer(stepMs, () => {
      this.#timer = this.#schedule();
      const now = this.#options.clock.monotonic();
      // A machine that slept does not make up for what it missed.
      this.#owed = Math.min(this.#owed + ((now - this.#lastStep) * this.#options.rate) / 1000, this.#options.rate);
      this.#lastStep = now;
      for (; this.#owed >= 1; this.#owed -= 1) this.#change();
    });
  }

  #change(): void {
    const { random, logger } = this.#options;
    const key = this.#keys[Math.floor(random() * this.#keys.length)];
    const pod = key === undefined ? undefined : this.#pods.byKey(key);
    if (pod === undefined) return;
    const draw = random();
    const [, act] = this.#changes.find(([share]) => draw < share) ?? [];
    try {
      act?.(pod);
    } catch (error) {
      if (!isWorkbenchError(error, 'conflict', 'not-found')) logger.warn(`churn: ${errorText(error)}`);
    }
  }

  #flipReadiness(pod: Pod): void {
    const now = this.#options.clock.now();
    const ready = !isReady(pod);
    const status = statusOf(pod);
    const text = ready
      ? { reason: '', message: '' }
      : { reason: 'ContainersNotReady', message: 'containers with unready status: [main]' };
    const conditions = ['Ready', 'ContainersReady']
      .reduce<readonly unknown[]>(
        (before, type) => withCondition(before, { type, status: ready ? 'True' : 'False', ...text }, now),
        arrayAt(status, 'conditions'),
      )
      .map(withoutEmpty);
    this.#pods.updateStatus({
      ...pod,
      status: { ...status, conditions, containerStatuses: containerStatuses(pod, () => ({ ready })) },
    });
  }

  #label(pod: Pod): void {
    const count = Number(pod.metadata.labels?.[countLabel] ?? 0) + 1;
    this.#pods.update({
      ...pod,
      metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, [countLabel]: String(count) } },
    });
  }

  /** A container came to its end and runs again. Groups of a LeaderWorkerSet would be recreated as a whole: theirs do not. */
  #restart(pod: Pod): void {
    if (controllerOf(pod)?.kind === 'StatefulSet') return this.#flipReadiness(pod);
    const now = timestamp(this.#options.clock.now());
    const restarted = (container: Json): Json => ({
      restartCount: (numberAt(container, 'restartCount') ?? 0) + 1,
      lastState: {
        terminated: { exitCode: 1, reason: 'Error', finishedAt: now, containerID: container['containerID'] },
      },
      state: { running: { startedAt: now } },
    });
    this.#pods.updateStatus({
      ...pod,
      status: { ...statusOf(pod), containerStatuses: containerStatuses(pod, restarted) },
    });
  }

  #follow(before: KubeObject | undefined, after: KubeObject | undefined): void {
    const key = keyOfEither(before, after);
    const here = after !== undefined && isOfCrowd(after) && phaseOf(after) === 'Running' && !isTerminating(after);
    const place = this.#places.get(key);
    if (here === (place !== undefined)) return;
    if (here) {
      this.#places.set(key, this.#keys.push(key) - 1);
      return;
    }
    const last = this.#keys.pop();
    this.#places.delete(key);
    if (last === undefined || last === key || place === undefined) return;
    this.#keys[place] = last;
    this.#places.set(last, place);
  }
}

/** Starts the churn; undefined at a rate of 0. */
export function startChurn(options: ChurnOptions): Disposable {
  return options.rate === 0 ? disposable(() => {}) : new Churn(options);
}

function keyOfEither(before: KubeObject | undefined, after: KubeObject | undefined): string {
  const { namespace = '', name = '' } = (after ?? before)?.metadata ?? {};
  return `${namespace}/${name}`;
}

function containerStatuses(pod: Pod, change: (container: Json) => Json): readonly unknown[] {
  return arrayAt(pod, 'status', 'containerStatuses').map((container) =>
    isObject(container) ? { ...container, ...change(container) } : container,
  );
}

function withoutEmpty(condition: unknown): unknown {
  return isObject(condition)
    ? Object.fromEntries(Object.entries(condition).filter(([, value]) => value !== ''))
    : condition;
}
