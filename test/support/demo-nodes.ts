import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { at, arrayAt, stringAt } from '../../src/base/json.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { Kubelets } from '../../src/demo/kubelets.ts';
import { startNodes, type DemoNodes, type DemoNodesOptions } from '../../src/demo/nodes/index.ts';
import { h200Nodes } from '../../src/demo/nodes/node-shape.ts';
import type { KubeObject } from '../../src/kube/model/types.ts';
import { FakeApi } from './fake-api.ts';
import { until } from './until.ts';

/** Nodes over the fake API, at a speed that makes back-offs and pulls pass in a moment. Their kubelet has an address here, which it has nowhere else. */
export class NodesUnderTest {
  readonly api: FakeApi;
  readonly nodes: DemoNodes;
  readonly nodeName: string;
  readonly kubelet: string;
  readonly #door: Server;
  readonly #stop: AbortController;

  private constructor(api: FakeApi, nodes: DemoNodes, door: Server, stop: AbortController) {
    this.api = api;
    this.nodes = nodes;
    this.#door = door;
    this.#stop = stop;
    this.nodeName = nodes.nodes[0]!.name;
    this.kubelet = `127.0.0.1:${(door.address() as AddressInfo).port}`;
  }

  static async start(options: Partial<DemoNodesOptions> = {}): Promise<NodesUnderTest> {
    const api = new FakeApi();
    const stop = new AbortController();
    const kubelets = new Kubelets();
    const nodes = await startNodes({
      client: api.client(),
      nodes: h200Nodes(1),
      kubelet: { kubelets },
      speed: 50,
      logger: silentLogger,
      signal: stop.signal,
      ...options,
    });
    const door = createServer({ allowHalfOpen: true }, (socket) =>
      kubelets.accept(nodes.nodes[0]!.name, socket),
    ).listen(0, '127.0.0.1');
    await once(door, 'listening');
    return new NodesUnderTest(api, nodes, door, stop);
  }

  stop(): void {
    this.nodes.dispose();
    this.#door.close();
    this.#stop.abort();
  }

  /** Binds a pod to the node. */
  run(name: string, spec: Record<string, unknown>, metadata: Partial<KubeObject['metadata']> = {}): void {
    this.api.put('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'lab', ...metadata },
      spec: { nodeName: this.nodeName, ...spec },
    });
  }

  /** A pod with one container that runs `sleep infinity`, Ready. */
  async shellPod(name = 'poker', extra: Record<string, unknown> = {}): Promise<void> {
    this.run(name, { containers: [{ name: 'main', image: 'poker:1', command: ['sleep', 'infinity'], ...extra }] });
    await this.until(name, isReady);
  }

  /** Waits until the pod is as it should be; fails with its last status when it never is. */
  async until(name: string, holds: (pod: KubeObject) => boolean): Promise<KubeObject> {
    let found: KubeObject | undefined;
    await until(
      () => {
        const pod = this.api.get('pods', `lab/${name}`);
        if (pod !== undefined && holds(pod)) found = pod;
        return found !== undefined;
      },
      () =>
        `pod ${name} never came to it: ${JSON.stringify(this.api.get('pods', `lab/${name}`)?.status ?? 'gone', undefined, 1)}`,
    );
    if (found === undefined) throw new Error(`pod ${name} is gone`);
    return found;
  }

  async untilGone(name: string): Promise<void> {
    await until(
      () => this.api.get('pods', `lab/${name}`) === undefined,
      () => `pod ${name} is still there`,
    );
  }

  /** `reason: message` of the pod's events, in their order. */
  events(pod: string): string[] {
    return this.api
      .all('events')
      .filter((event) => stringAt(event, 'involvedObject', 'name') === pod)
      .map((event) => `${stringAt(event, 'reason')}: ${stringAt(event, 'message')}`);
  }

  async logs(pod: string, query = ''): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://${this.kubelet}/containerLogs/lab/${pod}/main?${query}`);
    return { status: response.status, text: await response.text() };
  }
}

export function phaseIs(phase: string): (pod: KubeObject) => boolean {
  return (pod) => stringAt(pod, 'status', 'phase') === phase;
}

export function conditionOf(pod: KubeObject, type: string): string | undefined {
  return stringAt(
    arrayAt(pod, 'status', 'conditions').find((condition) => at(condition, 'type') === type),
    'status',
  );
}

export function isReady(pod: KubeObject): boolean {
  return conditionOf(pod, 'Ready') === 'True';
}

export function containerOf(pod: KubeObject, name = 'main'): unknown {
  return [...arrayAt(pod, 'status', 'containerStatuses'), ...arrayAt(pod, 'status', 'initContainerStatuses')].find(
    (status) => at(status, 'name') === name,
  );
}
