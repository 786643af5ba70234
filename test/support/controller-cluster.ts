import { setTimeout as delay } from 'node:timers/promises';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import type { Disposable } from '../../src/base/disposables.ts';
import type { Logger } from '../../src/base/logger.ts';
import type { KubeObject, ResourceType } from '../../src/kube/model/types.ts';
import { createApiServer, type ApiServer } from '../../src/demo/api/server.ts';
import { startControllers } from '../../src/demo/controllers/index.ts';
import type { DemoApi } from '../../src/demo/types.ts';

export type Json = Record<string, unknown>;

/** How the kubelet of a test treats a pod: it runs and is ready at once unless told otherwise. */
export type PodFate = 'ready' | 'running' | 'stuck' | 'succeed' | 'fail';

/** The demo's API server and controllers with a kubelet that reports what the test wants. */
export class ControllerCluster {
  readonly api: DemoApi;
  readonly warnings: string[] = [];
  fateOf: (pod: KubeObject) => PodFate = () => 'ready';
  readonly #server: ApiServer;
  readonly #owned: Disposable[] = [];
  readonly #logger: Logger;
  readonly #clock: Clock;
  #controllers: Disposable;
  #nextIp = 1;

  private constructor(server: ApiServer, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    this.api = server.api;
    const warn = (message: string): void => void this.warnings.push(message);
    this.#logger = { debug() {}, info() {}, warn, error: warn };
    this.#owned.push(
      this.api.watch(this.kind('pods'), ({ type, object }) => {
        if (type !== 'DELETED') this.#kubelet(object);
      }),
    );
    this.#controllers = this.#startControllers();
  }

  /** As when the process of the controllers is started again. */
  restartControllers(): void {
    this.#controllers.dispose();
    this.#controllers = this.#startControllers();
  }

  #startControllers(): Disposable {
    return startControllers(this.api, {
      clock: this.#clock,
      logger: this.#logger,
      signal: new AbortController().signal,
    });
  }

  /** `clock` is that of the controllers. */
  static async start(options: { readonly tls?: boolean; readonly clock?: Clock } = {}): Promise<ControllerCluster> {
    const silent: Logger = {
      debug() {},
      info() {},
      warn() {},
      error(message, cause) {
        console.error(message, cause);
      },
    };
    return new ControllerCluster(
      await createApiServer({
        host: '127.0.0.1',
        port: 0,
        tls: options.tls ?? false,
        token: 'test',
        clock: systemClock,
        logger: silent,
      }),
      options.clock ?? systemClock,
    );
  }

  get url(): string {
    return this.#server.url;
  }

  async stop(): Promise<void> {
    this.#controllers.dispose();
    for (const item of this.#owned.toReversed()) item.dispose();
    await this.#server.close();
  }

  kind(plural: string, group = ''): ResourceType {
    return this.api.resource(group, plural);
  }

  create(plural: string, group: string, object: Json): KubeObject {
    const { metadata, ...rest } = object;
    return this.api.create(this.kind(plural, group), {
      ...rest,
      metadata: { namespace: 'default', ...(metadata as Json) },
    } as unknown as KubeObject);
  }

  get(plural: string, group: string, name: string): KubeObject | undefined {
    return this.api.get(this.kind(plural, group), 'default', name);
  }

  /** Changes the spec of a stored object. */
  change(plural: string, group: string, name: string, change: (spec: Json) => Json): KubeObject {
    const kind = this.kind(plural, group);
    const object = this.api.get(kind, kind.namespaced ? 'default' : undefined, name);
    if (!object) throw new Error(`no ${plural} ${name}`);
    return this.api.update(kind, { ...object, spec: change(object['spec'] as Json) });
  }

  delete(plural: string, group: string, name: string, options: Parameters<DemoApi['delete']>[3] = {}): void {
    this.api.delete(this.kind(plural, group), 'default', name, options);
  }

  pods(labels: Readonly<Record<string, string>> = {}): KubeObject[] {
    return this.api
      .list(this.kind('pods'), 'default')
      .filter((pod) => Object.entries(labels).every(([key, value]) => pod.metadata.labels?.[key] === value));
  }

  podNames(labels: Readonly<Record<string, string>> = {}): string[] {
    return this.pods(labels)
      .map((pod) => pod.metadata.name)
      .sort();
  }

  /** What kubelet and cluster write of a pod from outside. */
  setPodStatus(name: string, change: (status: Json) => Json): void {
    const pod = this.api.get(this.kind('pods'), 'default', name);
    if (!pod) throw new Error(`no pod ${name}`);
    this.api.updateStatus(this.kind('pods'), { ...pod, status: change(pod['status'] as Json) });
  }

  events(reason: string): KubeObject[] {
    return this.api.list(this.kind('events'), 'default').filter((event) => event['reason'] === reason);
  }

  addNode(
    name: string,
    options: { gpus?: number; labels?: Record<string, string>; taints?: readonly Json[]; unschedulable?: boolean } = {},
  ): void {
    const { gpus = 8, labels = {}, taints, unschedulable } = options;
    const allocatable = {
      cpu: '128',
      memory: '1Ti',
      pods: '110',
      'ephemeral-storage': '4Ti',
      ...(gpus > 0 ? { 'nvidia.com/gpu': String(gpus), 'rdma/ib': '1' } : {}),
    };
    this.api.create(this.kind('nodes'), {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
      spec: { ...(taints ? { taints } : {}), ...(unschedulable ? { unschedulable } : {}) },
      status: {
        capacity: allocatable,
        allocatable,
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            lastHeartbeatTime: '2026-01-01T00:00:00Z',
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ],
      },
    });
  }

  /** Waits for what the probe asserts; rejects with its last complaint after the time. */
  async eventually(probe: () => void, ms = 15_000): Promise<void> {
    const until = performance.now() + ms;
    for (;;) {
      try {
        probe();
        return;
      } catch (error) {
        if (performance.now() > until) throw error;
        await delay(5);
      }
    }
  }

  #kubelet(pod: KubeObject): void {
    const spec = pod['spec'] as { nodeName?: string; containers: { name: string }[] };
    const current = this.api.get(this.kind('pods'), pod.metadata.namespace, pod.metadata.name);
    if (!current || current.metadata.uid !== pod.metadata.uid || !spec.nodeName) return;
    if (current.metadata.deletionTimestamp !== undefined) {
      this.api.delete(this.kind('pods'), pod.metadata.namespace, pod.metadata.name, {
        gracePeriodSeconds: 0,
        uid: pod.metadata.uid ?? '',
      });
      return;
    }
    const fate = this.fateOf(current);
    const status = current['status'] as Json;
    const phase = { ready: 'Running', running: 'Running', stuck: 'Pending', succeed: 'Succeeded', fail: 'Failed' }[
      fate
    ];
    const ready = fate === 'ready' ? 'True' : 'False';
    const conditions = (status['conditions'] as Json[] | undefined) ?? [];
    const known = conditions.find((condition) => condition['type'] === 'Ready');
    if (status['phase'] === phase && known?.['status'] === ready) return;
    if (status['phase'] === 'Succeeded' || status['phase'] === 'Failed') return;
    const now = new Date().toISOString();
    this.api.updateStatus(this.kind('pods'), {
      ...current,
      status: {
        ...status,
        phase,
        podIP: status['podIP'] ?? `10.0.0.${this.#nextIp++}`,
        conditions: [
          ...conditions.filter((condition) => condition['type'] !== 'Ready'),
          { type: 'Ready', status: ready, lastTransitionTime: now },
        ],
        containerStatuses:
          status['containerStatuses'] ??
          spec.containers.map(({ name }) => ({
            name,
            ready: fate === 'ready',
            restartCount: 0,
            image: 'x',
            imageID: '',
            state: {},
            lastState: {},
          })),
      },
    });
  }
}
