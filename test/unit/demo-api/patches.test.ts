import assert from 'node:assert/strict';
import { deployment, deployments, startServer, type Answer, type Loose, type TestServer } from './support.ts';

const strategic = 'application/strategic-merge-patch+json';
const merge = 'application/merge-patch+json';
const json = 'application/json-patch+json';
const apply = 'application/apply-patch+yaml';

describe('API server: patch and apply', () => {
  let api: TestServer;
  before(async () => {
    api = await startServer();
  });
  after(async () => {
    await api.close();
    assert.deepEqual(api.failures, []);
  });

  const containersOf = (object: Loose): readonly Loose[] => object.spec.template.spec.containers;
  const namesOf = (object: Loose): readonly string[] =>
    containersOf(object)
      .map((container): string => container.name)
      .sort();
  const patch = (name: string, contentType: string, body: unknown, query = ''): Promise<Answer> =>
    api.call('PATCH', `${deployments}/${name}${query}`, { body, contentType });
  const applied = (name: string, replicas: number | undefined, containers: readonly unknown[]): unknown => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers } },
    },
  });

  it('merges containers by name in a strategic merge, and replaces them in a merge patch', async () => {
    await api.call('POST', deployments, { body: deployment('merged') });
    const body = { spec: { template: { spec: { containers: [{ name: 'side', image: 'envoy' }] } } } };
    const { json: both } = await patch('merged', strategic, body);
    assert.deepEqual(namesOf(both), ['main', 'side']);
    const { json: one } = await patch('merged', merge, body);
    assert.deepEqual(
      containersOf(one).map((container) => container.name),
      ['side'],
    );
  });

  it('applies JSON patches whole or not at all', async () => {
    await api.call('POST', deployments, { body: deployment('pointed') });
    const done = await patch('pointed', json, [
      { op: 'test', path: '/spec/replicas', value: 2 },
      { op: 'replace', path: '/spec/replicas', value: 4 },
    ]);
    assert.equal(done.json.spec.replicas, 4);
    const failed = await patch('pointed', json, [
      { op: 'replace', path: '/spec/replicas', value: 9 },
      { op: 'test', path: '/spec/replicas', value: 2 },
    ]);
    assert.equal(failed.status, 422);
    assert.equal((await api.call('GET', `${deployments}/pointed`)).json.spec.replicas, 4);
  });

  it('refuses other content types, and strategic merges of custom resources', async () => {
    await api.call('POST', deployments, { body: deployment('typed') });
    assert.equal((await patch('typed', 'application/json', {})).status, 415);
    const gateways = '/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways';
    const made = await api.call('POST', gateways, {
      body: {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'Gateway',
        metadata: { name: 'gw' },
        spec: { gatewayClassName: 'x', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
      },
    });
    assert.equal(made.status, 201, made.text);
    assert.equal((await api.call('PATCH', `${gateways}/gw`, { body: {}, contentType: strategic })).status, 415);
  });

  it('applies: creates with 201, changes, drops fields that the manager no longer wants', async () => {
    const first = await patch(
      'owned',
      apply,
      applied('owned', 3, [
        {
          name: 'main',
          image: 'nginx',
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
        },
      ]),
      '?fieldManager=one',
    );
    assert.equal(first.status, 201, first.text);
    const second = await patch(
      'owned',
      apply,
      applied('owned', 3, [{ name: 'main', image: 'nginx:2', env: [{ name: 'B', value: '2' }] }]),
      '?fieldManager=one',
    );
    assert.equal(second.status, 200);
    assert.equal(containersOf(second.json)[0].image, 'nginx:2');
    assert.deepEqual(containersOf(second.json)[0].env, [{ name: 'B', value: '2' }]);
    assert.deepEqual(
      second.json.metadata.managedFields.map((entry: Loose) => [entry.manager, entry.operation]),
      [['one', 'Apply']],
    );
  });

  it('keeps two managers apart: merges their containers, names conflicts, yields to force', async () => {
    await patch('shared', apply, applied('shared', 3, [{ name: 'main', image: 'nginx' }]), '?fieldManager=one');
    const side = await patch(
      'shared',
      apply,
      applied('shared', undefined, [{ name: 'side', image: 'envoy' }]),
      '?fieldManager=two',
    );
    assert.deepEqual(namesOf(side.json), ['main', 'side']);
    const fight = await patch(
      'shared',
      apply,
      applied('shared', 5, [{ name: 'side', image: 'envoy' }]),
      '?fieldManager=two',
    );
    assert.equal(fight.status, 409);
    assert.equal(fight.json.reason, 'Conflict');
    assert.match(fight.json.message, /^Apply failed with 1 conflict: conflict with "one".*: \.spec\.replicas$/);
    assert.deepEqual(fight.json.details.causes, [
      { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.replicas' },
    ]);
    const dry = await patch(
      'shared',
      apply,
      applied('shared', 5, [{ name: 'side', image: 'envoy' }]),
      '?fieldManager=two&force=true&dryRun=All',
    );
    assert.equal(dry.json.spec.replicas, 5);
    assert.equal((await api.call('GET', `${deployments}/shared`)).json.spec.replicas, 3);
    const forced = await patch(
      'shared',
      apply,
      applied('shared', 5, [{ name: 'side', image: 'envoy' }]),
      '?fieldManager=two&force=true',
    );
    assert.equal(forced.json.spec.replicas, 5);
  });

  it('refuses to apply fields that the schema does not declare', async () => {
    const { status, json: answer } = await patch(
      'typo',
      apply,
      applied('typo', 1, [{ name: 'main', image: 'nginx', imagee: 'x' }]),
      '?fieldManager=one',
    );
    assert.equal(status, 500);
    assert.equal(
      answer.message,
      'failed to create typed patch object (default/typo; apps/v1, Kind=Deployment): .spec.template.spec.containers[name="main"].imagee: field not declared in schema',
    );
  });

  it('asks for a field manager, and for force only with apply', async () => {
    const nameless = await patch('anyone', apply, applied('anyone', 1, []));
    assert.equal(nameless.status, 422);
    assert.equal(nameless.json.details.causes[0].field, 'fieldManager');
    assert.equal((await patch('anyone', merge, {}, '?force=true')).status, 422);
  });

  it('changes nothing when the same is applied again', async () => {
    const body = applied('again', 1, [{ name: 'main', image: 'nginx', ports: [{ containerPort: 80 }] }]);
    const first = await patch('again', apply, body, '?fieldManager=one');
    const second = await patch('again', apply, body, '?fieldManager=one');
    assert.equal(second.json.metadata.resourceVersion, first.json.metadata.resourceVersion);
  });
});
