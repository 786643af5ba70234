import { both, type Answer, type Loose, type Server } from './support/both.ts';
import { applyPatch, configMap, deployment } from './support/objects.ts';

type Apply = (manager: string, body: unknown, query?: Record<string, string | boolean>) => Promise<Answer>;

function applier(server: Server, path: string): Apply {
  return (fieldManager, body, query = {}) =>
    server.send('PATCH', path, { contentType: applyPatch, body, query: { fieldManager, ...query } });
}

/** Of an object that controllers write to at their own pace: what was applied, and who owns it. */
function appliedOf(server: Server, path: string): Apply {
  return async (fieldManager, body, query = {}) => {
    const answer = await server.ask('PATCH', path, {
      contentType: applyPatch,
      body,
      query: { fieldManager, ...query },
    });
    const { status, json } = answer;
    const owners: readonly Loose[] = json.metadata?.managedFields ?? [];
    server.note(
      `${fieldManager} ${JSON.stringify(body)}`,
      status < 300
        ? {
            status,
            spec: json.spec,
            labels: json.metadata.labels,
            managers: owners.filter(({ operation }) => operation === 'Apply'),
          }
        : { status, json },
    );
    return answer;
  };
}

describe('server-side apply on both servers', () => {
  both('creates, changes and drops', async (server) => {
    const apply = applier(server, server.path('configmaps/one'));
    await apply('alice', configMap('one', { a: '1', b: '2' }, { labels: { x: 'y' } }));
    await apply('alice', configMap('one', { a: '1', b: '2' }, { labels: { x: 'y' } }));
    await apply('alice', configMap('one', { a: '2' }));
    await server.send('GET', server.path('configmaps/one'));
  });

  both('conflicts, and is forced', async (server) => {
    const apply = applier(server, server.path('configmaps/one'));
    await apply('alice', configMap('one', { a: '1', b: '2' }));
    await apply('bob', configMap('one', { a: '9', c: '3' }));
    await apply('bob', configMap('one', { a: '1', c: '3' }));
    await apply('bob', configMap('one', { a: '9', c: '3' }, {}), { force: true });
    await apply('alice', configMap('one', { b: '2' }));
    await apply('bob', configMap('one', { c: '3' }));
  });

  both('conflicts with who updated', async (server) => {
    const path = server.path('configmaps/one');
    await server.ask('POST', server.path('configmaps'), {
      body: configMap('one', { a: '1', b: '1' }),
      query: { fieldManager: 'creator' },
    });
    const apply = applier(server, path);
    await apply('alice', configMap('one', { a: '2', b: '2' }));
    await apply('alice', configMap('one', { a: '2' }), { force: true });
    await server.send('PATCH', path, {
      contentType: 'application/merge-patch+json',
      body: { data: { a: '3' } },
      query: { fieldManager: 'patcher' },
    });
    await apply('alice', configMap('one', { a: '2' }));
  });

  both('only tries with a dry run', async (server) => {
    const apply = applier(server, server.path('configmaps/one'));
    await apply('alice', configMap('one', { a: '1' }), { dryRun: 'All' });
    await server.send('GET', server.path('configmaps/one'));
    await apply('alice', configMap('one', { a: '1' }));
    await apply('alice', configMap('one', { a: '2' }), { dryRun: 'All' });
    await apply('bob', configMap('one', { a: '2' }), { dryRun: 'All' });
  });

  both('merges containers, variables and ports by their keys', async (server) => {
    const path = server.path('deployments/web', 'apps/v1');
    const apply = appliedOf(server, path);
    await apply(
      'alice',
      deployment(
        'web',
        { replicas: 0 },
        {
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
          ports: [{ containerPort: 80 }, { containerPort: 81, name: 'admin' }],
        },
      ),
    );
    const partly = (container: Record<string, unknown>): unknown => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { template: { spec: { containers: [container] } } },
    });
    await apply(
      'bob',
      partly({ name: 'main', env: [{ name: 'C', value: '3' }], ports: [{ containerPort: 82, protocol: 'TCP' }] }),
    );
    await apply('bob', partly({ name: 'main', env: [{ name: 'A', value: '9' }] }));
    await apply('bob', partly({ name: 'side', image: 'registry.example/side:1' }));
    await apply('bob', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } });
    await apply(
      'alice',
      deployment('web', { replicas: 0 }, { env: [{ name: 'B', value: '2' }], ports: [{ containerPort: 80 }] }),
    );
    await apply(
      'alice',
      deployment(
        'web',
        { replicas: 0 },
        {
          env: [
            { name: 'B', value: '2' },
            { name: 'B', value: '3' },
          ],
        },
      ),
    );
  });

  both('merges custom resources by their schema', async (server) => {
    const apply = appliedOf(server, server.path('leaderworkersets/lws', 'leaderworkerset.x-k8s.io/v1'));
    const set = (container: Record<string, unknown>): unknown => ({
      apiVersion: 'leaderworkerset.x-k8s.io/v1',
      kind: 'LeaderWorkerSet',
      metadata: { name: 'lws' },
      spec: {
        replicas: 0,
        leaderWorkerTemplate: {
          size: 2,
          workerTemplate: {
            spec: { containers: [{ name: 'main', image: 'registry.example/server:1', ...container }] },
          },
        },
      },
    });
    await apply('alice', set({ env: [{ name: 'A', value: '1' }] }));
    await apply('alice', set({ env: [{ name: 'A', value: '2' }], args: ['--x'] }));
    await apply('alice', set({}));
    await apply('bob', set({ image: 'registry.example/server:2' }));
  });

  both('creates, but changes nothing, by a version that no object has', async (server) => {
    const apply = applier(server, server.path('configmaps/one'));
    await apply('alice', configMap('one', { a: '1' }, { resourceVersion: '1' }));
    await apply('alice', configMap('one', { a: '2' }, { resourceVersion: '1' }));
    await apply('bob', configMap('one', { a: '2' }, { resourceVersion: '1' }), { force: true });
    await server.send('GET', server.path('configmaps/one'));
  });

  both('refuses what is no configuration', async (server) => {
    const path = server.path('configmaps/one');
    await server.send('PATCH', path, { contentType: applyPatch, body: configMap('one') });
    const apply = applier(server, path);
    await apply('alice', { data: { a: '1' } });
    await apply('alice', configMap('two'));
    await apply('alice', {
      ...configMap('one'),
      metadata: { name: 'one', managedFields: [{ manager: 'x', operation: 'Apply', apiVersion: 'v1' }] },
    });
    await apply('alice', configMap('one', {}, { resourceVersion: '5' }));
    await apply('alice', configMap('one', {}, { uid: '11111111-2222-3333-4444-555555555555' }));
    await apply('alice', { ...configMap('one'), surprise: true }, { fieldValidation: 'Strict' });
    await apply('alice', { ...configMap('one'), surprise: true }, { fieldValidation: 'Ignore' });
  });

  both('leaves the status to its subresource', async (server) => {
    const apply = appliedOf(server, server.path('deployments/web', 'apps/v1'));
    await apply('alice', { ...deployment('web', { replicas: 0, paused: true }), status: { replicas: 7 } });
  });
});
