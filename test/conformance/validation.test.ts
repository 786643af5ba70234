import { both } from './support/both.ts';
import { configMap, deployment, idlePod, leaderWorkerSet, mergePatch } from './support/objects.ts';

describe('validation on both servers', () => {
  both('names every fault of a pod', async (server) => {
    const refused = (spec: Record<string, unknown>): Promise<unknown> =>
      server.send('POST', server.path('pods'), { body: idlePod('bad', spec) });
    await refused({ containers: [] });
    await refused({ containers: [{ name: 'main' }] });
    await refused({ containers: [{ name: 'Main', image: 'x' }] });
    await refused({
      containers: [
        { name: 'main', image: 'x' },
        { name: 'main', image: 'y' },
      ],
    });
    await refused({ containers: [{ name: 'main', image: 'x', ports: [{ containerPort: 70000 }] }] });
    await refused({ containers: [{ name: 'main', image: 'x', volumeMounts: [{ name: 'none', mountPath: '/x' }] }] });
    await refused({ containers: [{ name: 'main', image: 'x', resources: { limits: { 'nvidia.com/gpu': '0.5' } } }] });
    await refused({
      containers: [{ name: 'main', image: 'x', resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }],
    });
    await refused({
      containers: [
        { name: 'main', image: 'x', resources: { requests: { 'nvidia.com/gpu': 1 }, limits: { 'nvidia.com/gpu': 2 } } },
      ],
    });
    await refused({ containers: [{ name: 'main', image: 'x', env: [{ name: '', value: 'x' }] }] });
    await refused({ containers: [{ name: 'main', image: 'x', imagePullPolicy: 'Sometimes' }] });
    await refused({ restartPolicy: 'Perhaps' });
    await refused({ terminationGracePeriodSeconds: -1 });
    await refused({ containers: [{ name: 'main', image: 'x', resources: { limits: { cpu: 'many' } } }] });
    await refused({ containers: 'none' });
    await refused({ serviceAccountName: 'nobody' });
    await refused({ priorityClassName: 'nothing' });
  });

  both('names the faults of workloads and services', async (server) => {
    const deployments = server.path('deployments', 'apps/v1');
    await server.send('POST', deployments, {
      body: deployment('web', { selector: { matchLabels: { app: 'other' } } }),
    });
    await server.send('POST', deployments, {
      body: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: {} },
    });
    await server.send('POST', deployments, { body: deployment('web', { replicas: -1 }) });
    await server.send('POST', deployments, { body: deployment('web', { replicas: 'two' }) });
    await server.ask('POST', deployments, { body: deployment('web', { replicas: 0 }) });
    await server.send('PATCH', `${deployments}/web`, {
      contentType: mergePatch,
      body: { spec: { selector: { matchLabels: { app: 'new' } } } },
    });
    await server.send('POST', server.path('jobs', 'batch/v1'), {
      body: { metadata: { name: 'job' }, spec: { template: { spec: { containers: [{ name: 'main', image: 'x' }] } } } },
    });
    await server.send('POST', server.path('services'), { body: { metadata: { name: 'web' }, spec: {} } });
    await server.send('POST', server.path('services'), {
      body: { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }, { port: 81 }] } },
    });
    await server.send('POST', server.path('services'), {
      body: { metadata: { name: 'web' }, spec: { type: 'Odd', ports: [{ port: 0 }] } },
    });
    await server.send('POST', server.path('secrets'), {
      body: { metadata: { name: 's' }, data: { a: 'not base64!' } },
    });
    for (const clusterIP of ['1.2.3.4', 'abc'])
      await server.send('POST', server.path('services'), {
        body: { metadata: { name: 'web' }, spec: { clusterIP, ports: [{ port: 80 }] } },
      });
  });

  both('keeps what may not change', async (server) => {
    const pods = server.path('pods');
    await server.ask('POST', pods, { body: idlePod('one') });
    await server.send('PATCH', `${pods}/one`, { contentType: mergePatch, body: { spec: { restartPolicy: 'Never' } } });
    await server.send('PATCH', `${pods}/one`, {
      contentType: mergePatch,
      body: { metadata: { labels: { free: 'yes' } } },
    });
    await server.ask('POST', server.path('services'), {
      body: { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } },
    });
    const service = await server.ask('PATCH', server.path('services/web'), {
      contentType: mergePatch,
      body: { spec: { clusterIP: '10.96.99.99' } },
    });
    server.note('a service that moves', [
      service.status,
      service.json.reason,
      service.json.details?.causes?.map((cause: { field: string; reason: string }) => [cause.field, cause.reason]),
    ]);
    await server.ask('POST', server.path('configmaps'), {
      body: { ...configMap('fixed', { a: '1' }), immutable: true },
    });
    await server.send('PATCH', server.path('configmaps/fixed'), {
      contentType: mergePatch,
      body: { data: { a: '2' } },
    });
    await server.ask('POST', server.path('secrets'), { body: { metadata: { name: 's' }, stringData: { a: '1' } } });
    await server.send('PATCH', server.path('secrets/s'), {
      contentType: mergePatch,
      body: { type: 'kubernetes.io/tls' },
    });
  });

  both('is strict where asked', async (server) => {
    const path = server.path('configmaps');
    const body = { ...configMap('one'), dat: { a: '1' }, metadata: { name: 'one', lables: {} } };
    await server.send('POST', path, { body, query: { fieldValidation: 'Strict' } });
    await server.send('POST', path, {
      body: '{"metadata":{"name":"one"},"data":{"a":"1","a":"2"}}',
      query: { fieldValidation: 'Strict' },
    });
    await server.send('POST', path, { body: configMap('one'), query: { fieldValidation: 'Very' } });
    await server.send('POST', path, { body, query: { fieldValidation: 'Warn', dryRun: 'All' } });
    await server.send('POST', path, { body, query: { fieldValidation: 'Ignore' } });
    await server.send('PATCH', `${path}/one`, {
      contentType: mergePatch,
      body: { dat: { a: '1' } },
      query: { fieldValidation: 'Strict' },
    });
    await server.send('POST', server.path('pods'), {
      body: idlePod('one', {
        containers: [
          { name: 'main', image: 'x', imagePulPolicy: 'Always', ports: [{ containerPort: 80, nam: 'http' }] },
        ],
      }),
      query: { fieldValidation: 'Strict' },
    });
    await server.send('POST', server.path('leaderworkersets', 'leaderworkerset.x-k8s.io/v1'), {
      body: leaderWorkerSet('one', { replica: 2 }),
      query: { fieldValidation: 'Strict' },
    });
  });

  both('holds custom resources to their schema', async (server) => {
    const path = server.path('leaderworkersets', 'leaderworkerset.x-k8s.io/v1');
    await server.send('POST', path, { body: leaderWorkerSet('one', { replicas: 'two' }) });
    await server.send('POST', path, {
      body: { apiVersion: 'leaderworkerset.x-k8s.io/v1', kind: 'LeaderWorkerSet', metadata: { name: 'one' }, spec: {} },
    });
    await server.send('POST', path, { body: leaderWorkerSet('one', { startupPolicy: 'Whenever' }) });
    await server.send('POST', path, { body: leaderWorkerSet('one', { replicas: -1 }) });
    await server.send('POST', path, { body: leaderWorkerSet('Bad_Name') });
    await server.send('POST', path, { body: leaderWorkerSet('one', { replicas: 0 }) });
    await server.send('PUT', `${path}/one/status`, {
      body: { ...leaderWorkerSet('one', { replicas: 3 }), status: { replicas: 7 } },
    });
    await server.send('PATCH', `${path}/one/status`, {
      contentType: mergePatch,
      body: { spec: { replicas: 3 }, status: { replicas: 7 } },
    });
    await server.send('POST', server.path('inferencepools', 'inference.networking.k8s.io/v1'), {
      body: {
        apiVersion: 'inference.networking.k8s.io/v1',
        kind: 'InferencePool',
        metadata: { name: 'pool' },
        spec: { selector: { matchLabels: { a: 'b' } }, targetPorts: [] },
      },
    });
  });

  both('keeps quotas', async (server) => {
    await server.ask('POST', server.path('resourcequotas'), {
      body: {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'limits' },
        spec: { hard: { pods: '1', 'requests.nvidia.com/gpu': '8' } },
      },
    });
    await server.until(server.path('resourcequotas/limits'), (quota) => quota.status?.hard !== undefined);
    const gpus = (count: number): Record<string, unknown> => ({
      containers: [{ name: 'main', image: 'x', resources: { limits: { 'nvidia.com/gpu': count } } }],
    });
    await server.send('POST', server.path('pods'), { body: idlePod('large', gpus(9)) });
    await server.ask('POST', server.path('pods'), { body: idlePod('one', gpus(8)) });
    await server.send('POST', server.path('pods'), { body: idlePod('two', gpus(1)) });
    const quota = await server.until(
      server.path('resourcequotas/limits'),
      (object) => object.status?.used?.pods === '1',
    );
    server.note('the quota', quota);
  });
});
