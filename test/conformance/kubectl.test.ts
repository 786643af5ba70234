import { both, type Loose } from './support/both.ts';
import { withKubectl } from './support/kubectl.ts';
import { configMap, deployment, leaderWorkerSet } from './support/objects.ts';

/** A deployment with the fields that people write, its pods taken by no scheduler. */
function web(replicas: number, image: string): Loose {
  const object: Loose = deployment(
    'web',
    { replicas },
    {
      image,
      env: [
        { name: 'EMPTY', value: '' },
        { name: 'FULL', value: 'x' },
      ],
      ports: [{ containerPort: 80, name: 'http' }],
      resources: { limits: { cpu: 1, memory: '1Gi', 'nvidia.com/gpu': 1 } },
      readinessProbe: { httpGet: { path: '/', port: 'http' }, initialDelaySeconds: 0 },
      volumeMounts: [{ name: 'shm', mountPath: '/dev/shm', readOnly: false }],
    },
  );
  object.spec.template.spec.volumes = [{ name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } }];
  return object;
}

const files = {
  'web.json': web(2, 'registry.example/server:1'),
  'web-2.json': web(3, 'registry.example/server:2'),
  'others.json': {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      configMap('settings', { a: '1', lines: 'x\ny\n' }),
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token' }, stringData: { HF_TOKEN: 'abc' } },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web' },
        spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data' },
        spec: { storageClassName: 'none', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'set' },
        spec: {
          serviceName: 'web',
          selector: { matchLabels: { app: 'set' } },
          template: {
            metadata: { labels: { app: 'set' } },
            spec: { schedulerName: 'nobody', containers: [{ name: 'main', image: 'registry.example/x:1' }] },
          },
        },
      },
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'nightly' },
        spec: {
          schedule: '0 3 * * *',
          suspend: true,
          jobTemplate: {
            spec: {
              template: {
                spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.example/x:1' }] },
              },
            },
          },
        },
      },
      {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'web' },
        spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
      },
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'closed' },
        spec: { podSelector: {}, policyTypes: ['Ingress'] },
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: 'reader' },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'reader' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
        subjects: [{ kind: 'ServiceAccount', name: 'default' }],
      },
      leaderWorkerSet('wide', { replicas: 0 }),
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'Gateway',
        metadata: { name: 'front' },
        spec: { gatewayClassName: 'none', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
      },
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata: { name: 'front' },
        spec: { parentRefs: [{ name: 'front' }], rules: [{ backendRefs: [{ name: 'web', port: 80 }] }] },
      },
      {
        apiVersion: 'inference.networking.k8s.io/v1',
        kind: 'InferencePool',
        metadata: { name: 'pool' },
        spec: {
          selector: { matchLabels: { app: 'web' } },
          targetPorts: [{ number: 80 }],
          endpointPickerRef: { name: 'picker', port: { number: 9002 } },
        },
      },
    ],
  },
};
const kinds =
  'deploy,rs,svc,cm,secret,pvc,sts,cronjob,pdb,netpol,role,rolebinding,sa,lws,gateway,httproute,inferencepool';

describe('kubectl on both servers', () => {
  both('gets and describes', (server) =>
    withKubectl(server, files, async (kubectl) => {
      await kubectl('apply', '-f', 'others.json');
      await kubectl('apply', '-f', 'web.json');
      await server.until(
        server.path('poddisruptionbudgets/web', 'policy/v1'),
        ({ status }) => status?.expectedPods === 2,
      );
      await server.until(
        server.path('deployments/web', 'apps/v1'),
        ({ status }) => status?.replicas === 2 && status.conditions?.length === 2,
      );
      await server.until(
        server.path('statefulsets/set', 'apps/v1'),
        ({ status }) => status?.replicas === 1 && status.currentRevision !== undefined,
      );
      await server.until(
        server.path('leaderworkersets/wide', 'leaderworkerset.x-k8s.io/v1'),
        ({ status }) => status?.conditions?.length === 1,
      );
      await kubectl('get', kinds, '-o', 'wide');
      await kubectl('get', 'pods', '-l', 'app', '--show-labels');
      for (const what of [
        'cm/settings',
        'secret/token',
        'svc/web',
        'pvc/data',
        'netpol',
        'role',
        'rolebinding',
        'sa/default',
        'gateway',
        'httproute',
        'inferencepool',
        'deploy/web',
      ])
        await kubectl('describe', ...what.split('/'));
      for (const what of [
        'deploy/web',
        'sts/set',
        'svc/web',
        'pvc/data',
        'pdb/web',
        'gateway/front',
        'lws/wide',
        'cronjob/nightly',
      ])
        await kubectl('get', what, '-o', 'jsonpath={.metadata.finalizers}{.spec}{.status}');
    }),
  );

  both('changes, compares and applies', (server) =>
    withKubectl(server, files, async (kubectl) => {
      await kubectl('apply', '-f', 'web.json');
      await server.until(server.path('deployments/web', 'apps/v1'), ({ status }) => status?.replicas === 2);
      await kubectl('diff', '-f', 'web.json');
      await kubectl('diff', '-f', 'web-2.json');
      await kubectl('apply', '--server-side', '-f', 'web-2.json');
      await kubectl('apply', '--server-side', '--force-conflicts', '-f', 'web-2.json');
      await kubectl('get', 'deploy', 'web', '-o', 'jsonpath={.metadata.annotations}');
      await server.until(server.path('deployments/web', 'apps/v1'), ({ status }) => status?.replicas === 4);
      await kubectl('rollout', 'status', 'deploy/web', '--timeout=1s');
      await kubectl('rollout', 'history', 'deploy/web');
      await kubectl('rollout', 'undo', 'deploy/web');
      await kubectl('scale', 'deploy/web', '--replicas=1');
      await kubectl('scale', 'deploy/web', '--replicas=0', '--current-replicas=5');
      await kubectl('set', 'image', 'deploy/web', 'main=registry.example/server:3');
      for (const args of [['x=y'], ['x=z'], ['x=z', '--overwrite'], ['x-'], ['none-']])
        await kubectl('label', 'deploy', 'web', ...args);
      for (const args of [['note=hello there'], ['note-']]) await kubectl('annotate', 'deploy', 'web', ...args);
      await kubectl('autoscale', 'deploy/web', '--max=3');
      await kubectl('expose', 'deploy', 'web', '--port=81', '--name=again');
      await kubectl('patch', 'deploy', 'web', '--type=json', '-p', '[{"op":"test","path":"/spec/replicas","value":9}]');
      await kubectl('replace', '-f', 'web.json');
      await kubectl('create', '-f', 'web.json');
      await kubectl('delete', '-f', 'web.json');
    }),
  );

  both('asks what may be done, also as somebody else', (server) =>
    withKubectl(server, {}, async (kubectl) => {
      const somebody = `--as=system:serviceaccount:${server.namespace}:default`;
      await kubectl('auth', 'can-i', 'create', 'pods');
      await kubectl('auth', 'can-i', 'create', 'pods', somebody);
      await kubectl('auth', 'can-i', 'create', 'selfsubjectaccessreviews', somebody);
      await kubectl('get', 'pods', somebody);
      await kubectl('get', 'configmaps', '--as=somebody', '--as-group=nobodies');
      await kubectl(
        'get',
        'clusterrole',
        'view',
        'edit',
        'admin',
        'cluster-admin',
        'system:basic-user',
        '-o',
        'jsonpath={range .items[*]}{.metadata.name}{.aggregationRule}{.rules}{"\\n"}{end}',
      );
      await kubectl(
        'create',
        'rolebinding',
        'look',
        '--clusterrole=view',
        `--serviceaccount=${server.namespace}:default`,
      );
      await server.until(server.path('configmaps/kube-root-ca.crt'), (_, status) => status === 200);
      for (const resource of [
        'pods',
        'pods/log',
        'configmaps',
        'secrets',
        'endpoints',
        'events',
        'deployments.apps',
        'deployments.apps/scale',
        'jobs.batch',
        'ingresses.networking.k8s.io',
        'roles.rbac.authorization.k8s.io',
        'resourcequotas',
        'services',
        'replicasets.apps',
      ]) {
        for (const verb of ['get', 'list', 'delete']) await kubectl('auth', 'can-i', verb, resource, somebody);
      }
    }),
  );

  both('is told what is not there', (server) =>
    withKubectl(server, {}, async (kubectl) => {
      for (const args of [
        'get pods none',
        'logs none',
        'exec none -- ls',
        'delete deploy none',
        'get nothings',
        'scale deploy/none --replicas=1',
        'rollout status deploy/none',
        'port-forward none 80',
        'attach none',
        'describe pod none',
        'label pod none a=b',
        'wait --for=delete pod/none --timeout=1s',
        'get pods --field-selector=spec.foo=bar',
      ])
        await kubectl(...args.split(' '));
      await kubectl('patch', 'lws', 'none', '--type=merge', '-p', '{}');
    }),
  );
});
