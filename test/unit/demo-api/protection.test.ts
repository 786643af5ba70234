import assert from 'node:assert/strict';
import { pod, pods, startServer, until, type Loose, type TestServer } from './support.ts';

const claims = '/api/v1/namespaces/default/persistentvolumeclaims';
const mergePatch = 'application/merge-patch+json';

describe('API server: protection of claims', () => {
  let api: TestServer;
  before(async () => {
    api = await startServer();
  });
  after(async () => {
    await api.close();
    assert.deepEqual(api.failures, []);
  });

  const claim = (name: string): Promise<{ json: Loose }> =>
    api.call('POST', claims, {
      body: {
        metadata: { name },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    });
  const gone = (name: string): Promise<unknown> =>
    until(
      async () => (await api.call('GET', `${claims}/${name}`)).status,
      (status) => status === 404,
    );

  it('a claim that nobody uses goes at once', async () => {
    assert.deepEqual((await claim('free')).json.metadata.finalizers, ['kubernetes.io/pvc-protection']);
    const { json } = await api.call('DELETE', `${claims}/free`);
    assert.notEqual(json.metadata.deletionTimestamp, undefined);
    await gone('free');
  });

  it('a claim in use waits for the end of its pod', async () => {
    await claim('used');
    await api.call('POST', pods, {
      body: pod('user', {}, { nodeName: 'n1', volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'used' } }] }),
    });
    await api.call('DELETE', `${claims}/used`);
    // Another claim goes its way meanwhile: the first had its turn and stayed.
    await claim('other');
    await api.call('DELETE', `${claims}/other`);
    await gone('other');
    assert.equal((await api.call('GET', `${claims}/used`)).status, 200);
    await api.call('PATCH', `${pods}/user/status`, {
      body: { status: { phase: 'Succeeded' } },
      contentType: mergePatch,
    });
    await gone('used');
  });
});

describe('API server: what kubectl applied before', () => {
  let api: TestServer;
  before(async () => {
    api = await startServer();
  });
  after(() => api.close());

  const key = 'kubectl.kubernetes.io/last-applied-configuration';
  const maps = '/api/v1/namespaces/default/configmaps';
  const config = (data: Record<string, string>): Loose => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'one' },
    data,
  });
  const apply = (manager: string, data: Record<string, string>): Promise<{ status: number; json: Loose }> =>
    api.call('PATCH', `${maps}/one?fieldManager=${manager}`, {
      body: config(data),
      contentType: 'application/apply-patch+yaml',
    });

  beforeEach(async () => {
    const sent = config({ a: '1', b: '1' });
    await api.call('POST', `${maps}?fieldManager=kubectl-client-side-apply`, {
      body: { ...sent, metadata: { name: 'one', annotations: { [key]: JSON.stringify(sent) } } },
    });
  });
  afterEach(() => api.call('DELETE', `${maps}/one`));

  it('is no conflict for kubectl, and its annotation follows', async () => {
    const { status, json } = await apply('kubectl', { a: '2', b: '1' });
    assert.equal(status, 200, JSON.stringify(json));
    assert.deepEqual(json.data, { a: '2', b: '1' });
    assert.deepEqual(JSON.parse(json.metadata.annotations[key]).data, { a: '2', b: '1' });
  });

  it('is one for others, and where somebody changed it since', async () => {
    assert.equal((await apply('somebody', { a: '2' })).status, 409);
    await api.call('PATCH', `${maps}/one?fieldManager=editor`, { body: { data: { a: '9' } }, contentType: mergePatch });
    const { status, json } = await apply('kubectl', { a: '2', b: '2' });
    assert.deepEqual([status, json.details.causes.map((cause: Loose) => cause.field)], [409, ['.data.a']]);
  });
});
