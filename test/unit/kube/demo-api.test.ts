import assert from 'node:assert/strict';
import { systemClock } from '../../../src/base/clock.ts';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { createApiServer, type ApiServer } from '../../../src/demo/api/server.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import { ConfigMaps, LeaderWorkerSets, Nodes, Pods } from '../../../src/kube/resources.ts';
import { applyConflicts } from '../../../src/kube/http/status.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import type { WatchState } from '../../../src/kube/watch/types.ts';
import { until } from './server.ts';

const never = new AbortController().signal;
const token = 'token-of-this-test';

function configMap(name: string, data: Record<string, string>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data };
}

describe("kube client against the demo's API server", () => {
  let server: ApiServer;
  let client: KubeClient;

  before(async () => {
    server = await createApiServer({ host: '127.0.0.1', port: 0, token, clock: systemClock, logger: silentLogger });
    client = createKubeClient({
      cluster: { context: 'demo', namespace: 'default', server: server.url },
      connection: { server: server.url, token, ...(server.caPem === undefined ? {} : { ca: server.caPem }) },
      clock: systemClock,
      logger: silentLogger,
    });
  });

  after(async () => {
    client.dispose();
    await server.close();
  });

  it('creates, reads, patches and deletes', async () => {
    const made = await client.create(ConfigMaps, configMap('plain', { a: '1' }), never);
    assert.ok(made.metadata.uid);
    await assert.rejects(client.create(ConfigMaps, configMap('plain', {}), never), (error) =>
      isWorkbenchError(error, 'already-exists'),
    );
    const patched = await client.patch(ConfigMaps, 'default', 'plain', { data: { b: '2' } }, never);
    assert.deepEqual(patched['data'], { a: '1', b: '2' });
    await assert.rejects(client.delete(ConfigMaps, 'default', 'plain', { uid: 'another', signal: never }), (error) =>
      isWorkbenchError(error, 'conflict'),
    );
    const { uid } = made.metadata;
    assert.equal(
      await client.delete(ConfigMaps, 'default', 'plain', { ...(uid === undefined ? {} : { uid }), signal: never }),
      true,
    );
    assert.equal(await client.delete(ConfigMaps, 'default', 'plain', { signal: never }), false);
    await assert.rejects(client.get(ConfigMaps, 'default', 'plain', never), (error) =>
      isWorkbenchError(error, 'not-found'),
    );
  });

  it('applies with a field manager, by dry run first, and tells whose field is in the way', async () => {
    await client.apply(configMap('applied', { a: '1' }), { fieldManager: 'one', dryRun: true, signal: never });
    await assert.rejects(client.get(ConfigMaps, 'default', 'applied', never), (error) =>
      isWorkbenchError(error, 'not-found'),
    );
    await client.apply(configMap('applied', { a: '1' }), { fieldManager: 'one', signal: never });
    const error: unknown = await client
      .apply(configMap('applied', { a: '2' }), { fieldManager: 'two', signal: never })
      .catch((reason: unknown) => reason);
    assert.ok(isWorkbenchError(error, 'conflict'));
    assert.deepEqual(applyConflicts(error), [{ field: '.data.a', manager: 'one' }]);
    const forced = await client.apply(configMap('applied', { a: '2' }), {
      fieldManager: 'two',
      force: true,
      signal: never,
    });
    assert.deepEqual(forced['data'], { a: '2' });
  });

  it('tells a namespace that is not there, a kind that is not served and a bad token apart', async () => {
    const lost = { ...configMap('x', {}), metadata: { name: 'x', namespace: 'nowhere' } };
    await assert.rejects(client.create(ConfigMaps, lost, never), (error) =>
      isWorkbenchError(error, 'namespace-missing'),
    );
    assert.equal(await client.resourceOf('nothing.example.com/v1', 'Thing', never), undefined);
    await assert.rejects(
      client.list({ ...Pods, group: 'nothing.example.com', plural: 'things' }, { signal: never }),
      (error) => isWorkbenchError(error, 'resource-absent'),
    );
    assert.deepEqual(
      await client.resourceOf('leaderworkerset.x-k8s.io/v1', 'LeaderWorkerSet', never),
      LeaderWorkerSets,
    );
    const stranger = createKubeClient({
      cluster: client.cluster,
      connection: { server: server.url, token: 'wrong', ...(server.caPem === undefined ? {} : { ca: server.caPem }) },
      clock: systemClock,
      logger: silentLogger,
    });
    await assert.rejects(stranger.list(Nodes, { signal: never }), (error) => isWorkbenchError(error, 'unauthorized'));
    stranger.dispose();
    assert.equal(await client.allowed('delete', Pods, 'default', never), true);
  });

  it('lists in chunks', async () => {
    for (let index = 0; index < 7; index += 1)
      await client.create(
        ConfigMaps,
        {
          ...configMap(`chunk-${index}`, {}),
          metadata: { name: `chunk-${index}`, namespace: 'default', labels: { chunk: 'yes' } },
        },
        never,
      );
    const names = (
      await client.list(ConfigMaps, { namespace: 'default', labelSelector: 'chunk=yes', limit: 3, signal: never })
    ).map((item) => item.metadata.name);
    assert.deepEqual(
      names,
      [0, 1, 2, 3, 4, 5, 6].map((index) => `chunk-${index}`),
    );
  });

  it('stays equal to the server through changes and a lost history', async () => {
    const seen = new Map<string, string>();
    const states: WatchState['kind'][] = [];
    const watch = client.watch<string>({
      resource: ConfigMaps,
      namespace: 'default',
      project: (object) => object.metadata.resourceVersion,
      sink: {
        replace: (items) => {
          seen.clear();
          for (const [key, item] of items) seen.set(key, item);
        },
        set: (key, item) => void seen.set(key, item),
        delete: (key) => void seen.delete(key),
        state: (state) => void states.push(state.kind),
      },
    });
    await until(() => states.includes('live'));
    await client.create(ConfigMaps, configMap('watched', { a: '1' }), never);
    await until(() => seen.has('default/watched'));
    server.compact();
    await client.patch(ConfigMaps, 'default', 'watched', { data: { a: '2' } }, never);
    await client.delete(ConfigMaps, 'default', 'chunk-0', { signal: never });
    await until(() => !seen.has('default/chunk-0'));
    const fresh = await client.list(ConfigMaps, { namespace: 'default', signal: never });
    assert.deepEqual(
      Object.fromEntries(seen),
      Object.fromEntries(fresh.map((item) => [`default/${item.metadata.name}`, item.metadata.resourceVersion])),
    );
    watch.dispose();
  });
});
