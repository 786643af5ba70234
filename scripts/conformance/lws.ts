/** What the LeaderWorkerSet controller needs when it runs beside the cluster instead of in it. */
export interface LwsEndpoints {
  readonly webhookPort: number;
  readonly healthPort: number;
  readonly metricsPort: number;
  /** Holds tls.crt and tls.key of the webhooks. */
  readonly certDir: string;
}

export function lwsConfiguration({ webhookPort, healthPort, metricsPort, certDir }: LwsEndpoints): unknown {
  return {
    apiVersion: 'config.lws.x-k8s.io/v1alpha1',
    kind: 'Configuration',
    leaderElection: { leaderElect: false },
    internalCertManagement: { enable: false },
    webhook: { host: '127.0.0.1', port: webhookPort, certDir },
    health: { healthProbeBindAddress: `127.0.0.1:${healthPort}` },
    metrics: { bindAddress: `127.0.0.1:${metricsPort}` },
    clientConnection: { qps: 500, burst: 1000 },
  };
}

interface Hook {
  readonly name: string;
  readonly path: string;
  readonly group: string;
  readonly resource: string;
  readonly operations: readonly string[];
}

const sets = { group: 'leaderworkerset.x-k8s.io', resource: 'leaderworkersets', operations: ['CREATE', 'UPDATE'] };
const mutating: readonly Hook[] = [
  { name: 'mleaderworkerset.kb.io', path: '/mutate-leaderworkerset-x-k8s-io-v1-leaderworkerset', ...sets },
  { name: 'mpod.kb.io', path: '/mutate--v1-pod', group: '', resource: 'pods', operations: ['CREATE'] },
];
const validating: readonly Hook[] = [
  { name: 'vleaderworkerset.kb.io', path: '/validate-leaderworkerset-x-k8s-io-v1-leaderworkerset', ...sets },
  { name: 'vpod.kb.io', path: '/validate--v1-pod', group: '', resource: 'pods', operations: ['CREATE', 'UPDATE'] },
  {
    name: 'vdisaggregatedset.kb.io',
    path: '/validate-disaggregatedset-x-k8s-io-v1-disaggregatedset',
    group: 'disaggregatedset.x-k8s.io',
    resource: 'disaggregatedsets',
    operations: ['CREATE', 'UPDATE'],
  },
];

/** The webhooks give the groups their labels: without them the controller makes pods that nobody can find. */
export function lwsWebhooks(port: number, caPem: string): readonly unknown[] {
  const webhook = (hook: Hook): unknown => ({
    name: hook.name,
    admissionReviewVersions: ['v1'],
    clientConfig: { url: `https://127.0.0.1:${port}${hook.path}`, caBundle: Buffer.from(caPem).toString('base64') },
    failurePolicy: 'Fail',
    sideEffects: 'None',
    rules: [{ apiGroups: [hook.group], apiVersions: ['v1'], operations: hook.operations, resources: [hook.resource] }],
    ...(hook.resource === 'pods'
      ? { objectSelector: { matchExpressions: [{ key: 'leaderworkerset.sigs.k8s.io/name', operator: 'Exists' }] } }
      : {}),
  });
  const apiVersion = 'admissionregistration.k8s.io/v1';
  return [
    {
      apiVersion,
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'lws-mutating-webhook-configuration' },
      webhooks: mutating.map(webhook),
    },
    {
      apiVersion,
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'lws-validating-webhook-configuration' },
      webhooks: validating.map(webhook),
    },
  ];
}
