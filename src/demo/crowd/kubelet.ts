import type { Pod } from '../../kube/model/kinds.ts';
import type { Disposable } from '../../base/disposables.ts';
import { errorText, isWorkbenchError } from '../../base/errors.ts';
import { stringAt } from '../../base/json.ts';
import type { Logger } from '../../base/logger.ts';
import type { KubeObject } from '../../kube/model/types.ts';
import type { Cluster } from '../controllers/core/cluster.ts';
import type { Collection } from '../controllers/core/collection.ts';
import type { EventRecorder } from '../controllers/core/events.ts';
import { isTerminating, keyOf, uidOf } from '../controllers/core/objects.ts';
import { hasEnded } from '../../kube/model/pod.ts';
import { nodeNameOf, phaseOf } from '../controllers/core/pods.ts';
import type { NodeShape } from '../nodes/node-shape.ts';
import { readPod } from '../nodes/pods/pod-spec.ts';
import type { DemoTime } from '../nodes/types.ts';
import type { PodAddresses } from './addresses.ts';
import { runningStatus } from './running.ts';
import { crowdLabel } from './templates.ts';

/** Demo seconds from a pod's binding until it is ready, and from its deletion until it is gone. */
const startsIn = 2;
const endsIn = 1;

export interface CrowdKubeletOptions {
  readonly cluster: Cluster;
  readonly nodes: readonly NodeShape[];
  readonly addresses: PodAddresses;
  readonly time: DemoTime;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** What the kubelets of all nodes do for the crowd: bound pods become ready, deleted ones go. Nothing runs in them. */
export class CrowdKubelet {
  readonly #options: CrowdKubeletOptions;
  readonly #nodes: ReadonlyMap<string, NodeShape>;
  readonly #pods: Collection;
  readonly #events: EventRecorder;
  /** Uids of the pods that are on their way to be ready, or gone. */
  readonly #starting = new Set<string>();
  readonly #ending = new Set<string>();

  constructor(options: CrowdKubeletOptions) {
    this.#options = options;
    this.#nodes = new Map(options.nodes.map((node) => [node.name, node]));
    this.#pods = options.cluster.kind('pods');
    this.#events = options.cluster.recorder('kubelet');
  }

  start(): Disposable {
    return this.#pods.onChange((before, after) => {
      if (after === undefined) this.#release(before);
      else if (isOfCrowd(after)) this.#observe(after);
    });
  }

  #observe(pod: Pod): void {
    const uid = uidOf(pod);
    if (isTerminating(pod)) this.#once(this.#ending, uid, endsIn, () => this.#end(keyOf(pod), uid));
    else if (nodeNameOf(pod) !== '' && phaseOf(pod) === 'Pending')
      this.#once(this.#starting, uid, startsIn, () => this.#run(keyOf(pod), uid));
  }

  #once(busy: Set<string>, uid: string, seconds: number, act: () => void): void {
    if (busy.has(uid)) return;
    busy.add(uid);
    const { time, signal, logger } = this.#options;
    time
      .pass(seconds, signal)
      .then(act)
      .catch((error: unknown) => {
        if (!signal.aborted && !isWorkbenchError(error, 'not-found', 'conflict'))
          logger.warn(`a pod of the crowd: ${errorText(error)}`);
      })
      .finally(() => busy.delete(uid))
      .catch(() => {});
  }

  #run(key: string, uid: string): void {
    const object = this.#current(key, uid);
    const pod = object && readPod(object);
    const node = object && this.#nodes.get(nodeNameOf(object));
    if (object === undefined || pod === undefined || node === undefined || isTerminating(object) || hasEnded(object))
      return;
    const ip = pod.spec.hostNetwork ? node.internalIp : this.#options.addresses.poolOf(node).allocate();
    for (const container of pod.spec.containers)
      this.#events.record(object, 'Normal', 'Started', `Started container ${container.name}`);
    this.#pods.updateStatus({ ...object, status: runningStatus(pod, node, ip, this.#options.time.now()) });
  }

  #end(key: string, uid: string): void {
    const object = this.#current(key, uid);
    if (object !== undefined) this.#pods.delete(object, { gracePeriodSeconds: 0 });
  }

  #current(key: string, uid: string): KubeObject | undefined {
    const found = this.#pods.byKey(key);
    return found !== undefined && uidOf(found) === uid ? found : undefined;
  }

  #release(pod: Pod | undefined): void {
    if (pod === undefined || !isOfCrowd(pod)) return;
    const node = this.#nodes.get(nodeNameOf(pod));
    const ip = stringAt(pod, 'status', 'podIP');
    if (node !== undefined && ip !== undefined && ip !== node.internalIp)
      this.#options.addresses.poolOf(node).release(ip);
  }
}

export function isOfCrowd(pod: Pod): boolean {
  return pod.metadata.labels?.[crowdLabel] === 'true';
}
