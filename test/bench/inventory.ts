// `npm run bench:inventory`: a large cluster through our inventory and through the library's informers, on the same server.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background } from '../../scripts/lib/background.ts';
import { poll, systemClock } from '../../src/base/clock.ts';
import { stringAt } from '../../src/base/json.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { MemoryStore } from '../../src/base/store.ts';
import { createContexts } from '../../src/kube/login/contexts.ts';
import { Pods } from '../../src/kube/resources.ts';
import type { KubeClient } from '../../src/kube/types.ts';
import type { KubeObject } from '../../src/kube/model/types.ts';
import { BenchClient } from './inventory/client.ts';
import { Door } from './inventory/door.ts';
import { wallNow, type Used } from './inventory/protocol.ts';
import { printTable } from './table.ts';
import type { BenchRow } from './types.ts';

const root = join(import.meta.dirname, '..', '..');
/** Smaller ones are for trying the bench itself. */
const size = {
  nodes: Number(process.env['BENCH_NODES'] ?? 1000),
  pods: Number(process.env['BENCH_PODS'] ?? 10_000),
  churn: 50,
};
const changes = 30;
const watchedMs = Number(process.env['BENCH_SECONDS'] ?? 30) * 1000;
const never = new AbortController().signal;

interface Still {
  readonly treeMs: number;
  readonly rows: number;
  readonly loading: Used;
  readonly itemMs: readonly number[];
  readonly single: Used;
}

interface Busy {
  readonly loading: Used;
  /** With the event loop under watch, which costs some CPU. */
  readonly looked: Used;
  readonly churning: Used;
  readonly itemMs: readonly number[];
  readonly hidden: Used | undefined;
  readonly hiddenBytes: number;
}

/** Time to the trees, event loop, memory, latency and CPU of both, on a cluster that stands still and on one that changes. */
export async function benchInventory(): Promise<readonly BenchRow[]> {
  const still = await withServer(0, async (lab) => ({
    ours: await measureStill(lab, 'ours'),
    peer: await measureStill(lab, 'peer'),
  }));
  const busy = await withServer(size.churn, async (lab) => ({
    ours: await measureBusy(lab, 'ours'),
    peer: await measureBusy(lab, 'peer'),
  }));
  return rowsOf(still, busy);
}

interface Lab {
  readonly door: Door;
  readonly kubeconfig: string;
  readonly folder: string;
  /** Past the door. */
  readonly client: KubeClient;
  /** A pod that one row shows, and that changes when we say so. */
  readonly subject: KubeObject;
}

async function withServer<T>(churn: number, measure: (lab: Lab) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'llmdw-bench-'));
  const direct = join(folder, 'direct');
  const started = performance.now();
  const demo = background('node', [
    join(root, 'src', 'cli.ts'),
    'demo',
    '--kubeconfig',
    direct,
    '--nodes',
    String(size.nodes),
    '--pods',
    String(size.pods),
    ...(churn === 0 ? [] : ['--churn', `${churn}/s`]),
  ]);
  try {
    await demo.printed(/serves (\S+)/, 180_000);
    console.error(
      `demo with ${size.nodes} nodes, ${size.pods} pods, churn ${churn}/s: up after ${((performance.now() - started) / 1e3).toFixed(1)} s`,
    );
    const contexts = createContexts({
      env: { KUBECONFIG: direct },
      home: folder,
      folder: () => folder,
      store: new MemoryStore(),
      clock: systemClock,
      logger: silentLogger,
    });
    const cluster = await contexts.current();
    if (!cluster) throw new Error('the demo wrote no context');
    const client = await contexts.client(cluster);
    const subject = await runSubject(client, cluster.namespace);
    const door = await Door.before(Number(new URL(cluster.server).port));
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(
      kubeconfig,
      (await readFile(direct, 'utf8')).replaceAll(cluster.server, `https://127.0.0.1:${door.port}`),
    );
    await settled();
    try {
      return await measure({ door, kubeconfig, folder, client, subject });
    } finally {
      door.close();
      contexts.dispose();
    }
  } finally {
    await demo.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A pod with a GPU that the churn leaves alone, in the last leaf group, which the trees have open. */
async function runSubject(client: KubeClient, namespace: string): Promise<KubeObject> {
  const name = 'bench-subject';
  const resources = { limits: { 'nvidia.com/gpu': '1' } };
  await client.create(
    Pods,
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: {
        nodeSelector: { 'ib.coreweave.cloud/leafgroup': String(Math.ceil(size.nodes / 32)) },
        containers: [{ name: 'main', image: 'ubuntu', command: ['sleep', 'infinity'], resources }],
      },
    },
    never,
  );
  return poll(systemClock, 100, AbortSignal.timeout(60_000), async () => {
    const pod = await client.get(Pods, namespace, name, never);
    return stringAt(pod, 'status', 'phase') === 'Running' ? pod : undefined;
  });
}

async function measureStill(lab: Lab, name: 'ours' | 'peer'): Promise<Still> {
  const client = await started(lab, name);
  const tree = client.next('tree');
  client.order({ do: 'start' });
  const { ms, rows, pods } = await tree;
  if (pods < size.pods * 0.95) throw new Error(`${name} shows ${pods} of ${size.pods} pods`);
  await settled();
  const loading = await client.used();
  client.order({ do: 'mark', meters: true });
  const itemMs = await changeItems(lab, client);
  const single = await client.used();
  await client.end();
  return { treeMs: ms, rows, loading, itemMs, single };
}

async function measureBusy(lab: Lab, name: 'ours' | 'peer'): Promise<Busy> {
  const client = await started(lab, name);
  const tree = client.next('tree');
  client.order({ do: 'start' });
  await tree;
  await settled();
  const loading = await client.used();
  client.order({ do: 'mark', meters: true });
  const itemMs = await changeItems(lab, client);
  await pause(watchedMs / 2);
  const looked = await client.used();
  client.order({ do: 'mark', meters: false });
  await pause(watchedMs);
  const churning = await client.used();
  let hidden: Used | undefined;
  let hiddenBytes = 0;
  if (name === 'ours') {
    const gone = client.next('hidden');
    client.order({ do: 'hide' });
    await gone;
    await settled();
    const before = lab.door.bytesIn;
    client.order({ do: 'mark', meters: false });
    await pause(watchedMs);
    hidden = await client.used();
    hiddenBytes = lab.door.bytesIn - before;
  }
  await client.end();
  return { loading, looked, churning, itemMs, hidden, hiddenBytes };
}

async function started(lab: Lab, name: 'ours' | 'peer'): Promise<BenchClient> {
  const client = new BenchClient(name, lab.kubeconfig, lab.folder);
  await client.next('ready');
  return client;
}

let stamp = 0;

/** From the moment at which the server has taken a change to the moment at which its row holds it, in ms. */
async function changeItems(lab: Lab, client: BenchClient): Promise<readonly number[]> {
  const times: number[] = [];
  const { namespace, name } = lab.subject.metadata;
  for (let change = 0; change < changes; change += 1) {
    stamp += 1;
    const text = `stamp-${stamp}-end`;
    const seen = client.next('seen', 30_000);
    client.order({ do: 'expect', text });
    await pause(50 + Math.random() * 200);
    const sent = wallNow();
    await lab.client.patch(Pods, namespace, name, { metadata: { labels: { 'llm-d.ai/owner': text } } }, never);
    times.push((await seen).at - sent);
  }
  return times;
}

function rowsOf(
  still: { readonly ours: Still; readonly peer: Still },
  busy: { readonly ours: Busy; readonly peer: Busy },
): readonly BenchRow[] {
  const both = (what: string, of: (one: 'ours' | 'peer') => string, note: string): BenchRow => ({
    what,
    ours: of('ours'),
    peer: of('peer'),
    note,
  });
  const minute = (used: Used): string => `${((used.cpuMs / used.wallMs) * 60).toFixed(2)} s`;
  const hidden = busy.ours.hidden;
  return [
    both(
      'first complete tree',
      (one) => `${(still[one].treeMs / 1e3).toFixed(2)} s`,
      `${size.nodes} nodes, ${size.pods} pods, ${still.ours.rows} rows in view; from the order to connect to both trees' rows`,
    ),
    both(
      'longest block of the event loop',
      (one) => block([still[one].loading]),
      'until 5 s after the first tree; in brackets what the thread itself computed',
    ),
    both(
      'the same, while the cluster changes',
      (one) => block([busy[one].loading, busy[one].looked]),
      `start and about ${watchedMs / 1e3} s at ${size.churn} changes/s`,
    ),
    both(
      'peak memory over the baseline',
      (one) => `${still[one].loading.peakMegabytes.toFixed(0)} MB`,
      'resident set, against that before connecting',
    ),
    both('the same, while the cluster changes', (one) => `${busy[one].churning.peakMegabytes.toFixed(0)} MB`, ''),
    both(
      "a pod's change to its item",
      (one) => spread(still[one].itemMs),
      `median (and slowest) of ${changes}, from sending the change to the row that holds it`,
    ),
    both('the same, while the cluster changes', (one) => spread(busy[one].itemMs), `at ${size.churn} changes/s`),
    both(
      'items refreshed a change',
      (one) => (still[one].single.items / changes).toFixed(1),
      'elements that the trees ask VS Code to fetch again',
    ),
    both(
      'CPU a minute',
      (one) => minute(busy[one].churning),
      `both trees in view with five groups open, at ${size.churn} changes/s, over ${watchedMs / 1e3} s`,
    ),
    {
      what: 'CPU a minute, views hidden',
      ours: hidden ? minute(hidden) : '',
      peer: '',
      note: `${busy.ours.hiddenBytes} bytes sent to the server in ${watchedMs / 1e3} s`,
    },
  ];
}

function block(used: readonly Used[]): string {
  const longest = (of: (one: Used) => number): string => Math.max(...used.map(of)).toFixed(0);
  return `${longest((one) => one.blockMs)} ms (${longest((one) => one.ownBlockMs)})`;
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  return `${(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN).toFixed(0)} ms (${(sorted.at(-1) ?? Number.NaN).toFixed(0)})`;
}

function settled(): Promise<void> {
  return pause(5000);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) printTable(await benchInventory());
