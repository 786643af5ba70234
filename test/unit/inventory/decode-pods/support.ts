import { disposable } from '../../../../src/base/disposables.ts';
import { Emitter } from '../../../../src/base/events.ts';
import type { ClusterRef, KubeClient } from '../../../../src/kube/types.ts';
import type { Contexts } from '../../../../src/kube/login/types.ts';
import type { KubeObject } from '../../../../src/kube/model/types.ts';
import type { WatchOptions, WatchSink } from '../../../../src/kube/watch/types.ts';

/** A decode pod of wide-EP as the API server tells of it. */
export function decodePod(
  name: string,
  ip: string | undefined,
  change: {
    readonly owner?: string;
    readonly role?: string;
    readonly phase?: string;
    readonly deleting?: boolean;
  } = {},
): KubeObject {
  const { owner = 'ann', role = 'decode', phase = 'Running', deleting = false } = change;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'ns',
      uid: name,
      labels: { 'llm-d.ai/owner': owner, 'llm-d.ai/role': role, 'llm-d.ai/inferenceServing': 'true' },
      ...(deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { containers: [{ name: 'vllm', command: ['vllm', 'serve', 'm'] }] },
    status: { phase, ...(ip === undefined ? {} : { podIP: ip }) },
  };
}

/** A cluster reduced to pods that a test sets, with the watches that are open on it. */
export class FakeCluster {
  readonly cluster: ClusterRef;
  pods: readonly KubeObject[] = [];
  readonly watches = new Set<WatchOptions<unknown>>();
  readonly asked: unknown[] = [];

  constructor(context: string) {
    this.cluster = { context, namespace: 'ns', server: `https://${context}.invalid` };
  }

  get client(): KubeClient {
    return {
      cluster: this.cluster,
      list: (_resource: unknown, options: object) => {
        this.asked.push(options);
        return Promise.resolve(this.pods);
      },
      watch: (options: WatchOptions<unknown>) => {
        this.watches.add(options);
        return disposable(() => this.watches.delete(options));
      },
    } as unknown as KubeClient;
  }

  /** Answers every open watch with a whole list. */
  tellList(): void {
    for (const { sink, project } of this.watches)
      sink.replace(new Map(this.pods.map((pod) => [`ns/${pod.metadata.name}`, project(pod)])));
  }

  tellSet(pod: KubeObject): void {
    for (const { sink, project } of this.watches) sink.set(`ns/${pod.metadata.name}`, project(pod));
  }

  tellState(state: Parameters<WatchSink<unknown>['state']>[0]): void {
    for (const { sink } of this.watches) sink.state(state);
  }
}

/** Contexts reduced to the chosen cluster and its client. */
export class FakeContexts {
  readonly #changes = new Emitter<ClusterRef | undefined>();
  chosen: FakeCluster | undefined;
  readonly contexts = {
    current: () => Promise.resolve(this.chosen?.cluster),
    client: (cluster: ClusterRef) =>
      this.chosen?.cluster === cluster
        ? Promise.resolve(this.chosen.client)
        : Promise.reject(new Error('another cluster')),
    onDidChange: this.#changes.event,
  } as unknown as Contexts;

  choose(cluster: FakeCluster | undefined): void {
    this.chosen = cluster;
    this.#changes.fire(cluster?.cluster);
  }
}
