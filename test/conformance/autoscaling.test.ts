import { both, type Loose } from './support/both.ts';
import { mergePatch } from './support/objects.ts';

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };

describe('autoscalers on both servers', () => {
  both('are the same objects in both versions', async (server) => {
    const [old, now] = [
      server.path('horizontalpodautoscalers', 'autoscaling/v1'),
      server.path('horizontalpodautoscalers', 'autoscaling/v2'),
    ];
    // The real controller tells of targets that are not there, the demo has none that would.
    const seen = async (path: string): Promise<void> => {
      const { status, json } = await server.ask('GET', path);
      const {
        'autoscaling.alpha.kubernetes.io/conditions': _conditions,
        'autoscaling.alpha.kubernetes.io/behavior': behavior,
        ...annotations
      } = json.metadata.annotations ?? {};
      server.note(path, [status, json.apiVersion, json.spec, annotations, behavior === undefined]);
    };
    await server.send('POST', old, {
      body: { metadata: { name: 'old' }, spec: { scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 50 } },
    });
    await server.send('POST', old, { body: { metadata: { name: 'plain' }, spec: { scaleTargetRef, maxReplicas: 3 } } });
    await server.ask('POST', now, {
      body: {
        metadata: { name: 'new' },
        spec: {
          scaleTargetRef,
          maxReplicas: 3,
          behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
          metrics: [
            { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
            {
              type: 'Pods',
              pods: { metric: { name: 'requests' }, target: { type: 'AverageValue', averageValue: '10' } },
            },
            {
              type: 'External',
              external: {
                metric: { name: 'queue', selector: { matchLabels: { a: 'b' } } },
                target: { type: 'Value', value: '5' },
              },
            },
            {
              type: 'Object',
              object: {
                describedObject: { apiVersion: 'v1', kind: 'Service', name: 's' },
                metric: { name: 'o' },
                target: { type: 'Value', value: '7' },
              },
            },
          ],
        },
      },
    });
    for (const name of ['old', 'plain', 'new']) for (const path of [old, now]) await seen(`${path}/${name}`);
    await server.ask('PATCH', `${old}/new`, { contentType: mergePatch, body: { spec: { maxReplicas: 5 } } });
    await seen(`${now}/new`);
    await server.send('POST', now, { body: { metadata: { name: 'bad' }, spec: {} } });
    await server.send('POST', now, {
      body: { metadata: { name: 'bad' }, spec: { scaleTargetRef, minReplicas: 5, maxReplicas: 3 } },
    });
  });

  both('and other kinds are created by an update where that is so', async (server) => {
    const put = async (plural: string, groupVersion: string, body: Loose): Promise<void> => {
      const { status, json } = await server.ask('PUT', `${server.path(plural, groupVersion)}/new`, {
        body: { metadata: { name: 'new' }, ...body },
      });
      server.note(`PUT ${plural}`, [status, json.kind, json.reason]);
    };
    await put('services', 'v1', { spec: { ports: [{ port: 80 }] } });
    await put('endpoints', 'v1', {});
    await put('limitranges', 'v1', { spec: { limits: [] } });
    await put('leases', 'coordination.k8s.io/v1', { spec: {} });
    await put('roles', 'rbac.authorization.k8s.io/v1', { rules: [] });
    await put('configmaps', 'v1', {});
    await put('serviceaccounts', 'v1', {});
    await put('horizontalpodautoscalers', 'autoscaling/v1', { spec: { scaleTargetRef, maxReplicas: 3 } });
  });

  both('webhooks and runtime classes are stored', async (server) => {
    const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothings'] }];
    const webhook = {
      name: 'a.example.org',
      clientConfig: { service: { name: 'x', namespace: server.namespace } },
      rules,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
    };
    const name = `${server.namespace}-hooks`;
    for (const kind of ['validating', 'mutating'])
      await server.send('POST', `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations`, {
        query: { dryRun: 'All' },
        body: { metadata: { name }, webhooks: [webhook] },
      });
    await server.send('POST', '/apis/node.k8s.io/v1/runtimeclasses', {
      query: { dryRun: 'All' },
      body: { metadata: { name }, handler: 'nvidia' },
    });
  });
});
