import assert from 'node:assert/strict';
import { systemClock } from '../../../src/base/clock.ts';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { labels, manager } from '../../../src/base/labels.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { createApiServer, type ApiServer } from '../../../src/demo/api/server.ts';
import { applyOurs, requireAllOurs } from '../../../src/kube/access/apply-ours.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import { ConfigMaps } from '../../../src/kube/resources.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';

const { signal } = new AbortController();
const token = 'token-of-this-test';

function configMap(owner: string, data: Record<string, string>, name = 'shared'): KubeObject {
  const marks = { [labels.managedBy]: manager, [labels.owner]: owner };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', labels: marks }, data };
}

function as(owner: string): { claim: { owner: string }; doing: string; signal: AbortSignal } {
  return { claim: { owner }, doing: 'deploy', signal };
}

function notYours(words = ''): (error: unknown) => boolean {
  return (error) => isWorkbenchError(error, 'not-yours') && error.message.includes(words);
}

describe('an apply that takes nothing over', () => {
  let server: ApiServer;
  let client: KubeClient;

  beforeEach(async () => {
    server = await createApiServer({ host: '127.0.0.1', port: 0, token, clock: systemClock, logger: silentLogger });
    client = createKubeClient({
      cluster: { context: 'demo', namespace: 'default', server: server.url },
      connection: { server: server.url, token, ...(server.caPem === undefined ? {} : { ca: server.caPem }) },
      clock: systemClock,
      logger: silentLogger,
    });
  });
  afterEach(async () => {
    client.dispose();
    await server.close();
  });

  const read = (name = 'shared'): Promise<KubeObject> => client.get(ConfigMaps, 'default', name, signal);

  /** The client as it is, but for what happens between the first look and the first apply. */
  function interrupted(meanwhile: () => Promise<unknown>): KubeClient {
    let before: (() => Promise<unknown>) | undefined = meanwhile;
    const get: KubeClient['get'] = (...call) => client.get(...call);
    const resourceOf: KubeClient['resourceOf'] = (...call) => client.resourceOf(...call);
    const apply: KubeClient['apply'] = async (...call) => {
      const now = before;
      before = undefined;
      await now?.();
      return client.apply(...call);
    };
    return { cluster: client.cluster, get, resourceOf, apply } as KubeClient;
  }

  it('creates, changes and drops what is ours', async () => {
    await applyOurs(client, configMap('bob', { a: '1', b: '2' }), as('bob'));
    await applyOurs(client, configMap('bob', { a: '3' }), as('bob'));
    assert.deepEqual((await read())['data'], { a: '3' });
  });

  it("refuses another person's, and what other tools made", async () => {
    await applyOurs(client, configMap('alice', { a: '1' }), as('alice'));
    await assert.rejects(
      applyOurs(client, configMap('bob', { a: '2' }), as('bob')),
      notYours('ConfigMap shared in demo/default belongs to alice'),
    );
    assert.deepEqual((await read())['data'], { a: '1' });
    await client.create(
      ConfigMaps,
      { ...configMap('bob', { a: '1' }), metadata: { name: 'plain', namespace: 'default' } },
      signal,
    );
    await assert.rejects(applyOurs(client, configMap('bob', { a: '2' }, 'plain'), as('bob')), notYours());
    assert.deepEqual((await read('plain'))['data'], { a: '1' });
  });

  it('never changes what somebody else made between the look and the apply', async () => {
    const racing = interrupted(() => client.apply(configMap('alice', { a: '1' }), { fieldManager: manager, signal }));
    await assert.rejects(applyOurs(racing, configMap('bob', { a: '2' }), as('bob')), notYours('belongs to alice'));
    assert.deepEqual((await read())['data'], { a: '1' });
  });

  it("never changes what became somebody else's between the look and the apply", async () => {
    await applyOurs(client, configMap('bob', { a: '1' }), as('bob'));
    const racing = interrupted(async () => {
      await client.delete(ConfigMaps, 'default', 'shared', { signal });
      await client.apply(configMap('alice', { a: '2' }), { fieldManager: manager, signal });
    });
    await assert.rejects(applyOurs(racing, configMap('bob', { a: '3' }), as('bob')), notYours('belongs to alice'));
    assert.deepEqual((await read())['data'], { a: '2' });
  });

  it('looks again when a controller wrote to what is ours meanwhile', async () => {
    await applyOurs(client, configMap('bob', { a: '1' }), as('bob'));
    const racing = interrupted(() =>
      client.patch(ConfigMaps, 'default', 'shared', { metadata: { annotations: { seen: 'yes' } } }, signal),
    );
    await applyOurs(racing, configMap('bob', { a: '2' }), as('bob'));
    const { data, metadata } = await read();
    assert.deepEqual([data, metadata.annotations], [{ a: '2' }, { seen: 'yes' }]);
  });

  it('looks again when what was ours is gone meanwhile', async () => {
    await applyOurs(client, configMap('bob', { a: '1' }), as('bob'));
    const racing = interrupted(() => client.delete(ConfigMaps, 'default', 'shared', { signal }));
    await applyOurs(racing, configMap('bob', { a: '2' }), as('bob'));
    assert.deepEqual((await read())['data'], { a: '2' });
  });

  it('takes back a field of ours that somebody edited only when it is told to', async () => {
    await applyOurs(client, configMap('bob', { a: '1' }), as('bob'));
    await client.patch(ConfigMaps, 'default', 'shared', { data: { a: 'edited' } }, signal);
    await assert.rejects(applyOurs(client, configMap('bob', { a: '2' }), as('bob')), (error) =>
      isWorkbenchError(error, 'conflict'),
    );
    await applyOurs(client, configMap('bob', { a: '2' }), { ...as('bob'), force: true });
    assert.deepEqual((await read())['data'], { a: '2' });
  });

  it('looks at all of several before one of them is applied', async () => {
    await applyOurs(client, configMap('alice', { a: '1' }), as('alice'));
    await assert.rejects(
      requireAllOurs(client, [configMap('bob', {}, 'absent'), configMap('bob', { a: '2' })], as('bob')),
      notYours('alice'),
    );
    await requireAllOurs(client, [configMap('bob', {}, 'absent')], as('bob'));
  });
});
