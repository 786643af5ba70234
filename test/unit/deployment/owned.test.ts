import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { anyonesSelector, listDeployed, ownSelector } from '../../../src/deployment/owned.ts';
import type { KubeObject, ResourceType } from '../../../src/kube/model/types.ts';
import { apiVersionOf, ConfigMaps, Namespaces, Secrets } from '../../../src/kube/resources.ts';
import { marks, namespace, TestServer, token } from './test-server.ts';

const { signal } = new AbortController();
const Definitions: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};
const rendered = ['servers.yaml', 'routing.yaml'].flatMap((name) =>
  parseAllDocuments(readFileSync(join(import.meta.dirname, '../../fixtures/manifests', name), 'utf8')).map(
    (document) => document.toJS() as KubeObject,
  ),
);
/** Of every kind that a guide renders, traffic before the models, and those before what they use. */
const WEB = [
  'HTTPRoute web',
  'InferencePool web',
  'Gateway web-inference-gateway',
  'LeaderWorkerSet web-decode',
  'LeaderWorkerSet web-prefill',
  'Deployment web-epp',
  'Service web-epp',
  'ConfigMap web-epp',
  'RoleBinding web-epp',
  'Role web-epp',
  'ServiceAccount web',
  'ServiceAccount web-epp',
];

describe('what belongs to a deployment', () => {
  let server: TestServer;

  before(async () => {
    server = await TestServer.start();
    for (const object of rendered) {
      const metadata = { ...object.metadata, namespace, labels: { ...object.metadata.labels, ...marks('bob') } };
      await server.client.apply({ ...object, metadata }, { fieldManager: 'test', signal });
    }
    await server.make(ConfigMaps, 'of-another', { labels: marks('bob', 'other') });
    await server.make(ConfigMaps, 'hers', { labels: marks('alice') });
    await server.make(ConfigMaps, 'unmanaged', { labels: { ...marks('bob'), 'app.kubernetes.io/managed-by': 'Helm' } });
    // A secret is a person's, of no deployment's kinds: it outlives them.
    await server.make(Secrets, 'secret', { labels: marks('bob') }, { data: { TOKEN: 'eA==' } });
    // As a gateway's controller makes them, with the gateway's labels.
    const { uid = '' } = (await server.client.get(ConfigMaps, namespace, 'hers', signal)).metadata;
    const maker = { apiVersion: 'v1', kind: 'ConfigMap', name: 'hers', uid, controller: false };
    await server.make(ConfigMaps, 'made', { labels: marks('bob'), ownerReferences: [maker] });
    const elsewhere = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'elsewhere' } };
    await server.client.create(Namespaces, elsewhere, signal);
    await server.make(ConfigMaps, 'map', { namespace: 'elsewhere', labels: marks('bob') });
  });
  after(() => server.stop());

  async function found(selector: string): Promise<readonly string[]> {
    const owned = await listDeployed(server.client, selector, signal);
    for (const { resource, object } of owned) {
      // Who deletes or shows one needs both, which the items of a list leave out.
      assert.equal(object.kind, resource.kind);
      assert.equal(object.apiVersion, apiVersionOf(resource));
      assert.equal(object.metadata.namespace, namespace);
    }
    return owned.map(({ object }) => `${object.kind} ${object.metadata.name}`);
  }

  it('is what bears its marks, traffic before the models, without what others made of it', async () => {
    assert.deepEqual(await found(ownSelector('bob', 'web')), WEB);
  });

  it('is found for all of a person’s deployments, and for anybody’s of one name', async () => {
    const maps = async (selector: string): Promise<readonly string[]> =>
      (await found(selector)).filter((name) => name.startsWith('ConfigMap'));
    assert.deepEqual(await maps(ownSelector('bob')), ['ConfigMap of-another', 'ConfigMap web-epp']);
    assert.deepEqual(await maps(anyonesSelector('web')), ['ConfigMap hers', 'ConfigMap web-epp']);
    assert.deepEqual(await found(ownSelector('carol', 'web')), []);
  });

  it('is found also where a kind is not served', async () => {
    const name = 'leaderworkersets.leaderworkerset.x-k8s.io';
    await server.client.delete(Definitions, undefined, name, { signal });
    const client = server.clientOf(token);
    const owned = await listDeployed(client, ownSelector('bob', 'web'), signal);
    assert.deepEqual(
      owned.map(({ object }) => `${object.kind} ${object.metadata.name}`),
      WEB.filter((each) => !each.startsWith('LeaderWorkerSet')),
    );
  });
});
