import type { Node, Pod } from '../../../kube/model/kinds.ts';
import type { Disposable } from '../../../base/disposables.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import { scaledValue, withCounts, writeStatus } from '../core/counts.ts';
import type { EventRecorder } from '../core/events.ts';
import {
  arrayAt,
  generationOf,
  isTerminating,
  jsonAt,
  keyOf,
  labelsOf,
  statusOf,
  stringAt,
  templateOf,
  type Json,
  type NewObject,
} from '../core/objects.ts';
import { queueChanged, queueOwners } from '../core/owners.ts';
import { hasEnded, isReady } from '../../../kube/model/pod.ts';
import { isActive, nodeNameOf } from '../core/pods.ts';
import type { ReconcileQueue } from '../core/queue.ts';
import { createPod, podOf } from '../core/template.ts';
import { matchesNode } from '../scheduler/affinity.ts';
import { untoleratedTaint } from '../scheduler/taints.ts';
import { Revisions } from './revisions.ts';

const REVISION_LABEL = 'controller-revision-hash';

/** Daemons stay on nodes in trouble. */
const TOLERATIONS: readonly Json[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((name) => ({
    key: `node.kubernetes.io/${name}`,
    operator: 'Exists',
    effect: 'NoSchedule',
  })),
];

/** One pod on every node that it fits. */
export class DaemonSetController {
  readonly #cluster: Cluster;
  readonly #sets: Collection;
  readonly #pods: Collection;
  readonly #nodes: Collection;
  readonly #events: EventRecorder;
  readonly #queue: ReconcileQueue;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#sets = cluster.kind('daemonsets');
    this.#pods = cluster.kind('pods');
    this.#nodes = cluster.kind('nodes');
    this.#events = cluster.recorder('daemonset-controller');
    this.#queue = cluster.queue('daemonset', (key) => this.#reconcile(key));
  }

  start(): Disposable[] {
    return [
      queueChanged(this.#sets, this.#queue),
      queueOwners(this.#pods, 'DaemonSet', this.#queue),
      this.#nodes.onChange((before, after) => {
        if (before && after && before.metadata.labels === after.metadata.labels && before['spec'] === after['spec'])
          return;
        for (const set of this.#sets.all()) this.#queue.add(keyOf(set));
      }),
    ];
  }

  #reconcile(key: string): void {
    const set = this.#sets.byKey(key);
    if (set === undefined || isTerminating(set)) return;
    const revisions = new Revisions(this.#cluster.kind('controllerrevisions'), set);
    const revision = labelsOf(revisions.update())['controller.kubernetes.io/hash'] ?? '';
    const wanted = new Set(
      this.#nodes
        .all()
        .filter((node) => fits(set, node))
        .map((node) => node.metadata.name),
    );
    const byNode = Map.groupBy(this.#pods.controlledBy(set), targetNode);

    for (const node of wanted)
      if (!(byNode.get(node) ?? []).some((pod) => !hasEnded(pod))) this.#createPod(set, node, revision);
    for (const [node, pods] of byNode) {
      const kept = wanted.has(node) ? pods.find((pod) => isActive(pod)) : undefined;
      for (const pod of pods) if (pod !== kept && !isTerminating(pod)) this.#deletePod(set, pod);
    }
    this.#roll(set, wanted.size, revision);
    this.#writeStatus(set, wanted, revision);
    revisions.prune(new Set([`${set.metadata.name}-${revision}`]));
  }

  #roll(set: KubeObject, wanted: number, revision: string): void {
    if (stringAt(set, 'spec', 'updateStrategy', 'type') === 'OnDelete') return;
    const limit = Math.max(
      scaledValue(jsonAt(set, 'spec', 'updateStrategy', 'rollingUpdate')['maxUnavailable'], wanted, 'up') ?? 1,
      1,
    );
    const pods = this.#pods.controlledBy(set).filter(isActive);
    let down = wanted - pods.filter(isReady).length;
    for (const pod of pods.filter((one) => labelsOf(one)[REVISION_LABEL] !== revision)) {
      if (isReady(pod) && down >= limit) return;
      if (isReady(pod)) down += 1;
      this.#deletePod(set, pod);
    }
  }

  #createPod(set: KubeObject, node: string, revision: string): void {
    const pod = createPod(this.#pods, this.#events, set, daemonPod(set, node, revision));
    this.#events.record(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
  }

  #deletePod(set: KubeObject, pod: Pod): void {
    this.#pods.delete(pod);
    this.#events.record(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
  }

  #writeStatus(set: KubeObject, wanted: ReadonlySet<string>, revision: string): void {
    const pods = this.#pods.controlledBy(set).filter(isActive);
    const placed = pods.filter((pod) => wanted.has(targetNode(pod)));
    const ready = placed.filter(isReady).length;
    writeStatus(this.#sets, set, {
      ...withCounts(statusOf(set), {
        updatedNumberScheduled: placed.filter((pod) => labelsOf(pod)[REVISION_LABEL] === revision).length,
        numberAvailable: ready,
        numberUnavailable: wanted.size - ready,
      }),
      currentNumberScheduled: placed.length,
      desiredNumberScheduled: wanted.size,
      numberMisscheduled: pods.length - placed.length,
      numberReady: ready,
      observedGeneration: generationOf(set),
    });
  }
}

/** The pod of a set on one node. */
export function daemonPod(set: KubeObject, node: string, revision: string): NewObject {
  const template = templateOf(set);
  const spec = jsonAt(template, 'spec');
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] };
  return podOf(set, template, {
    generateName: `${set.metadata.name}-`,
    labels: { [REVISION_LABEL]: revision, 'pod-template-generation': String(generationOf(set)) },
    spec: {
      affinity: {
        ...jsonAt(spec, 'affinity'),
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
      },
      tolerations: [...arrayAt(spec, 'tolerations'), ...TOLERATIONS],
    },
  });
}

/** The node that a daemon's pod is for, bound or not. */
function targetNode(pod: Pod): string {
  const bound = nodeNameOf(pod);
  if (bound !== '') return bound;
  const [term] = arrayAt(
    pod,
    'spec',
    'affinity',
    'nodeAffinity',
    'requiredDuringSchedulingIgnoredDuringExecution',
    'nodeSelectorTerms',
  );
  const [field] = arrayAt(term, 'matchFields');
  const [name] = arrayAt(field, 'values');
  return typeof name === 'string' ? name : '';
}

function fits(set: KubeObject, node: Node): boolean {
  const spec = jsonAt(templateOf(set), 'spec');
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: '' },
    spec: { ...spec, tolerations: [...arrayAt(spec, 'tolerations'), ...TOLERATIONS] },
  };
  return matchesNode(pod, node) && untoleratedTaint(pod, node) === undefined;
}
