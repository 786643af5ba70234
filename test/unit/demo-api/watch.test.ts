import assert from 'node:assert/strict';
import { configMap, maps, startServer, type Loose, type TestServer, type WatchLines } from './support.ts';

describe('API server: watch', () => {
  let api: TestServer;
  const open: WatchLines[] = [];
  beforeEach(async () => {
    api = await startServer();
    await api.call('POST', maps, { body: configMap('one', { labels: { set: 'a' } }) });
  });
  afterEach(async () => {
    for (const watch of open.splice(0)) watch.close();
    await api.close();
    assert.deepEqual(api.failures, []);
  });

  const watch = async (query: string): Promise<WatchLines> => {
    const lines = await api.open(`${maps}?watch=true&fieldSelector=metadata.name!%3Dkube-root-ca.crt&${query}`);
    open.push(lines);
    return lines;
  };
  const version = async (): Promise<string> => (await api.call('GET', maps)).json.metadata.resourceVersion;
  const brief = (events: readonly Loose[]): readonly string[] =>
    events.map((event) => `${event.type} ${event.object.metadata.name ?? ''}`);

  it('sends what is there, then what changes, when it starts from "" or "0"', async () => {
    for (const query of ['', 'resourceVersion=0']) {
      const events = await watch(query);
      assert.deepEqual(brief(await events.take(1)), ['ADDED one']);
    }
    const events = await watch('');
    await api.call('POST', maps, { body: configMap('two') });
    await api.call('PATCH', `${maps}/two`, { body: { data: { a: 'b' } }, contentType: 'application/merge-patch+json' });
    await api.call('DELETE', `${maps}/two`);
    assert.deepEqual(brief(await events.take(4)), ['ADDED one', 'ADDED two', 'MODIFIED two', 'DELETED two']);
  });

  it('goes on from a version without loss', async () => {
    const from = await version();
    await api.call('POST', maps, { body: configMap('two') });
    await api.call('DELETE', `${maps}/one`);
    const events = await watch(`resourceVersion=${from}`);
    const [added, deleted] = await events.take(2);
    assert.deepEqual(brief([added!, deleted!]), ['ADDED two', 'DELETED one']);
    assert.ok(Number(deleted!.object.metadata.resourceVersion) > Number(added!.object.metadata.resourceVersion));
  });

  it('tells a version that is forgotten by an ERROR event with 410, and ends', async () => {
    const from = await version();
    await api.call('POST', maps, { body: configMap('two') });
    api.server.compact();
    const events = await watch(`resourceVersion=${from}`);
    const [error, end] = [await events.next(), await events.next()];
    assert.equal(error!.type, 'ERROR');
    assert.equal(error!.object.code, 410);
    assert.equal(error!.object.reason, 'Expired');
    assert.equal(end, undefined);
  });

  it('sends the initial list and marks its end with a bookmark', async () => {
    const events = await watch('sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true');
    const [added, bookmark] = await events.take(2);
    assert.equal(added!.type, 'ADDED');
    assert.equal(bookmark!.type, 'BOOKMARK');
    assert.equal(bookmark!.object.kind, 'ConfigMap');
    assert.deepEqual(bookmark!.object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
    assert.equal(
      (await api.call('GET', `${maps}?watch=true&resourceVersion=1&sendInitialEvents=true&allowWatchBookmarks=true`))
        .status,
      422,
    );
    const anywhere = await watch('allowWatchBookmarks=true');
    assert.deepEqual(
      (await anywhere.take(2)).map((event) => event.object.metadata.annotations?.['k8s.io/initial-events-end']),
      [undefined, 'true'],
      'a watch from anywhere is one, too',
    );
  });

  it('ends at its time limit, after a bookmark that a new watch can start from', async () => {
    const events = await watch(`resourceVersion=${await version()}&allowWatchBookmarks=true&timeoutSeconds=3`);
    await api.call('POST', '/api/v1/namespaces/default/secrets', { body: { metadata: { name: 'elsewhere' } } });
    const all = await events.take(9);
    assert.deepEqual(
      all.map((event) => event.type),
      ['BOOKMARK'],
    );
    assert.equal(all[0].object.metadata.resourceVersion, await version());
    const again = await watch(`resourceVersion=${all[0].object.metadata.resourceVersion}`);
    await api.call('POST', maps, { body: configMap('two') });
    assert.deepEqual(brief(await again.take(1)), ['ADDED two']);
  });

  it('waits for a version that is still to come', async () => {
    const ahead = Number(await version()) + 2;
    const events = await watch(`resourceVersion=${ahead}`);
    for (const name of ['two', 'three', 'four', 'five']) await api.call('POST', maps, { body: configMap(name) });
    const [first] = await events.take(1);
    assert.equal(Number(first!.object.metadata.resourceVersion), ahead + 1);
    const [error] = await (
      await watch(`resourceVersion=99999999&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`)
    ).take(9);
    assert.deepEqual([error!.type, error!.object.code], ['ERROR', 504]);
  });

  it('adds and deletes objects as they come into and leave a selector', async () => {
    const events = await watch('labelSelector=set%3Db');
    const relabel = (set: string): Promise<unknown> =>
      api.call('PATCH', `${maps}/one`, {
        body: { metadata: { labels: { set } } },
        contentType: 'application/merge-patch+json',
      });
    await relabel('b');
    await api.call('PATCH', `${maps}/one`, { body: { data: { x: 'y' } }, contentType: 'application/merge-patch+json' });
    await relabel('c');
    assert.deepEqual(brief(await events.take(3)), ['ADDED one', 'MODIFIED one', 'DELETED one']);
  });

  it('gives the controllers every object, then every change, in order', async () => {
    const { api: door } = api.server;
    const seen: string[] = [];
    const done = new Promise<void>((resolve) => {
      const listening = door.watch(door.resource('', 'configmaps'), (event) => {
        if (event.object.metadata.namespace !== 'default' || event.object.metadata.name === 'kube-root-ca.crt') return;
        seen.push(`${event.type} ${event.object.metadata.name}`);
        if (event.type === 'DELETED') {
          listening.dispose();
          resolve();
        }
      });
    });
    door.create(door.resource('', 'configmaps'), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'two', namespace: 'default' },
    });
    door.delete(door.resource('', 'configmaps'), 'default', 'one');
    await done;
    assert.deepEqual(seen, ['ADDED one', 'ADDED two', 'DELETED one']);
  });
});
