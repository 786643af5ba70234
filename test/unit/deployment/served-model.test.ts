import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { servedModel } from '../../../src/deployment/served-model.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { KubeObject, OwnerReference } from '../../../src/kube/model/types.ts';
import { clientOf, ScriptedServer, sendJson, sendStatus } from '../kube/server.ts';

const { signal } = new AbortController();
const model = 'deepseek-ai/DeepSeek-R1-0528';
const apps = '/apis/apps/v1/namespaces/ns';

function owner(kind: string, name: string, more: Partial<OwnerReference> = {}): OwnerReference {
  return {
    apiVersion: kind === 'Gateway' ? 'gateway.networking.k8s.io/v1' : 'apps/v1',
    kind,
    name,
    uid: `uid-${name}`,
    ...(kind === 'Gateway' ? {} : { controller: true }),
    ...more,
  };
}

function object(kind: string, name: string, ownerReferences: readonly OwnerReference[] = []): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name, namespace: 'ns', uid: `uid-${name}`, ownerReferences } };
}

function pod(name: string, ...owners: readonly OwnerReference[]): KubeObject {
  return {
    ...object('Pod', name, owners),
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

describe('the model that answers through a gateway', () => {
  let server: ScriptedServer;
  let client: KubeClient;
  let pods: KubeObject[];
  let objects: Map<string, KubeObject>;
  let inPod: Server;
  let said: string;
  let asked: string[];

  beforeEach(async () => {
    server = new ScriptedServer();
    client = clientOf(await server.start());
    said = model;
    asked = [];
    // As Istio's controller makes them: it does not call itself the manager of the Deployment.
    objects = new Map([
      ['/apis/gateway.networking.k8s.io/v1/namespaces/ns/gateways/web', object('Gateway', 'web')],
      [`${apps}/deployments/web-istio`, object('Deployment', 'web-istio', [owner('Gateway', 'web')])],
      [`${apps}/replicasets/web-istio-1`, object('ReplicaSet', 'web-istio-1', [owner('Deployment', 'web-istio')])],
    ]);
    pods = [pod('web-istio-1-x', owner('ReplicaSet', 'web-istio-1'))];
    server.handle = (_request, response, url) => {
      const one =
        objects.get(url.pathname) ??
        pods.find(({ metadata }) => url.pathname === `/api/v1/namespaces/ns/pods/${metadata.name}`);
      if (one) sendJson(response, 200, one);
      else if (url.pathname === '/api/v1/namespaces/ns/pods')
        sendJson(response, 200, {
          kind: 'PodList',
          metadata: { resourceVersion: '1' },
          items: url.searchParams.get('labelSelector') === 'gateway.networking.k8s.io/gateway-name=web' ? pods : [],
        });
      else sendStatus(response, 404, 'NotFound', { name: url.pathname.split('/').at(-1) });
    };
    inPod = createServer((_request, response) => response.end(JSON.stringify({ data: [{ id: said }] }))).listen(
      0,
      '127.0.0.1',
    );
    await once(inPod, 'listening');
    server.upgrade = (socket, url) => {
      asked.push(url.pathname.split('/').at(-2) ?? '');
      for (const channel of [0, 1]) socket.send(Buffer.from([channel, 80, 0]));
      const target = connect((inPod.address() as AddressInfo).port, '127.0.0.1');
      socket.on('message', (data: Buffer) => target.write(data.subarray(1)));
      target.on('data', (data) => socket.send(Buffer.concat([Buffer.of(0), data])));
      target.on('close', () => socket.close(1000));
      socket.on('close', () => target.destroy());
    };
  });

  afterEach(async () => {
    client.dispose();
    inPod.closeAllConnections();
    inPod.close();
    await server.stop();
  });

  it("is that of the pod which the Gateway's Deployment made, whoever else bears its label", async () => {
    pods = [pod('a-neighbour'), ...pods, pod('z-neighbour')];
    assert.equal(await servedModel(client, 'web', signal), model);
    assert.deepEqual(asked, ['web-istio-1-x']);
  });

  it('is not known while no pod is ready, or no Gateway there', async () => {
    const [ready] = pods;
    pods = [];
    assert.equal(await servedModel(client, 'web', signal), undefined);
    assert.ok(ready);
    pods = [ready];
    objects.delete('/apis/gateway.networking.k8s.io/v1/namespaces/ns/gateways/web');
    assert.equal(await servedModel(client, 'web', signal), undefined);
    assert.deepEqual(asked, []);
  });

  it('is not known while the cluster is too busy to tell or out of reach: whoever waits goes on', async () => {
    server.handle = (_request, response) => sendStatus(response, 429, 'TooManyRequests', { retryAfterSeconds: 3600 });
    assert.equal(await servedModel(client, 'web', signal), undefined);
    const unreachable = clientOf('http://127.0.0.1:1');
    assert.equal(await servedModel(unreachable, 'web', signal), undefined);
    unreachable.dispose();
  });

  const claims: readonly (readonly [what: string, ...owners: readonly OwnerReference[]])[] = [
    ['nothing but the label'],
    ["that it is the Gateway's without a Deployment", owner('Gateway', 'web', { controller: true })],
    [
      'that a ReplicaSet is its owner, which does not control it',
      owner('ReplicaSet', 'web-istio-1', { controller: false }),
    ],
    ['that of a ReplicaSet of another uid', owner('ReplicaSet', 'web-istio-1', { uid: 'made-up' })],
    ['that of a ReplicaSet that is not there', owner('ReplicaSet', 'gone')],
    ['that of a ReplicaSet without a Deployment', owner('ReplicaSet', 'lone')],
    ["that of a Deployment that is not the Gateway's", owner('ReplicaSet', 'other-1')],
    ['that of a Gateway that was there before', owner('ReplicaSet', 'old-1')],
  ];
  for (const [what, ...owners] of claims) {
    it(`is not asked of a pod that says ${what}`, async () => {
      const others: readonly (readonly [string, KubeObject])[] = [
        ['replicasets/lone', object('ReplicaSet', 'lone')],
        ['replicasets/other-1', object('ReplicaSet', 'other-1', [owner('Deployment', 'other')])],
        ['deployments/other', object('Deployment', 'other')],
        ['replicasets/old-1', object('ReplicaSet', 'old-1', [owner('Deployment', 'old')])],
        ['deployments/old', object('Deployment', 'old', [owner('Gateway', 'web', { uid: 'of the one before' })])],
      ];
      for (const [path, other] of others) objects.set(`${apps}/${path}`, other);
      pods = [pod('neighbour', ...owners)];
      await assert.rejects(
        servedModel(client, 'web', signal),
        (error) =>
          isWorkbenchError(error, 'invalid') &&
          /gateway web in test-context\/ns.*neighbour bears its label/.test(error.message) &&
          error.hint !== undefined,
      );
      assert.deepEqual(asked, []);
    });
  }

  for (const name of [
    'm,tokenizer=evil/repo,trust_remote_code=True',
    'm,target=http://evil.example',
    '--trust-remote-code',
    'm --load x',
    '$(id)',
    '`id`',
    'a\nb',
    '[Sign in](command:x)',
    '\u001B[2J',
    '',
    'm'.repeat(201),
  ]) {
    it(`is no name like ${JSON.stringify(name.slice(0, 50))}`, async () => {
      said = name;
      await assert.rejects(
        servedModel(client, 'web', signal),
        (error) => isWorkbenchError(error, 'invalid') && error.message.includes('no name of a model'),
      );
    });
  }

  for (const name of ['meta-llama/Llama-3.3-70B-Instruct', 'my_lora:v2', 'local@1', '/models/a.b']) {
    it(`may be ${name}`, async () => {
      said = name;
      assert.equal(await servedModel(client, 'web', signal), name);
    });
  }
});
