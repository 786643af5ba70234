import assert from 'node:assert/strict';
import { access, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { isWorkbenchError, WorkbenchError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { demoContext, startDemoCluster, type DemoClusterOptions } from '../../../src/demo/cluster.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import { Nodes } from '../../../src/kube/resources.ts';

describe('demo cluster', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'demo-cluster-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const options = (signal: AbortSignal, extra: Partial<DemoClusterOptions> = {}): DemoClusterOptions => ({
    port: 0,
    kubeconfigPath: join(directory, 'kubeconfig'),
    speed: 20,
    faults: [],
    logger: silentLogger,
    signal,
    ...extra,
  });

  it('is reached by its kubeconfig alone, which goes when it stops', async () => {
    const { signal } = new AbortController();
    const cluster = await startDemoCluster(options(signal));
    try {
      const { mode } = await stat(cluster.kubeconfigPath);
      assert.equal(mode & 0o777, 0o600);
      const config = JSON.parse(await readFile(cluster.kubeconfigPath, 'utf8'));
      assert.equal(config['current-context'], demoContext);
      const ca = Buffer.from(config.clusters[0].cluster['certificate-authority-data'], 'base64');
      const client = createKubeClient({
        cluster: {
          context: demoContext,
          namespace: config.contexts[0].context.namespace,
          server: config.clusters[0].cluster.server,
        },
        connection: { server: config.clusters[0].cluster.server, ca, token: config.users[0].user.token },
        clock: systemClock,
        logger: silentLogger,
      });
      assert.equal((await client.list(Nodes, { signal })).length, 4);
      client.dispose();
    } finally {
      await cluster.stop();
    }
    await assert.rejects(access(cluster.kubeconfigPath));
    await assert.rejects(fetch(cluster.url));
  });

  it('leaves nothing behind when its start is cancelled', async () => {
    const cancel = new AbortController();
    const starting = startDemoCluster(options(cancel.signal));
    cancel.abort(new WorkbenchError({ code: 'aborted', message: 'cancelled' }));
    await assert.rejects(starting, (error) => isWorkbenchError(error, 'aborted'));
    await assert.rejects(access(join(directory, 'kubeconfig')));
  });

  it('says which port is taken', async () => {
    const { signal } = new AbortController();
    const cluster = await startDemoCluster(options(signal));
    try {
      await assert.rejects(
        startDemoCluster(options(signal, { port: cluster.port, kubeconfigPath: join(directory, 'other') })),
        (error) => isWorkbenchError(error, 'port-taken'),
      );
    } finally {
      await cluster.stop();
    }
  });
});
