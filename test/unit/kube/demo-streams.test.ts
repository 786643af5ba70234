import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { poll, systemClock } from '../../../src/base/clock.ts';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { stringAt } from '../../../src/base/json.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { MemoryStore } from '../../../src/base/store.ts';
import { startDemoCluster, type DemoCluster } from '../../../src/demo/cluster.ts';
import { gpuReport } from '../../../src/inventory/gpus.ts';
import { createInventory } from '../../../src/inventory/inventory.ts';
import { createContexts } from '../../../src/kube/login/contexts.ts';
import { Pods } from '../../../src/kube/resources.ts';
import type { ClusterRef, KubeClient } from '../../../src/kube/types.ts';
import type { Contexts } from '../../../src/kube/login/types.ts';

const never = new AbortController().signal;

describe('kube layer and inventory against the demo cluster, found by its kubeconfig', () => {
  let folder: string;
  let demo: DemoCluster;
  let contexts: Contexts;
  let cluster: ClusterRef;
  let client: KubeClient;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-demo-'));
    const kubeconfigPath = join(folder, 'kubeconfig');
    demo = await startDemoCluster({
      port: 0,
      kubeconfigPath,
      speed: 20,
      faults: [],
      logger: silentLogger,
      signal: never,
    });
    contexts = createContexts({
      env: { KUBECONFIG: kubeconfigPath },
      home: folder,
      folder: () => folder,
      store: new MemoryStore(),
      clock: systemClock,
      logger: silentLogger,
    });
    const current = await contexts.current();
    assert.ok(current);
    cluster = current;
    client = await contexts.client(cluster);
    await client.create(
      Pods,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'shell', namespace: cluster.namespace },
        spec: {
          restartPolicy: 'Never',
          containers: [
            {
              name: 'main',
              image: 'busybox',
              command: ['bash', '-c', 'echo one; echo two; sleep 1000'],
              resources: { limits: { 'nvidia.com/gpu': '3' } },
            },
          ],
        },
      },
      never,
    );
    await poll(systemClock, 50, never, async () =>
      stringAt(await client.get(Pods, cluster.namespace, 'shell', never), 'status', 'phase') === 'Running'
        ? true
        : undefined,
    );
  });

  after(async () => {
    contexts.dispose();
    await demo.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('runs commands with their streams and exit codes', async () => {
    const where = { namespace: cluster.namespace, pod: 'shell', signal: never };
    const output = await client.execOutput({ ...where, command: ['bash', '-c', 'echo out; echo err >&2; exit 5'] });
    assert.deepEqual([output.exitCode, output.stdout.toString(), output.stderr], [5, 'out\n', 'err\n']);
    const bytes = Buffer.alloc(3 * 1024 * 1024, 'some bytes');
    const hashed = await client.execOutput({ ...where, command: ['sha256sum'], stdin: Readable.from([bytes]) });
    assert.equal(hashed.stdout.toString().split(' ')[0], createHash('sha256').update(bytes).digest('hex'));
    await assert.rejects(client.exec({ ...where, pod: 'absent', command: ['true'] }), (error) =>
      isWorkbenchError(error, 'not-found'),
    );
  });

  it('follows a log until it is cancelled', async () => {
    const stop = new AbortController();
    const lines: string[] = [];
    const reading = (async () => {
      for await (const line of client.logs({
        namespace: cluster.namespace,
        pod: 'shell',
        follow: true,
        signal: stop.signal,
      })) {
        lines.push(line.text);
        if (lines.length === 2) stop.abort();
      }
    })();
    await assert.rejects(reading, (error) => isWorkbenchError(error, 'aborted'));
    assert.deepEqual(lines, ['one', 'two']);
  });

  it('counts the GPUs that the pod holds', async () => {
    const inventory = createInventory({ contexts, logger: silentLogger });
    const report = gpuReport(await inventory.whenComplete(never));
    inventory.dispose();
    const holders = report.nodes.flatMap((node) =>
      node.holders.map((holder) => [holder.pod, holder.count, node.resources['nvidia.com/gpu']?.free]),
    );
    assert.deepEqual(holders, [['shell', 3, 5]]);
    assert.deepEqual(report.totals['nvidia.com/gpu'], {
      allocatable: 24,
      requested: 3,
      free: 21,
      unusable: 8,
      tainted: 0,
      pending: 0,
    });
  });
});
