import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { systemClock } from '../../../src/base/clock.ts';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { createApiServer, type ApiServer } from '../../../src/demo/api/server.ts';
import { needOf } from '../../../src/kube/access/access.ts';
import { ConfigMaps, Nodes, Pods, Secrets } from '../../../src/kube/resources.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { KubeObject, ResourceType } from '../../../src/kube/model/types.ts';
import { ManualClock } from './manual-clock.ts';
import { clientOf, pod, ScriptedServer, sendJson, sendStatus } from './server.ts';

const never = new AbortController().signal;
const rbac = 'rbac.authorization.k8s.io';

describe('permissions of a client', () => {
  let server: ScriptedServer;
  let clock: ManualClock;
  let client: KubeClient;
  /** What the server answers to a rules review, and to single questions by resource. */
  let rules: object;
  let single: Readonly<Record<string, boolean>>;

  beforeEach(async () => {
    server = new ScriptedServer();
    clock = new ManualClock();
    client = clientOf(await server.start(), {}, clock);
    rules = { incomplete: false, resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods', 'nodes'] }] };
    single = {};
    server.handle = (_request, response, url) => {
      const body = JSON.parse(server.requests.at(-1)?.body || '{}') as {
        spec?: { resourceAttributes?: { resource: string } };
      };
      if (url.pathname.endsWith('/selfsubjectrulesreviews')) sendJson(response, 201, { status: rules });
      else if (url.pathname.endsWith('/selfsubjectaccessreviews'))
        sendJson(response, 201, {
          status: { allowed: single[body.spec?.resourceAttributes?.resource ?? ''] ?? false },
        });
      else if (url.pathname.endsWith('/refused'))
        sendStatus(response, 403, 'Forbidden', { name: 'refused', kind: 'pods' });
      else sendJson(response, 200, pod('p', '1'));
    };
  });

  afterEach(async () => {
    client.dispose();
    await server.stop();
  });

  const reviews = (): string[] =>
    server.requests.filter(({ method }) => method === 'POST').map(({ url }) => url.pathname.split('/').at(-1) ?? '');

  it('come with one review for all who ask at once, and for a minute', async () => {
    const asked = await Promise.all([
      client.allowed('get', Pods, 'ns', never),
      client.allowed('delete', Pods, 'ns', never),
      client.missing([needOf('get', Pods), needOf('get', Secrets), needOf('get', Pods, 'exec')], 'ns', never),
    ]);
    assert.deepEqual(asked, [true, false, [needOf('get', Secrets), needOf('get', Pods, 'exec')]]);
    assert.deepEqual(reviews(), ['selfsubjectrulesreviews']);
    assert.deepEqual(JSON.parse(server.requests[0]?.body ?? ''), {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      spec: { namespace: 'ns' },
    });
    clock.advance(59_000);
    await client.allowed('get', Pods, 'ns', never);
    assert.equal(reviews().length, 1);
    clock.advance(2000);
    await client.allowed('get', Pods, 'ns', never);
    assert.equal(reviews().length, 2);
  });

  it("are another namespace's own", async () => {
    await client.rules('ns', never);
    await client.rules('other', never);
    assert.equal(reviews().length, 2);
  });

  it('are asked again after a call was refused', async () => {
    await client.rules('ns', never);
    await assert.rejects(client.get(Pods, 'ns', 'refused', never), (error) => isWorkbenchError(error, 'forbidden'));
    rules = { incomplete: false, resourceRules: [] };
    assert.equal(await client.allowed('get', Pods, 'ns', never), false);
    assert.equal(reviews().length, 2);
  });

  it('are asked singly, and remembered, where the rules are not all there', async () => {
    rules = { incomplete: true, resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] };
    single = { secrets: true };
    assert.deepEqual(
      await client.missing([needOf('get', Pods), needOf('get', Secrets), needOf('get', ConfigMaps)], 'ns', never),
      [needOf('get', ConfigMaps)],
    );
    await client.missing([needOf('get', Secrets), needOf('get', ConfigMaps)], 'ns', never);
    assert.deepEqual(reviews().toSorted(), [
      'selfsubjectaccessreviews',
      'selfsubjectaccessreviews',
      'selfsubjectrulesreviews',
    ]);
  });

  it("on the whole cluster are not believed from a namespace's rules, unless they deny", async () => {
    single = { nodes: false };
    assert.equal(await client.allowed('get', Nodes, undefined, never), false, 'a role binding cannot grant nodes');
    assert.equal(await client.allowed('get', Pods, 'ns', never), true);
    assert.equal(await client.allowed('list', Secrets, undefined, never), false);
    assert.deepEqual(reviews(), ['selfsubjectrulesreviews', 'selfsubjectaccessreviews']);
  });

  it('are left to the server where it does not answer such questions', async () => {
    server.handle = (_request, response) => sendStatus(response, 403, 'Forbidden', { kind: 'selfsubjectrulesreviews' });
    assert.deepEqual(await client.missing([needOf('delete', Secrets)], 'ns', never), []);
  });

  it('that could not be asked for are asked again the next time', async () => {
    const answer = server.handle;
    server.handle = (_request, response) => sendStatus(response, 500, 'InternalError');
    await assert.rejects(client.rules('ns', never), (error) => isWorkbenchError(error, 'server-error'));
    server.handle = answer;
    assert.equal((await client.rules('ns', never)).rules.length, 1);
  });

  it('do not fail for all when the first who asked went away', async () => {
    const gone = new AbortController();
    const first = client.rules('ns', gone.signal);
    const second = client.rules('ns', never);
    gone.abort();
    await assert.rejects(first, (error) => isWorkbenchError(error, 'aborted'));
    assert.equal((await second).incomplete, false);
    assert.equal(reviews().length, 1);
  });
});

describe("permissions against the demo's authorizer", () => {
  let server: ApiServer;
  let admin: KubeClient;
  let user: KubeClient;
  let token: string;
  const roles: ResourceType = { group: rbac, version: 'v1', plural: 'roles', kind: 'Role', namespaced: true };

  before(async () => {
    server = await createApiServer({
      host: '127.0.0.1',
      port: 0,
      tls: false,
      token: 'admin',
      clock: systemClock,
      logger: silentLogger,
    });
    admin = clientOf(server.url, { token: 'admin' });
    const put = (path: string, body: object): Promise<unknown> =>
      admin.json({ method: 'POST', path, body, signal: never });
    await put('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns' } });
    await put('/api/v1/namespaces/ns/serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'someone' },
    });
    await put(`/apis/${rbac}/v1/namespaces/ns/roles`, {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata: { name: 'role' },
      rules: [],
    });
    await put(`/apis/${rbac}/v1/namespaces/ns/rolebindings`, {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'role' },
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'role' },
      subjects: [{ kind: 'ServiceAccount', name: 'someone', namespace: 'ns' }],
    });
    token = await tokenOf();
    user = clientOf(server.url, { token });
  });

  after(async () => {
    user.dispose();
    admin.dispose();
    await server.close();
  });

  const words = (...of: readonly string[]): fc.Arbitrary<string[]> =>
    fc.uniqueArray(fc.constantFrom(...of), { minLength: 1, maxLength: 2 });
  const anyPolicy = fc.record({
    verbs: words('get', 'list', 'create', '*'),
    apiGroups: words('', 'apps', '*'),
    resources: words('pods', 'pods/exec', 'deployments', '*/exec', '*'),
  });

  /** The server's own verdict: the question put to it singly. */
  async function verdict(verb: string, group: string, resource: string, subresource: string): Promise<boolean> {
    const answer = await user.json<{ status: { allowed: boolean } }>({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      signal: never,
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { namespace: 'ns', verb, group, resource, subresource } },
      },
    });
    return answer.status.allowed;
  }

  it('say of any roles what the server would say', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyPolicy, { maxLength: 3 }), async (policies) => {
        const role = await admin.get(roles, 'ns', 'role', never);
        await admin.json({
          method: 'PUT',
          path: `/apis/${rbac}/v1/namespaces/ns/roles/role`,
          body: { ...role, rules: policies } satisfies KubeObject,
          signal: never,
        });
        const fresh = clientOf(server.url, { token });
        try {
          for (const [verb, group, resource, subresource] of [
            ['get', '', 'pods', ''],
            ['create', '', 'pods', 'exec'],
            ['list', 'apps', 'deployments', ''],
            ['get', 'apps', 'deployments', 'exec'],
          ] as const) {
            const need = { verb, group, resource, ...(subresource === '' ? {} : { subresource }) };
            const missing = await fresh.missing([need], 'ns', never);
            assert.equal(
              missing.length === 0,
              await verdict(verb, group, resource, subresource),
              `${verb} ${resource}/${subresource} with ${JSON.stringify(policies)}`,
            );
          }
        } finally {
          fresh.dispose();
        }
      }),
      { numRuns: 40 },
    );
  });

  async function tokenOf(): Promise<string> {
    const issued = await admin.json<{ status: { token: string } }>({
      method: 'POST',
      path: '/api/v1/namespaces/ns/serviceaccounts/someone/token',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
      signal: never,
    });
    return issued.status.token;
  }
});
