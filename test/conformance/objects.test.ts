import { both } from './support/both.ts';
import { configMap, deployment, idlePod } from './support/objects.ts';

describe('objects on both servers', () => {
  both('are created, read, replaced and deleted', async (server) => {
    const maps = server.path('configmaps');
    await server.send('POST', maps, { body: configMap('one', { a: '1' }, { labels: { tier: 'front' } }) });
    await server.send('GET', `${maps}/one`);
    await server.send('PUT', `${maps}/one`, { body: configMap('one', { a: '2' }) });
    await server.send('DELETE', `${maps}/one`);
    await server.send('GET', `${maps}/one`);
    await server.send('DELETE', `${maps}/one`);
  });

  both('collide', async (server) => {
    const maps = server.path('configmaps');
    const { json: first } = await server.ask('POST', maps, { body: configMap('one') });
    await server.send('POST', maps, { body: configMap('one') });
    await server.ask('PUT', `${maps}/one`, { body: configMap('one', { a: '1' }) });
    await server.send('PUT', `${maps}/one`, { body: { ...first, data: { a: '2' } } });
    await server.send('PUT', `${maps}/one`, {
      body: configMap('one', {}, { uid: '11111111-2222-3333-4444-555555555555' }),
    });
    await server.send('PUT', `${maps}/none`, { body: configMap('none') });
    await server.send('PATCH', `${maps}/none`, { body: {}, contentType: 'application/merge-patch+json' });
  });

  both('keep their generation: the spec counts, the rest does not', async (server) => {
    const path = server.path('deployments', 'apps/v1');
    await server.ask('POST', path, { body: deployment('web') });
    for (const [patch, contentType] of [
      [{ metadata: { labels: { a: 'b' } } }, 'application/merge-patch+json'],
      [{ spec: { replicas: 1 } }, 'application/merge-patch+json'],
    ] as const) {
      const { json } = await server.ask('PATCH', `${path}/web`, { body: patch, contentType });
      server.note('generation', json.metadata.generation);
    }
  });

  both('get their defaults', async (server) => {
    await server.send('POST', server.path('pods'), { body: idlePod('one') });
    await server.send('POST', server.path('pods'), {
      body: idlePod('two', {
        initContainers: [
          {
            name: 'proxy',
            image: 'registry.example/proxy:1',
            restartPolicy: 'Always',
            ports: [{ containerPort: 8000 }],
            readinessProbe: { httpGet: { path: '/health', port: 8000 } },
          },
        ],
        containers: [
          {
            name: 'main',
            image: 'registry.example/server',
            resources: { limits: { 'nvidia.com/gpu': 8, memory: '512Gi' } },
            env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
            startupProbe: { tcpSocket: { port: 8000 }, failureThreshold: 2700 },
            lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
          },
        ],
        volumes: [
          { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '16Gi' } },
          { name: 'config', configMap: { name: 'c' } },
          { name: 'cache', hostPath: { path: '/mnt/cache' } },
          { name: 'secret', secret: { secretName: 's' } },
        ],
      }),
    });
    await server.send('POST', server.path('services'), {
      body: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web' },
        spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
      },
    });
    await server.send('POST', server.path('services'), {
      body: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'headless' },
        spec: {
          clusterIP: 'None',
          selector: { app: 'web' },
          ports: [
            { name: 'a', port: 80 },
            { name: 'b', port: 81 },
          ],
        },
      },
    });
    await server.send('POST', server.path('secrets'), {
      body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { HF_TOKEN: 'value' } },
    });
    await server.send('POST', server.path('jobs', 'batch/v1'), {
      query: { dryRun: 'All' },
      body: {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'bench' },
        spec: {
          template: {
            spec: {
              restartPolicy: 'Never',
              schedulerName: 'nobody',
              containers: [{ name: 'main', image: 'registry.example/bench:1' }],
            },
          },
        },
      },
    });
    await server.send('POST', server.path('deployments', 'apps/v1'), {
      query: { dryRun: 'All' },
      body: deployment('web'),
    });
    await server.send('POST', server.path('statefulsets', 'apps/v1'), {
      query: { dryRun: 'All' },
      body: { ...deployment('set'), kind: 'StatefulSet' },
    });
    await server.send('POST', server.path('persistentvolumeclaims'), {
      body: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '10Gi' } } },
      },
    });
  });

  both('are refused where they are malformed', async (server) => {
    const maps = server.path('configmaps');
    await server.send('POST', maps, { body: configMap('x', {}, { resourceVersion: '5' }) });
    await server.send('POST', maps, { body: { ...configMap('x'), kind: 'Secret' } });
    await server.send('POST', maps, { body: { ...configMap('x'), apiVersion: 'v2' } });
    await server.send('POST', maps, { body: configMap('x', {}, { namespace: 'elsewhere' }) });
    await server.send('PUT', `${maps}/x`, { body: configMap('y') });
    await server.send('POST', '/api/v1/namespaces/nowhere/configmaps', { body: configMap('x') });
    const { status } = await server.ask('POST', maps, { body: '{"metadata":' });
    server.note('status of broken JSON', status);
    const unsupported = await server.ask('POST', maps, { body: 'x', contentType: 'text/plain' });
    server.note('a type that is not served', [unsupported.status, unsupported.json.reason]);
    await server.send('GET', maps, { accept: 'text/html' });
    await server.send('PATCH', `${maps}/x`, { body: {}, contentType: 'application/json' });
    await server.send('POST', `${maps}/x`, { body: configMap('x') });
    await server.send('GET', server.path('nothings'));
    await server.send('GET', '/apis/nothing.example/v1/things');
  });

  both('have names and labels within limits', async (server) => {
    const maps = server.path('configmaps');
    for (const name of ['Upper', '-dash', 'under_score', 'a'.repeat(254), 'a..b', ''])
      await server.send('POST', maps, { body: configMap(name) });
    for (const labels of [{ ok: 'no spaces' }, { 'bad key!': 'x' }, { ok: 'v'.repeat(64) }, { 'Prefix/UP': 'x' }])
      await server.send('POST', maps, { body: configMap('x', {}, { labels }) });
    await server.send('POST', server.path('services'), {
      body: { metadata: { name: '1starts-with-digit' }, spec: { ports: [{ port: 80 }] } },
    });
    await server.send('POST', maps, { body: configMap('x', { 'bad key': '1' }) });
    await server.send('POST', maps, { body: configMap('x', {}, { annotations: { 'bad key': '1' } }) });
    await server.send('POST', maps, { body: configMap('x', {}, { finalizers: ['no-prefix'] }) });
  });

  both('get generated names', async (server) => {
    const { json } = await server.send('POST', server.path('configmaps'), {
      body: { metadata: { generateName: 'run-' } },
    });
    server.note('the suffix', /^run-[bcdfghjklmnpqrstvwxz2456789]{5}$/.test(json.metadata.name));
    const { status, json: refused } = await server.ask('POST', server.path('configmaps'), {
      body: { metadata: { generateName: 'Bad_' } },
    });
    server.note('of a bad beginning', [
      status,
      refused.reason,
      refused.details.causes.map((cause: { readonly field: string }) => cause.field),
    ]);
  });

  both('are only checked by a dry run', async (server) => {
    const maps = server.path('configmaps');
    await server.send('POST', maps, { body: configMap('one'), query: { dryRun: 'All' } });
    await server.send('GET', `${maps}/one`);
    await server.send('POST', maps, { body: configMap('one'), query: { dryRun: 'Some' } });
    await server.ask('POST', maps, { body: configMap('two') });
    await server.send('DELETE', `${maps}/two`, { query: { dryRun: 'All' } });
    await server.send('GET', `${maps}/two`);
  });
});
