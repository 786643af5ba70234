import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Workbench } from '../../src/compose.ts';
import { demoContext, type DemoCluster } from '../../src/demo/cluster.ts';
import { freshness, stateRows } from '../../src/host/trees/freshness.ts';
import { projectNode, projectPod } from '../../src/inventory/project.ts';
import type { InventorySnapshot, NodeView, PodView } from '../../src/inventory/types.ts';
import { Nodes, objectKey, Pods } from '../../src/kube/resources.ts';
import type { ClusterRef, KubeClient } from '../../src/kube/types.ts';
import type { WatchState } from '../../src/kube/watch/types.ts';
import { Lab, namespace, patience, until, type LabOptions, type WindowOptions } from './faults-lab.ts';
import { FaultProxy } from './fault-proxy/proxy.ts';
import { LeapClock } from './leap-clock.ts';

/** What a tree says of its freshness, as its user reads it. */
export interface Seen {
  readonly description: string;
  /** Label and description of each row that says what is wrong. */
  readonly rows: readonly string[];
}

/** A window of its own, with what it watches held open as a visible tree holds it. */
export interface WatchingWindow {
  readonly window: Workbench;
  readonly clock: LeapClock;
  /** True once the pod is in the picture; undefined until then, as `until` wants it. */
  shows(pod: string): true | undefined;
}

/** A demo cluster behind a fault proxy, and windows that reach it only through the proxy. */
export class NetworkLab {
  readonly lab: Lab;
  readonly proxy: FaultProxy;
  readonly #watching = new Set<Workbench>();
  #made = 0;
  #direct: KubeClient | undefined;

  private constructor(lab: Lab, proxy: FaultProxy) {
    this.lab = lab;
    this.proxy = proxy;
  }

  static async start(options: LabOptions = {}): Promise<NetworkLab> {
    const lab = await Lab.start(options);
    return new NetworkLab(lab, await FaultProxy.start(upstreamOf(lab.cluster)));
  }

  async stop(): Promise<void> {
    await this.lab.stop();
    await this.proxy.stop();
  }

  /** The cluster as windows behind the proxy know it. */
  get ref(): ClusterRef {
    return { context: demoContext, namespace, server: this.proxy.url };
  }

  /** A window that reaches the cluster through the proxy and watches it. */
  async watching(options: WindowOptions = {}): Promise<WatchingWindow> {
    const clock = new LeapClock();
    const window = this.lab.window({ kubeconfig: await this.kubeconfig(), clock, ...options });
    window.inventory.lease();
    this.#watching.add(window);
    return { window, clock, shows: (pod) => window.inventory.snapshot?.pods.has(pod) === true || undefined };
  }

  /** What a test leaves behind: its windows are closed, and its faults are over. */
  tidy(): void {
    this.proxy.behave();
    for (const window of this.#watching) this.lab.close(window);
    this.#watching.clear();
  }

  /** Writes the kubeconfig that leads to the proxy; `changes` replace fields of its cluster and user. */
  async kubeconfig(
    changes: { readonly cluster?: object; readonly user?: object; readonly name?: string } = {},
  ): Promise<string> {
    const { token } = JSON.parse(await this.lab.kubeconfig()).users[0].user as { token: string };
    return this.lab.file(
      changes.name ?? 'behind-the-proxy',
      kubeconfigText(
        {
          server: this.proxy.url,
          'certificate-authority-data': Buffer.from(this.proxy.identity.certPem).toString('base64'),
          ...changes.cluster,
        },
        changes.user ?? { token },
      ),
    );
  }

  read(kubeconfig: string): Promise<string> {
    return readFile(kubeconfig, 'utf8');
  }

  /** Straight to the server, past every fault. */
  async direct(): Promise<KubeClient> {
    this.#direct ??= await this.lab.window().contexts.client(this.lab.ref);
    return this.#direct;
  }

  /** The server goes and comes back on its port. The kubeconfig behind the proxy stays as it is until it is rewritten. */
  async restartServer(): Promise<void> {
    this.#direct = undefined;
    await this.lab.restart();
    this.proxy.forwardTo(upstreamOf(this.lab.cluster));
  }

  /** A pod that only sleeps, made past the proxy. */
  async addPod(name: string, where = namespace): Promise<void> {
    const client = await this.direct();
    await client.create(
      Pods,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: where },
        spec: { containers: [{ name: 'sleeper', image: 'registry.example/sleeper', command: ['sleep', 'infinity'] }] },
      },
      patience(),
    );
  }

  /** Something happens in the cluster that a window can only know if it goes on watching. Answers the key of the new pod. */
  async change(): Promise<string> {
    this.#made += 1;
    await this.addPod(`pod-${this.#made}`);
    return `${namespace}/pod-${this.#made}`;
  }

  async removePod(name: string): Promise<void> {
    await (await this.direct()).delete(Pods, namespace, name, { gracePeriodSeconds: 0, signal: patience() });
  }

  /** Lets the window's waits pass until it is live and holds what a fresh list holds, object by object. */
  async equalsFreshList({ window, clock }: WatchingWindow): Promise<InventorySnapshot> {
    const direct = await this.direct();
    let differing: { readonly shown: unknown; readonly fresh: unknown } | undefined;
    try {
      return await inTime(clock, 1, 'the window shows what the cluster holds', async () => {
        const fresh = await freshList(direct);
        const { snapshot } = window.inventory;
        const shown = {
          nodes: Object.fromEntries(snapshot?.nodes ?? []),
          pods: Object.fromEntries(snapshot?.pods ?? []),
        };
        differing = { shown, fresh };
        return snapshot !== undefined && isLive(snapshot) && isDeepStrictEqual(shown, fresh) ? snapshot : undefined;
      });
    } catch (error) {
      assert.deepEqual(differing?.shown, differing?.fresh);
      throw error;
    }
  }
}

export function kubeconfigText(cluster: object, user: object): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': demoContext,
    clusters: [{ name: demoContext, cluster }],
    users: [{ name: demoContext, user }],
    contexts: [{ name: demoContext, context: { cluster: demoContext, user: demoContext, namespace } }],
  });
}

/** The two kinds as the trees show them. */
export function seen(window: Workbench): Seen {
  const { snapshot } = window.inventory;
  if (!snapshot) return { description: 'connecting', rows: [] };
  const { nodes, pods } = snapshot.states;
  const rows = [...stateRows('nodes', nodes), ...stateRows('pods', pods)];
  return {
    description: freshness([nodes, pods]),
    rows: rows.map(({ label, description }) => `${label}: ${description ?? ''}`),
  };
}

export function stateOf(window: Workbench, kind: 'nodes' | 'pods'): WatchState {
  return window.inventory.snapshot?.states[kind] ?? { kind: 'connecting' };
}

export function isLive(snapshot: InventorySnapshot | undefined): boolean {
  return snapshot?.states.nodes.kind === 'live' && snapshot.states.pods.kind === 'live';
}

/** Waits for the state, and lets the waits of the product pass meanwhile: every look is worth that many seconds of its clock. */
export async function inTime<T>(
  clock: LeapClock,
  secondsALook: number,
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  return until(what, async () => {
    const answer = await ask();
    if (answer === undefined) clock.leap(secondsALook * 1000);
    return answer;
  });
}

/** Lets the waits of the product pass until the work has ended, well or not. */
export async function ended<T>(clock: LeapClock, work: Promise<T>): Promise<T> {
  const over = { yet: false };
  const settled = work.finally(() => {
    over.yet = true;
  });
  settled.catch(() => undefined);
  await inTime(clock, 1, 'the work ends', () => over.yet || undefined);
  return settled;
}

/** So many seconds pass on the window's clock, and what falls due in them has time to come about. */
export async function passes(clock: LeapClock, seconds: number): Promise<void> {
  for (let step = 0; step < 20; step += 1) {
    clock.leap((seconds * 1000) / 20);
    await delay(20);
  }
}

async function freshList(
  client: KubeClient,
): Promise<{ nodes: Record<string, NodeView>; pods: Record<string, PodView> }> {
  const [nodes, pods] = await Promise.all([
    client.list(Nodes, { signal: patience() }),
    client.list(Pods, { signal: patience() }),
  ]);
  return {
    nodes: Object.fromEntries(nodes.map((node) => [objectKey(node), projectNode(node)])),
    pods: Object.fromEntries(pods.map((pod) => [objectKey(pod), projectPod(pod)])),
  };
}

function upstreamOf(cluster: DemoCluster): { port: number; ca: string } {
  return { port: cluster.port, ca: cluster.server.caPem ?? '' };
}
