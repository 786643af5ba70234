import assert from 'node:assert/strict';
import { configMap, maps, pod, pods, startServer, until, type Answer, type Loose, type TestServer } from './support.ts';

describe('API server: deletion', () => {
  let api: TestServer;
  before(async () => {
    api = await startServer();
  });
  after(async () => {
    await api.close();
    assert.deepEqual(api.failures, []);
  });

  const owned = (name: string, owner: Loose, extra: Record<string, unknown> = {}): Record<string, unknown> =>
    configMap(name, {
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          name: owner.metadata.name,
          uid: owner.metadata.uid,
          blockOwnerDeletion: true,
          ...extra,
        },
      ],
    });
  const make = async (body: unknown, path = maps): Promise<Loose> => {
    const { status, json } = await api.call('POST', path, { body });
    assert.equal(status, 201, JSON.stringify(json));
    return json;
  };
  const read = (name: string, path = maps): Promise<Answer> => api.call('GET', `${path}/${name}`);
  const gone = (name: string, path = maps): Promise<Answer> =>
    until(
      () => read(name, path),
      ({ status }) => status === 404,
    );

  it('answers a Status for what is gone at once', async () => {
    const made = await make(configMap('plain'));
    const { status, json } = await api.call('DELETE', `${maps}/plain`);
    assert.equal(status, 200);
    assert.deepEqual(json, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'plain', kind: 'configmaps', uid: made.metadata.uid },
    });
    assert.equal((await read('plain')).status, 404);
  });

  it('deletes dependents in the background', async () => {
    const owner = await make(configMap('bg-owner'));
    await make(owned('bg-child', owner));
    await api.call('DELETE', `${maps}/bg-owner`, { body: { propagationPolicy: 'Background' } });
    assert.equal((await read('bg-owner')).status, 404);
    await gone('bg-child');
  });

  it('holds a foreground-deleted owner until its blocking dependents are gone', async () => {
    const owner = await make(configMap('fg-owner'));
    await make({
      ...owned('fg-child', owner),
      metadata: { ...(owned('fg-child', owner).metadata as object), finalizers: ['example.com/hold'] },
    });
    const { json } = await api.call('DELETE', `${maps}/fg-owner`, { body: { propagationPolicy: 'Foreground' } });
    assert.deepEqual(json.metadata.finalizers, ['foregroundDeletion']);
    await until(
      () => read('fg-child'),
      ({ json: child }) => 'deletionTimestamp' in child.metadata,
    );
    assert.equal((await read('fg-owner')).status, 200);
    await api.call('PATCH', `${maps}/fg-child`, {
      body: { metadata: { finalizers: null } },
      contentType: 'application/merge-patch+json',
    });
    await gone('fg-child');
    await gone('fg-owner');
  });

  it('lets dependents go when it is to orphan them', async () => {
    const owner = await make(configMap('orphan-owner'));
    await make(owned('orphan', owner));
    await api.call('DELETE', `${maps}/orphan-owner`, { body: { propagationPolicy: 'Orphan' } });
    await gone('orphan-owner');
    const { status, json } = await read('orphan');
    assert.equal(status, 200);
    assert.equal('ownerReferences' in json.metadata, false);
  });

  it('collects an object whose owner was never there', async () => {
    await make(
      configMap('stray', {
        ownerReferences: [
          { apiVersion: 'v1', kind: 'ConfigMap', name: 'ghost', uid: '00000000-0000-4000-8000-000000000000' },
        ],
      }),
    );
    await gone('stray');
  });

  it('waits for finalizers, and goes with the last one', async () => {
    await make(configMap('held', { finalizers: ['example.com/a', 'example.com/b'] }));
    const { status, json } = await api.call('DELETE', `${maps}/held`);
    assert.equal(status, 200);
    assert.equal(json.kind, 'ConfigMap');
    assert.ok('deletionTimestamp' in json.metadata);
    await api.call('PATCH', `${maps}/held`, {
      body: { metadata: { finalizers: ['example.com/b'] } },
      contentType: 'application/merge-patch+json',
    });
    assert.equal((await read('held')).status, 200);
    await api.call('PATCH', `${maps}/held`, {
      body: { metadata: { finalizers: [] } },
      contentType: 'application/merge-patch+json',
    });
    assert.equal((await read('held')).status, 404);
  });

  it('gives pods on nodes their grace period, and only lets it be shortened', async () => {
    await make(pod('graceful', {}, { nodeName: 'n1', terminationGracePeriodSeconds: 20 }), pods);
    const first = await api.call('DELETE', `${pods}/graceful`);
    assert.equal(first.json.metadata.deletionGracePeriodSeconds, 20);
    const longer = await api.call('DELETE', `${pods}/graceful`, { body: { gracePeriodSeconds: 60 } });
    assert.equal(longer.json.metadata.deletionGracePeriodSeconds, 20);
    const shorter = await api.call('DELETE', `${pods}/graceful`, { body: { gracePeriodSeconds: 5 } });
    assert.equal(shorter.json.metadata.deletionGracePeriodSeconds, 5);
    assert.equal((await api.call('DELETE', `${pods}/graceful`, { body: { gracePeriodSeconds: 0 } })).status, 200);
    assert.equal((await read('graceful', pods)).status, 404);
  });

  it('deletes a pod without a node at once', async () => {
    await make(pod('unplaced'), pods);
    await api.call('DELETE', `${pods}/unplaced`);
    assert.equal((await read('unplaced', pods)).status, 404);
  });

  it('honours preconditions', async () => {
    const made = await make(configMap('exact'));
    const other = await api.call('DELETE', `${maps}/exact`, { body: { preconditions: { uid: 'other' } } });
    assert.equal(other.status, 409);
    assert.match(other.json.message, /Precondition failed: UID in precondition: other, UID in object meta: /);
    assert.equal(
      (await api.call('DELETE', `${maps}/exact`, { body: { preconditions: { uid: made.metadata.uid } } })).status,
      200,
    );
  });

  it('deletes a selected collection', async () => {
    for (const name of ['c1', 'c2', 'c3']) await make(configMap(name, { labels: { set: name === 'c3' ? 'b' : 'a' } }));
    const { json } = await api.call('DELETE', `${maps}?labelSelector=set%3Da`);
    assert.equal(json.items.length, 2);
    assert.deepEqual(
      await Promise.all(['c1', 'c2', 'c3'].map(async (name) => (await read(name)).status)),
      [404, 404, 200],
    );
  });

  it('empties a namespace before it lets it go, and takes nothing new meanwhile', async () => {
    await make({ metadata: { name: 'doomed' } }, '/api/v1/namespaces');
    const inside = '/api/v1/namespaces/doomed/configmaps';
    await make(configMap('held', { finalizers: ['example.com/hold'] }), inside);
    await make(configMap('free'), inside);
    const { json } = await api.call('DELETE', '/api/v1/namespaces/doomed');
    assert.equal(json.status.phase, 'Terminating');
    await gone('free', inside);
    const late = await api.call('POST', inside, { body: configMap('late') });
    assert.equal(late.status, 403);
    assert.equal(
      late.json.message,
      'configmaps "late" is forbidden: unable to create new content in namespace doomed because it is being terminated',
    );
    await api.call('PATCH', `${inside}/held`, {
      body: { metadata: { finalizers: null } },
      contentType: 'application/merge-patch+json',
    });
    await gone('doomed', '/api/v1/namespaces');
    assert.equal((await api.call('DELETE', '/api/v1/namespaces/default')).status, 403);
  });

  it('lets a disruption budget refuse an eviction', async () => {
    await make(pod('guarded', { labels: { app: 'guarded' } }, { nodeName: 'n1' }), pods);
    await api.call('PATCH', `${pods}/guarded/status`, {
      body: { status: { phase: 'Running' } },
      contentType: 'application/merge-patch+json',
    });
    const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
    await make(
      { metadata: { name: 'keep' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'guarded' } } } },
      budgets,
    );
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'guarded' } };
    const refused = await api.call('POST', `${pods}/guarded/eviction`, { body: eviction });
    assert.equal(refused.status, 429);
    assert.equal(refused.headers['retry-after'], '10');
    await api.call('DELETE', `${budgets}/keep`);
    assert.equal((await api.call('POST', `${pods}/guarded/eviction`, { body: eviction })).status, 201);
  });
});
