import assert from 'node:assert/strict';
import { configMap, maps, pod, pods, startServer, type Answer, type Loose, type TestServer } from './support.ts';

describe('API server: lists', () => {
  let api: TestServer;
  before(async () => {
    api = await startServer();
    for (const [name, node] of [
      ['a', 'n1'],
      ['b', 'n1'],
      ['c', 'n2'],
      ['d', ''],
    ]) {
      const spec = node === '' ? {} : { nodeName: node };
      await api.call('POST', pods, {
        body: pod(name!, { labels: { name: name!, ...(name === 'd' ? {} : { tier: 'front' }) } }, spec),
      });
    }
  });
  after(async () => {
    await api.close();
    assert.deepEqual(api.failures, []);
  });

  const namesAt = ({ json }: Answer): readonly string[] => json.items.map((item: Loose) => item.metadata.name);
  const selected = async (query: Record<string, string>): Promise<readonly string[]> =>
    namesAt(await api.call('GET', `${pods}?${new URLSearchParams(query).toString()}`));

  it('selects by labels', async () => {
    assert.deepEqual(await selected({ labelSelector: 'tier=front' }), ['a', 'b', 'c']);
    assert.deepEqual(await selected({ labelSelector: 'tier!=front' }), ['d']);
    assert.deepEqual(await selected({ labelSelector: 'tier,name notin (a, b)' }), ['c']);
    assert.deepEqual(await selected({ labelSelector: '!tier' }), ['d']);
    assert.deepEqual(await selected({ labelSelector: 'name in (a,d)' }), ['a', 'd']);
    assert.equal((await api.call('GET', `${pods}?labelSelector=${encodeURIComponent('a in b')}`)).status, 400);
  });

  it('selects by the fields of the kind', async () => {
    assert.deepEqual(await selected({ fieldSelector: 'spec.nodeName=n1' }), ['a', 'b']);
    assert.deepEqual(await selected({ fieldSelector: 'status.phase=Pending,metadata.name!=a,spec.nodeName!=' }), [
      'b',
      'c',
    ]);
    const unknown = await api.call('GET', `${pods}?fieldSelector=spec.containers%3Dx`);
    assert.equal(unknown.status, 400);
    assert.equal(unknown.json.message, 'field label not supported: spec.containers');
  });

  it('gives chunks that show one version, and 410 with a way on when that is forgotten', async () => {
    const first = await api.call('GET', `${pods}?limit=2`);
    assert.deepEqual(namesAt(first), ['a', 'b']);
    assert.equal(first.json.metadata.remainingItemCount, 2);
    const token = first.json.metadata.continue;
    await api.call('POST', pods, { body: pod('bb') });
    const second = await api.call('GET', `${pods}?limit=2&continue=${encodeURIComponent(token)}`);
    assert.deepEqual(namesAt(second), ['c', 'd']);
    assert.equal(second.json.metadata.resourceVersion, first.json.metadata.resourceVersion);
    assert.equal('continue' in second.json.metadata, false);
    api.server.compact();
    await api.call('POST', maps, { body: configMap('later') });
    api.server.compact();
    const late = await api.call('GET', `${pods}?limit=2&continue=${encodeURIComponent(token)}`);
    assert.equal(late.status, 410);
    assert.equal(late.json.reason, 'Expired');
    const rest = await api.call('GET', `${pods}?limit=9&continue=${encodeURIComponent(late.json.metadata.continue)}`);
    assert.deepEqual(namesAt(rest), ['bb', 'c', 'd']);
    await api.call('DELETE', `${pods}/bb`);
  });

  it('lists an exact version, refuses a forgotten one and one that is still to come', async () => {
    const before = (await api.call('GET', maps)).json.metadata.resourceVersion;
    await api.call('POST', maps, { body: configMap('newer') });
    const exact = await api.call('GET', `${maps}?resourceVersion=${before}&resourceVersionMatch=Exact`);
    assert.equal(namesAt(exact).includes('newer'), false);
    assert.equal(exact.json.metadata.resourceVersion, before);
    const notOlder = await api.call('GET', `${maps}?resourceVersion=${before}&resourceVersionMatch=NotOlderThan`);
    assert.equal(namesAt(notOlder).includes('newer'), true);
    assert.equal((await api.call('GET', `${maps}?resourceVersion=1&resourceVersionMatch=Exact`)).status, 410);
    const future = await api.call('GET', `${maps}?resourceVersion=999999`);
    assert.equal(future.status, 504);
    assert.match(future.json.message, /^Too large resource version: 999999, current: \d+$/);
    assert.equal((await api.call('GET', `${maps}?resourceVersionMatch=Exact`)).status, 422);
  });

  it('gives metadata alone when only that is asked for', async () => {
    const { json } = await api.call('GET', pods, {
      accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
    });
    assert.equal(json.kind, 'PartialObjectMetadataList');
    assert.equal('spec' in json.items[0]!, false);
  });

  it('refuses forms that it cannot give', async () => {
    assert.equal((await api.call('GET', pods, { accept: 'application/vnd.kubernetes.protobuf' })).status, 406);
    assert.equal(
      (await api.call('GET', pods, { accept: 'application/vnd.kubernetes.protobuf, application/json' })).status,
      200,
    );
  });
});
