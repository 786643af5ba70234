import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { poll, systemClock } from '../../../src/base/clock.ts';
import { isWorkbenchError, type ErrorCode } from '../../../src/base/errors.ts';
import { Emitter } from '../../../src/base/events.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { MemoryStore } from '../../../src/base/store.ts';
import { assetsAt, compose, type Settings, type Workbench } from '../../../src/compose.ts';
import { demoContext, startDemoCluster, type DemoCluster } from '../../../src/demo/cluster.ts';
import { Pods } from '../../../src/kube/resources.ts';
import { HostileFolder, theirs } from '../../support/hostile-folder.ts';

const { signal } = new AbortController();

/** Attack 1: a folder whose `.env` names a kubeconfig with a credential plugin, with a run that is said to go on. */
describe('a folder that nobody trusts', () => {
  let parent: string;
  let own: DemoCluster;
  let folder: HostileFolder;
  let workbench: Workbench;
  let granted: boolean;
  let grant: Emitter<void>;

  before(async () => {
    own = await startDemoCluster({
      port: 0,
      kubeconfigPath: join(await mkdtemp(join(tmpdir(), 'llmdw-own-')), 'kubeconfig'),
      speed: 10,
      faults: [],
      logger: silentLogger,
      signal,
    });
  });

  after(async () => {
    await own.stop();
    await rm(join(own.kubeconfigPath, '..'), { recursive: true, force: true });
  });

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'llmdw-trust-'));
    folder = await HostileFolder.make(parent);
    granted = false;
    grant = new Emitter();
    workbench = open({ owner: 'me', liveFigures: true }, { KUBECONFIG: own.kubeconfigPath });
  });

  afterEach(async () => {
    workbench.dispose();
    await folder.close();
    await rm(parent, { recursive: true, force: true });
  });

  function open(settings: Settings, env: Readonly<Record<string, string>>): Workbench {
    return compose({
      workspace: folder.path,
      trust: {
        get granted() {
          return granted;
        },
        onDidGrant: grant.event,
      },
      assets: assetsAt(join(import.meta.dirname, '../../..')),
      store: new MemoryStore(),
      storage: join(parent, 'storage'),
      settings: () => settings,
      env: { PATH: process.env['PATH'], ...env },
      logger: silentLogger,
    });
  }

  async function refused(call: Promise<unknown>, code: ErrorCode): Promise<void> {
    await assert.rejects(call, (error) => isWorkbenchError(error, code));
  }

  it('starts no program, asks no cluster of its and is not written to, while the person looks at their own', async () => {
    const before = await folder.state();
    assert.equal(workbench.workspace, undefined);
    const cluster = await workbench.contexts.current();
    assert.deepEqual(
      [cluster?.context, cluster?.namespace],
      [demoContext, 'llm-d'],
      'neither KUBECONFIG nor NAMESPACE of .env',
    );
    assert.ok(cluster);
    await workbench.benchmarks.resume(signal);
    await workbench.decodePods.follow();
    const looking = [workbench.loading.lease(), workbench.live.lease()];
    assert.ok((await workbench.inventory.whenComplete(signal)).nodes.size > 0);
    assert.equal(workbench.live.snapshot.state.kind, 'off');
    assert.deepEqual(await workbench.runs.list(), []);
    assert.deepEqual(await workbench.traces.local(), []);
    await refused(workbench.benchmarks.cancel(theirs.run), 'not-found');
    await refused(workbench.decodePods.write(cluster, signal), 'bad-usage');
    await refused(workbench.deployments.createSecrets(cluster, signal), 'env-missing');
    await refused(workbench.traces.copy(cluster, [], { signal, progress: () => {} }), 'bad-usage');
    for (const lease of looking) lease.dispose();
    assert.equal(folder.ran, false);
    assert.deepEqual(folder.asked, []);
    assert.deepEqual(await folder.state(), before);
  });

  it('does not count where a setting of the person names a kubeconfig by a relative path', async () => {
    workbench.dispose();
    workbench = open({ kubeconfig: 'evil.kubeconfig' }, {});
    await refused(workbench.contexts.list(), 'kubeconfig-missing');
    granted = true;
    grant.fire();
    assert.equal((await workbench.contexts.current())?.context, theirs.context);
  });

  it('counts from the moment on when trust is given: its kubeconfig, its runs as history, its traces', async () => {
    await workbench.contexts.current();
    const told = new Promise<string | undefined>((resolve) =>
      workbench.contexts.onDidChange((cluster) => resolve(cluster?.context)),
    );
    granted = true;
    grant.fire();
    assert.equal(await told, theirs.context);
    assert.equal(workbench.workspace, folder.path);
    const cluster = await workbench.contexts.current();
    assert.ok(cluster?.namespace === theirs.namespace);
    const [run] = await workbench.runs.list();
    assert.deepEqual([run?.id, run?.state], [theirs.run, 'lost']);
    assert.match(run?.summary ?? '', /was not started from this folder on this machine/);
    assert.deepEqual(
      (await workbench.traces.local()).map(({ traces }) => traces.length),
      [1],
    );
    assert.notEqual(workbench.live.snapshot.state.kind, 'off');
    await (await workbench.contexts.client(cluster)).list(Pods, { namespace: cluster.namespace, signal });
    await poll(systemClock, 20, signal, () =>
      Promise.resolve(folder.ran && folder.asked.length > 0 ? true : undefined),
    );
  });
});
