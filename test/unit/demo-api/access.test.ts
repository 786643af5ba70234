import assert from 'node:assert/strict';
import { maps, pod, pods, startServer, type Answer, type Loose, type TestServer } from './support.ts';

describe('API server: access', () => {
  let api: TestServer;
  before(async () => {
    api = await startServer({ users: new Map([['alice-token', { name: 'alice', groups: ['team-a'] }]]) });
    await api.call('POST', pods, { body: pod('p') });
  });
  after(async () => {
    await api.close();
    assert.deepEqual(api.failures, []);
  });

  const asAlice = (method: string, path: string, body?: unknown): Promise<Answer> =>
    api.call(method, path, { token: 'alice-token', body });

  it('answers 401 without a known token', async () => {
    for (const token of [null, 'wrong', 'a.b.c']) {
      const { status, json } = await api.call('GET', pods, { token });
      assert.equal(status, 401);
      assert.equal(json.reason, 'Unauthorized');
    }
  });

  it('lets nobody in without a token, whatever the path', async () => {
    const exec = `${pods}/p/exec?command=id&stdout=true`;
    for (const path of [
      '/',
      '/api',
      '/apis',
      '/version',
      '/openapi/v2',
      '/openapi/v3',
      '/readyz',
      '/livez',
      '/healthz',
      '/metrics',
      '/none',
      '/api/v1/secrets',
      '/api/v1/nodes?watch=true',
      `${pods}/p/log`,
      exec,
      `${pods}/p/portforward?ports=80`,
    ]) {
      for (const token of [null, 'wrong']) assert.equal((await api.call('GET', path, { token })).status, 401, path);
    }
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      assert.equal((await api.call(method, `${pods}/p`, { token: null })).status, 401, method);
  });

  it('denies in the words of the real server what no role allows', async () => {
    const list = await asAlice('GET', pods);
    assert.equal(list.status, 403);
    assert.equal(
      list.json.message,
      'pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "default"',
    );
    const exec = await asAlice('GET', `${pods}/p/log`);
    assert.equal(
      exec.json.message,
      'pods "p" is forbidden: User "alice" cannot get resource "pods/log" in API group "" in the namespace "default"',
    );
    assert.equal(
      (await asAlice('GET', '/api/v1/nodes')).json.message,
      'nodes is forbidden: User "alice" cannot list resource "nodes" in API group "" at the cluster scope',
    );
    assert.equal((await asAlice('GET', '/metrics')).json.message, 'forbidden: User "alice" cannot get path "/metrics"');
    assert.equal((await asAlice('GET', '/version')).status, 200);
  });

  it('allows what a role binding gives, in its namespace alone', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
    await api.call('POST', `${rbac}/roles`, {
      body: {
        metadata: { name: 'pod-reader' },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }],
      },
    });
    await api.call('POST', `${rbac}/rolebindings`, {
      body: {
        metadata: { name: 'read' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'pod-reader' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'team-a' }],
      },
    });
    assert.equal((await asAlice('GET', pods)).status, 200);
    assert.equal((await asAlice('GET', '/api/v1/namespaces/kube-system/pods')).status, 403);
    assert.equal((await asAlice('DELETE', `${pods}/p`)).status, 403);
    assert.equal((await asAlice('GET', maps)).status, 403);
    const review = async (verb: string): Promise<unknown> =>
      (
        await asAlice('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
          spec: { resourceAttributes: { verb, resource: 'pods', namespace: 'default' } },
        })
      ).json.status.allowed;
    assert.deepEqual([await review('list'), await review('delete')], [true, false]);
    const rules = await asAlice('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
      spec: { namespace: 'default' },
    });
    assert.ok(
      rules.json.status.resourceRules.some(
        (rule: Loose) =>
          JSON.stringify(rule) === JSON.stringify({ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }),
      ),
    );
  });

  it('issues tokens to service accounts, which act as themselves until they are gone', async () => {
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    await api.call('POST', accounts, { body: { metadata: { name: 'bot' } } });
    const { json } = await api.call('POST', `${accounts}/bot/token`, { body: { spec: { expirationSeconds: 600 } } });
    const token = json.status.token;
    const who = await api.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { token, body: {} });
    assert.equal(who.json.status.userInfo.username, 'system:serviceaccount:default:bot');
    assert.equal((await api.call('GET', pods, { token })).status, 403);
    await api.call('DELETE', `${accounts}/bot`);
    assert.equal((await api.call('GET', pods, { token })).status, 401);
  });
});
