import { both } from './support/both.ts';
import { configMap, deployment, jsonPatch, leaderWorkerSet, mergePatch, strategicPatch } from './support/objects.ts';

describe('patches on both servers', () => {
  both('merge', async (server) => {
    const path = server.path('configmaps');
    await server.ask('POST', path, { body: configMap('one', { a: '1', b: '2' }, { labels: { x: 'y' } }) });
    await server.send('PATCH', `${path}/one`, {
      contentType: mergePatch,
      body: { data: { a: null, c: '3' }, metadata: { labels: { z: '1' } } },
    });
    await server.send('PATCH', `${path}/one`, { contentType: mergePatch, body: { data: null } });
    await server.send('PATCH', `${path}/one`, {
      contentType: mergePatch,
      body: { metadata: { resourceVersion: '1' } },
    });
    await server.send('PATCH', `${path}/one`, { contentType: mergePatch, body: { metadata: { name: 'two' } } });
    await server.send('PATCH', `${path}/one`, { contentType: mergePatch, body: { data: { a: 1 } } });
    await server.send('PATCH', `${path}/one`, { contentType: mergePatch, body: {} });
    await server.send('PATCH', `${path}/one`, {
      contentType: mergePatch,
      body: { data: { d: '1' } },
      query: { dryRun: 'All', fieldManager: 'someone' },
    });
  });

  both('follow JSON pointers', async (server) => {
    const path = server.path('configmaps');
    await server.ask('POST', path, { body: configMap('one', { a: '1', 'b/c': '2' }) });
    await server.send('PATCH', `${path}/one`, {
      contentType: jsonPatch,
      body: [
        { op: 'test', path: '/data/a', value: '1' },
        { op: 'replace', path: '/data/a', value: '2' },
        { op: 'add', path: '/metadata/labels', value: { x: 'y' } },
        { op: 'remove', path: '/data/b~1c' },
      ],
    });
    await server.send('PATCH', `${path}/one`, {
      contentType: jsonPatch,
      body: [
        { op: 'copy', from: '/data/a', path: '/data/d' },
        { op: 'move', from: '/data/a', path: '/data/e' },
      ],
    });
    for (const operation of [
      { op: 'test', path: '/data/d', value: 'no' },
      { op: 'remove', path: '/data/none' },
      { op: 'replace', path: '/none/none', value: 1 },
      { op: 'jump', path: '/data' },
    ]) {
      const { status, json } = await server.ask('PATCH', `${path}/one`, { contentType: jsonPatch, body: [operation] });
      server.note(JSON.stringify(operation), [status, json.reason]);
    }
  });

  both('merge lists by their keys', async (server) => {
    const path = server.path('deployments', 'apps/v1');
    await server.ask('POST', path, {
      body: deployment(
        'web',
        { replicas: 0 },
        {
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
        },
      ),
    });
    const containers = async (body: unknown): Promise<void> => {
      const { status, json } = await server.ask('PATCH', `${path}/web`, {
        contentType: strategicPatch,
        body: { spec: { template: { spec: body } } },
      });
      server.note(JSON.stringify(body), [
        status,
        status === 200
          ? [json.spec.template.spec.containers, json.spec.template.spec.volumes, json.spec.template.spec.tolerations]
          : json,
      ]);
    };
    await containers({
      containers: [
        {
          name: 'main',
          env: [
            { name: 'B', value: '3' },
            { name: 'C', value: '4' },
          ],
        },
      ],
    });
    await containers({ containers: [{ name: 'side', image: 'registry.example/side:1' }] });
    await containers({ containers: [{ name: 'main', ports: [{ containerPort: 81 }] }] });
    await containers({ containers: [{ name: 'main', env: [{ name: 'A', $patch: 'delete' }] }] });
    await containers({ containers: [{ name: 'main', command: ['a', 'b'] }] });
    await containers({ containers: [{ name: 'main', command: ['c'] }] });
    await containers({ $setElementOrder: undefined, containers: [{ name: 'side', $patch: 'delete' }] });
    await containers({
      '$setElementOrder/containers': [{ name: 'extra' }, { name: 'main' }],
      containers: [{ name: 'extra', image: 'registry.example/extra:1' }],
    });
    await containers({ tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }] });
    await containers({ tolerations: [{ key: 'other', operator: 'Exists' }] });
    await containers({ containers: [{ $patch: 'replace' }, { name: 'only', image: 'registry.example/only:1' }] });
    await containers({ containers: [{ image: 'registry.example/nameless:1' }] });
  });

  both('know their kind: strategic merge is not for custom resources', async (server) => {
    const path = server.path('leaderworkersets', 'leaderworkerset.x-k8s.io/v1');
    await server.ask('POST', path, { body: leaderWorkerSet('lws', { replicas: 0 }) });
    await server.send('PATCH', `${path}/lws`, { contentType: strategicPatch, body: { spec: { replicas: 1 } } });
    await server.send('PATCH', `${path}/lws`, { contentType: mergePatch, body: { metadata: { labels: { a: 'b' } } } });
  });
});
