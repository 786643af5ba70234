import assert from 'node:assert/strict';
import { isWorkbenchError } from '../../src/base/errors.ts';
import type { KubeClient } from '../../src/kube/types.ts';
import { both, type Server } from './support/both.ts';
import { applyPatch, configMap, deployment, mergePatch } from './support/objects.ts';

/** A service account of the case's namespace that may do what the rules say there. */
async function somebody(server: Server, rules: readonly unknown[]): Promise<KubeClient> {
  await server.ask('POST', server.path('serviceaccounts'), { body: { metadata: { name: 'somebody' } } });
  await server.ask('POST', server.path('roles', 'rbac.authorization.k8s.io/v1'), {
    body: { metadata: { name: 'some' }, rules },
  });
  const binding = await server.ask('POST', server.path('rolebindings', 'rbac.authorization.k8s.io/v1'), {
    body: {
      metadata: { name: 'some' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'some' },
      subjects: [{ kind: 'ServiceAccount', name: 'somebody', namespace: server.namespace }],
    },
  });
  assert.equal(binding.status, 201);
  const { status, json } = await server.ask('POST', server.path('serviceaccounts/somebody/token'), {
    body: { spec: { expirationSeconds: 3600 } },
  });
  assert.equal(status, 201, JSON.stringify(json));
  const client = server.target.withToken(json.status.token);
  await server.until(server.path('configmaps'), (_, answered) => answered === 200, { by: client });
  return client;
}

const readMaps = { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] };

describe('permissions on both servers', () => {
  both('say what is denied', async (server) => {
    const by = await somebody(server, [
      readMaps,
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'patch'] },
    ]);
    await server.send('POST', server.path('configmaps'), { by, body: configMap('one') });
    await server.send('GET', server.path('secrets'), { by });
    await server.send('GET', server.path('secrets/one'), { by });
    await server.send('GET', '/api/v1/nodes', { by });
    await server.send('GET', '/api/v1/pods', { by });
    await server.send('GET', server.path('pods/one/log'), { by });
    await server.send('GET', server.path('pods'), { by, query: { watch: true } });
    await server.send('DELETE', server.path('configmaps/one'), { by });
    await server.send('DELETE', server.path('configmaps'), { by });
    await server.send('PATCH', server.path('configmaps/one'), {
      by,
      contentType: applyPatch,
      body: configMap('one'),
      query: { fieldManager: 'x' },
    });
    await server.send('PATCH', server.path('deployments/web', 'apps/v1'), {
      by,
      contentType: applyPatch,
      body: deployment('web'),
      query: { fieldManager: 'x' },
    });
    await server.send('PATCH', server.path('deployments/web/scale', 'apps/v1'), {
      by,
      contentType: applyPatch,
      body: {},
      query: { fieldManager: 'x' },
    });
    await server.send('GET', server.path('leaderworkersets', 'leaderworkerset.x-k8s.io/v1'), { by });
    await server.send('POST', server.path('pods/one/exec'), { by });
    await server.send('GET', '/metrics', { by });
    await server.send('GET', '/apis/nothing.example/v1/things', { by });
  });

  both('answer who asks about itself', async (server) => {
    const by = await somebody(server, [
      readMaps,
      { apiGroups: [''], resources: ['pods', 'pods/log'], resourceNames: ['mine'], verbs: ['get'] },
    ]);
    const review = async (attributes: Record<string, string>): Promise<void> => {
      const { status, json } = await server.ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        by,
        body: { spec: { resourceAttributes: { namespace: server.namespace, ...attributes } } },
      });
      server.note(JSON.stringify(attributes), [status, json.status?.allowed, json.status?.denied, json.spec]);
    };
    await review({ verb: 'list', resource: 'configmaps' });
    await review({ verb: 'create', resource: 'configmaps' });
    await review({ verb: 'get', resource: 'pods', name: 'mine' });
    await review({ verb: 'get', resource: 'pods', name: 'theirs' });
    await review({ verb: 'get', resource: 'pods', subresource: 'log', name: 'mine' });
    await review({ verb: 'create', resource: 'pods', subresource: 'exec' });
    await review({ verb: 'get', resource: 'leaderworkersets', group: 'leaderworkerset.x-k8s.io' });
    await review({ verb: 'list', resource: 'nodes', namespace: '' });
    const rules = await server.ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
      by,
      body: { spec: { namespace: server.namespace } },
    });
    const resourceRules: readonly { readonly resources: readonly string[] }[] = rules.json.status.resourceRules;
    server.note('rules of the role', [
      rules.status,
      resourceRules.filter(({ resources }) => resources.some((resource) => ['configmaps', 'pods'].includes(resource))),
    ]);
    const { status, json } = await server.ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      by,
      body: {},
    });
    server.note('who I am', [status, json.status.userInfo.username, json.status.userInfo.groups]);
  });

  both('need create for what a WebSocket does, though a GET opens it', async (server) => {
    const streams = { apiGroups: [''], resources: ['pods/exec', 'pods/attach', 'pods/portforward'] };
    const looker = await somebody(server, [readMaps, { ...streams, verbs: ['get'] }]);
    for (const subresource of ['exec', 'attach', 'portforward'])
      await server.send('GET', server.path(`pods/none/${subresource}`), { by: looker });
    const failure = await looker
      .exec({ namespace: server.namespace, pod: 'none', command: ['true'], signal: AbortSignal.timeout(10_000) })
      .catch((error: unknown) => error);
    server.note('exec by somebody who may only get', isWorkbenchError(failure) ? failure.code : failure);
    await server.ask('PATCH', server.path('roles/some', 'rbac.authorization.k8s.io/v1'), {
      contentType: mergePatch,
      body: { rules: [readMaps, { ...streams, verbs: ['get', 'create'] }] },
    });
    await server.until(server.path('pods/none/exec'), (_, answered) => answered !== 403, { by: looker });
    await server.send('GET', server.path('pods/none/exec'), { by: looker });
  });

  both('need somebody', async (server) => {
    const nobody = server.target.withToken('not-a-token');
    await server.send('GET', server.path('configmaps'), { by: nobody });
    nobody.dispose();
  });

  both('reach no further than their namespace', async (server) => {
    const by = await somebody(server, [readMaps]);
    await server.send('GET', '/api/v1/namespaces/default/configmaps', { by });
    await server.send('GET', '/api/v1/configmaps', { by });
    await server.send('GET', `/api/v1/namespaces/${server.namespace}`, { by });
    await server.send('POST', server.path('roles', 'rbac.authorization.k8s.io/v1'), {
      by,
      body: { metadata: { name: 'more' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
    });
  });
});
