import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background } from '../../scripts/lib/background.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { MemoryStore } from '../../src/base/store.ts';
import { createInventory } from '../../src/inventory/inventory.ts';
import { createContexts } from '../../src/kube/login/contexts.ts';
import type { KubeObject } from '../../src/kube/model/types.ts';
import type { BenchRow } from './types.ts';

const root = join(import.meta.dirname, '..', '..');
const podCount = 200;
const pods = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };

/** From starting the demo to its readiness, and from a cold client to a complete inventory of 200 pods. */
export async function benchCluster(): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'llmdw-bench-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const started = performance.now();
  const demo = background('node', [join(root, 'dist', 'llmdw.mjs'), 'demo', '--kubeconfig', kubeconfig]);
  try {
    await demo.printed(/serves (\S+)/, 60_000);
    const ready = performance.now() - started;
    const signal = AbortSignal.timeout(120_000);
    const contexts = createContexts({
      env: { KUBECONFIG: kubeconfig },
      home: folder,
      folder: () => folder,
      store: new MemoryStore(),
      clock: systemClock,
      logger: silentLogger,
    });
    const cluster = await contexts.current();
    if (!cluster) throw new Error('the demo wrote no context');
    const client = await contexts.client(cluster);
    for (let index = 0; index < podCount; index += 1)
      await client.create(pods, idlePod(cluster.namespace, index), signal);
    const before = performance.now();
    const inventory = createInventory({ contexts, clock: systemClock, logger: silentLogger });
    const snapshot = await inventory.whenComplete(signal);
    const complete = performance.now() - before;
    if (snapshot.pods.size < podCount)
      throw new Error(`the inventory holds ${snapshot.pods.size} pods, not ${podCount}`);
    inventory.dispose();
    contexts.dispose();
    return [
      {
        what: 'demo start to /readyz',
        ours: `${ready.toFixed(0)} ms`,
        peer: '',
        note: 'process start to the line that names its address',
      },
      {
        what: `${podCount} pods to a complete inventory`,
        ours: `${complete.toFixed(0)} ms`,
        peer: '',
        note: 'connect, list nodes and pods in chunks, project',
      },
    ];
  } finally {
    await demo.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function idlePod(namespace: string, index: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `idle-${index}`, namespace },
    spec: { nodeSelector: { nowhere: 'yes' }, containers: [{ name: 'idle', image: 'pause' }] },
  };
}
