import assert from 'node:assert/strict';
import { anyonesSelector, listDeployed, ownSelector } from '../../../src/deployment/owned.ts';
import type { ResourceType } from '../../../src/kube/model/types.ts';
import { ConfigMaps, Gateways, LeaderWorkerSets, Secrets } from '../../../src/kube/resources.ts';
import { marks, namespace, TestServer, token } from './test-server.ts';

const { signal } = new AbortController();
const Definitions: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};
const group = {
  spec: {
    leaderWorkerTemplate: {
      size: 1,
      workerTemplate: { spec: { containers: [{ name: 'main', image: 'registry.example/main:1' }] } },
    },
  },
};
const gateway = {
  spec: { gatewayClassName: 'istio', listeners: [{ name: 'default', port: 80, protocol: 'HTTP' }] },
};

describe('what belongs to a deployment', () => {
  let server: TestServer;

  before(async () => {
    server = await TestServer.start();
    await server.make(ConfigMaps, 'map', { labels: marks('bob') });
    await server.make(LeaderWorkerSets, 'servers', { labels: marks('bob') }, group);
    await server.make(Gateways, 'gateway', { labels: marks('bob') }, gateway);
    await server.make(ConfigMaps, 'of-another', { labels: marks('bob', 'other') });
    await server.make(ConfigMaps, 'hers', { labels: marks('alice') });
    await server.make(ConfigMaps, 'unmanaged', { labels: { ...marks('bob'), 'app.kubernetes.io/managed-by': 'Helm' } });
    // A secret is a person's, of no deployment's kinds: it outlives them.
    await server.make(Secrets, 'secret', { labels: marks('bob') }, { data: { TOKEN: 'eA==' } });
    const maker = { apiVersion: 'v1', kind: 'ConfigMap', name: 'map', uid: 'any', controller: false };
    await server.make(ConfigMaps, 'made', { labels: marks('bob'), ownerReferences: [maker] });
  });
  after(() => server.stop());

  async function found(selector: string): Promise<readonly string[]> {
    const owned = await listDeployed(server.client, selector, signal);
    for (const { resource, object } of owned) {
      // Who deletes or shows one needs both, which a list leaves out.
      assert.equal(object.kind, resource.kind);
      assert.ok(object.apiVersion.endsWith(resource.version));
      assert.equal(object.metadata.namespace, namespace);
    }
    return owned.map(({ object }) => `${object.kind} ${object.metadata.name}`);
  }

  it('is what bears its marks, traffic before the models, without what others made of it', async () => {
    assert.deepEqual(await found(ownSelector('bob', 'web')), [
      'Gateway gateway',
      'LeaderWorkerSet servers',
      'ConfigMap map',
    ]);
  });

  it('is found for all of a person’s deployments, and for anybody’s of one name', async () => {
    assert.deepEqual(await found(ownSelector('bob')), [
      'Gateway gateway',
      'LeaderWorkerSet servers',
      'ConfigMap map',
      'ConfigMap of-another',
    ]);
    assert.deepEqual(await found(anyonesSelector('web')), [
      'Gateway gateway',
      'LeaderWorkerSet servers',
      'ConfigMap hers',
      'ConfigMap map',
    ]);
    assert.deepEqual(await found(ownSelector('carol', 'web')), []);
  });

  it('is found also where a kind is not served', async () => {
    const name = 'leaderworkersets.leaderworkerset.x-k8s.io';
    await server.client.delete(Definitions, undefined, name, { signal });
    const client = server.clientOf(token);
    const owned = await listDeployed(client, ownSelector('bob', 'web'), signal);
    assert.deepEqual(
      owned.map(({ object }) => object.metadata.name),
      ['gateway', 'map'],
    );
  });
});
