import assert from 'node:assert/strict';
import { arrayAt, at } from '../../../src/base/json.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { ControllerCluster, type Json } from '../../support/controller-cluster.ts';

const GATEWAY = 'gateway.networking.k8s.io';
const POOL = 'inference.networking.k8s.io';

function gateway(extra: Json = {}): Json {
  return {
    apiVersion: `${GATEWAY}/v1`,
    kind: 'Gateway',
    metadata: { name: 'inference-gateway' },
    spec: { gatewayClassName: 'istio', listeners: [{ name: 'default', port: 80, protocol: 'HTTP' }], ...extra },
  };
}
const route: Json = {
  apiVersion: `${GATEWAY}/v1`,
  kind: 'HTTPRoute',
  metadata: { name: 'llm' },
  spec: {
    parentRefs: [{ name: 'inference-gateway' }],
    rules: [{ backendRefs: [{ group: POOL, kind: 'InferencePool', name: 'deepseek' }] }],
  },
};
const pool: Json = {
  apiVersion: `${POOL}/v1`,
  kind: 'InferencePool',
  metadata: { name: 'deepseek' },
  spec: {
    selector: { matchLabels: { app: 'decode' } },
    targetPorts: [{ number: 8000 }],
    endpointPickerRef: { name: 'deepseek-epp', port: { number: 9002 } },
  },
};

describe('gateways', () => {
  let cluster: ControllerCluster;
  beforeEach(async () => {
    cluster = await ControllerCluster.start();
    cluster.addNode('cpu', { gpus: 0 });
  });
  afterEach(async () => {
    await cluster.stop();
    assert.deepEqual(cluster.warnings, []);
  });

  const conditions = (list: readonly unknown[]): string[] =>
    list.map((one) => `${String(at(one, 'type'))}=${String(at(one, 'status'))}:${String(at(one, 'reason'))}`);
  const gatewayConditions = (): string[] =>
    conditions(arrayAt(cluster.get('gateways', GATEWAY, 'inference-gateway'), 'status', 'conditions'));
  const routeConditions = (): string[] =>
    conditions(arrayAt(arrayAt(cluster.get('httproutes', GATEWAY, 'llm'), 'status', 'parents')[0], 'conditions'));
  const poolConditions = (): string[] =>
    conditions(arrayAt(arrayAt(cluster.get('inferencepools', POOL, 'deepseek'), 'status', 'parents')[0], 'conditions'));

  it('get a proxy and a service, and are programmed once it runs', async () => {
    cluster.fateOf = () => 'running';
    cluster.create('gateways', GATEWAY, gateway());
    await cluster.eventually(() =>
      assert.deepEqual(gatewayConditions(), ['Accepted=True:Accepted', 'Programmed=False:Invalid']),
    );
    await cluster.eventually(() => assert.equal(at(cluster.pods()[0], 'status', 'phase'), 'Running'));
    cluster.fateOf = () => 'ready';
    cluster.setPodStatus(cluster.podNames()[0] ?? '', (status) => ({ ...status, reason: 'look again' }));
    await cluster.eventually(() =>
      assert.deepEqual(gatewayConditions(), ['Accepted=True:Accepted', 'Programmed=True:Programmed']),
    );
    const service = cluster.get('services', '', 'inference-gateway-istio');
    assert.equal(service?.metadata.labels?.['gateway.networking.k8s.io/gateway-name'], 'inference-gateway');
    assert.deepEqual(
      arrayAt(service, 'spec', 'ports').map((port) => at(port, 'port')),
      [15021, 80],
    );
    const address = at(arrayAt(service, 'status', 'loadBalancer', 'ingress')[0], 'ip');
    assert.deepEqual(at(cluster.get('gateways', GATEWAY, 'inference-gateway'), 'status', 'addresses'), [
      { type: 'IPAddress', value: address },
    ]);
    assert.deepEqual(cluster.pods({ 'gateway.networking.k8s.io/gateway-name': 'inference-gateway' }).length, 1);
  });

  it('stay inside the cluster where their parameters say so, and follow their listeners', async () => {
    cluster.create(
      'gateways',
      GATEWAY,
      gateway({ infrastructure: { parametersRef: { group: '', kind: 'ConfigMap', name: 'options' } } }),
    );
    await cluster.eventually(() => assert.deepEqual(gatewayConditions(), ['Accepted=False:InvalidParameters']));
    cluster.create('configmaps', '', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'options' },
      data: {
        service: 'spec:\n  type: ClusterIP\n',
        deployment:
          'spec:\n  template:\n    spec:\n      containers:\n        - name: istio-proxy\n          resources:\n            limits:\n              cpu: "16"\n',
      },
    });
    await cluster.eventually(() => assert.ok(gatewayConditions().includes('Programmed=True:Programmed')));
    assert.equal(at(cluster.get('services', '', 'inference-gateway-istio'), 'spec', 'type'), 'ClusterIP');
    assert.equal(at(arrayAt(cluster.pods()[0], 'spec', 'containers')[0], 'resources', 'limits', 'cpu'), '16');
    assert.deepEqual(at(cluster.get('gateways', GATEWAY, 'inference-gateway'), 'status', 'addresses'), [
      { type: 'Hostname', value: 'inference-gateway-istio.default.svc.cluster.local' },
    ]);
    cluster.change('gateways', GATEWAY, 'inference-gateway', (spec) => ({
      ...spec,
      listeners: [{ name: 'default', port: 8080, protocol: 'HTTP' }],
    }));
    await cluster.eventually(() =>
      assert.deepEqual(
        arrayAt(cluster.get('services', '', 'inference-gateway-istio'), 'spec', 'ports').map((port) =>
          at(port, 'port'),
        ),
        [15021, 8080],
      ),
    );
  });

  it('of another class are left to others', async () => {
    cluster.create('gateways', GATEWAY, gateway({ gatewayClassName: 'other' }));
    cluster.create('deployments', 'apps', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'later' },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'x' }] } },
      },
    });
    await cluster.eventually(() =>
      assert.equal(at(cluster.get('deployments', 'apps', 'later'), 'status', 'availableReplicas'), 1),
    );
    assert.equal(cluster.get('deployments', 'apps', 'inference-gateway-istio'), undefined);
  });

  it('take routes to pools, and tell what is missing', async () => {
    cluster.create('gateways', GATEWAY, gateway());
    cluster.create('httproutes', GATEWAY, route);
    await cluster.eventually(() =>
      assert.deepEqual(routeConditions(), ['Accepted=True:Accepted', 'ResolvedRefs=False:BackendNotFound']),
    );
    cluster.create('inferencepools', POOL, pool);
    await cluster.eventually(() =>
      assert.deepEqual(routeConditions(), ['Accepted=True:Accepted', 'ResolvedRefs=True:ResolvedRefs']),
    );
    await cluster.eventually(() =>
      assert.deepEqual(poolConditions(), ['Accepted=True:Accepted', 'ResolvedRefs=False:InvalidExtensionRef']),
    );
    cluster.create('services', '', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'deepseek-epp' },
      spec: { selector: { app: 'epp' }, ports: [{ port: 9002 }] },
    });
    await cluster.eventually(() =>
      assert.deepEqual(poolConditions(), ['Accepted=True:Accepted', 'ResolvedRefs=True:ResolvedRefs']),
    );
    const [service] = cluster.api
      .list(cluster.kind('services'), 'default')
      .filter((one: KubeObject) => one.metadata.labels?.['istio.io/inferencepool-name'] === 'deepseek');
    assert.match(service?.metadata.name ?? '', /^deepseek-ip-[0-9a-f]{8}$/);
    assert.deepEqual(
      [
        at(service, 'spec', 'clusterIP'),
        at(arrayAt(service, 'spec', 'ports')[0], 'port'),
        at(arrayAt(service, 'spec', 'ports')[0], 'targetPort'),
      ],
      ['None', 54321, 8000],
    );
    await cluster.eventually(() =>
      assert.equal(
        at(arrayAt(cluster.get('gateways', GATEWAY, 'inference-gateway'), 'status', 'listeners')[0], 'attachedRoutes'),
        1,
      ),
    );
  });
});
