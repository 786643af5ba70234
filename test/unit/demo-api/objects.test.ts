import assert from 'node:assert/strict';
import {
  configMap,
  deployment,
  deployments,
  maps,
  pod,
  pods,
  startServer,
  type Loose,
  type TestServer,
} from './support.ts';

describe('API server: objects', () => {
  let api: TestServer;
  before(async () => {
    api = await startServer();
  });
  after(async () => {
    await api.close();
    assert.deepEqual(api.failures, []);
  });

  it('gives a new object uid, version, time and the manager that made it', async () => {
    const { status, json } = await api.call('POST', maps, { body: configMap('fresh', { uid: 'mine' }, { a: 'b' }) });
    assert.equal(status, 201);
    assert.match(json.metadata.uid, /^[0-9a-f-]{36}$/);
    assert.match(json.metadata.resourceVersion, /^\d+$/);
    assert.ok(Math.abs(Date.parse(json.metadata.creationTimestamp) - Date.now()) < 5000);
    const [entry] = json.metadata.managedFields;
    assert.equal(entry!.manager, 'unit-test');
    assert.deepEqual(entry!['fieldsV1'], { 'f:data': { '.': {}, 'f:a': {} } });
  });

  it('makes names from generateName', async () => {
    const made = [
      await api.call('POST', maps, { body: { metadata: { generateName: 'run-' } } }),
      await api.call('POST', maps, { body: { metadata: { generateName: 'run-' } } }),
    ];
    const names = made.map(({ json }) => json.metadata.name);
    for (const name of names) assert.match(name, /^run-[a-z0-9]{5}$/);
    assert.notEqual(names[0], names[1]);
  });

  it('refuses a second object of a name with 409 AlreadyExists', async () => {
    await api.call('POST', maps, { body: configMap('twice') });
    const { status, json } = await api.call('POST', maps, { body: configMap('twice') });
    assert.equal(status, 409);
    assert.equal(json.reason, 'AlreadyExists');
    assert.equal(json.message, 'configmaps "twice" already exists');
    assert.deepEqual(json.details, { name: 'twice', kind: 'configmaps' });
  });

  it('refuses an update from an old version, and allows one without a version', async () => {
    const { json: made } = await api.call('POST', maps, { body: configMap('raced', {}, { v: '1' }) });
    const second = await api.call('PUT', `${maps}/raced`, { body: { ...made, data: { v: '2' } } });
    assert.equal(second.status, 200);
    const late = await api.call('PUT', `${maps}/raced`, { body: { ...made, data: { v: '3' } } });
    assert.equal(late.status, 409);
    assert.equal(late.json.reason, 'Conflict');
    assert.equal(
      late.json.message,
      'Operation cannot be fulfilled on configmaps "raced": the object has been modified; please apply your changes to the latest version and try again',
    );
    assert.equal((await api.call('PUT', `${maps}/raced`, { body: configMap('raced', {}, { v: '4' }) })).status, 200);
  });

  it('keeps the version when an update changes nothing', async () => {
    const { json: made } = await api.call('POST', maps, { body: configMap('still', {}, { v: '1' }) });
    const { json: same } = await api.call('PUT', `${maps}/still`, { body: made });
    assert.equal(same.metadata.resourceVersion, made.metadata.resourceVersion);
  });

  it('counts generations of the spec alone, and keeps status apart', async () => {
    const { json: made } = await api.call('POST', deployments, {
      body: { ...deployment('gen'), status: { replicas: 9 } },
    });
    assert.equal(made.metadata.generation, 1);
    assert.deepEqual(made.status, {});
    const { json: labelled } = await api.call('PATCH', `${deployments}/gen`, {
      body: { metadata: { labels: { a: 'b' } } },
      contentType: 'application/merge-patch+json',
    });
    assert.equal(labelled.metadata.generation, 1);
    const { json: scaled } = await api.call('PATCH', `${deployments}/gen`, {
      body: { spec: { replicas: 3 }, status: { replicas: 7 } },
      contentType: 'application/merge-patch+json',
    });
    assert.equal(scaled.metadata.generation, 2);
    assert.deepEqual(scaled.status, {});
    const { json: reported } = await api.call('PATCH', `${deployments}/gen/status`, {
      body: { spec: { replicas: 99 }, status: { replicas: 3 } },
      contentType: 'application/merge-patch+json',
    });
    assert.equal(reported.status.replicas, 3);
    assert.equal(reported.spec.replicas, 3);
    assert.equal(reported.metadata.generation, 2);
  });

  it('does everything but store it on a dry run', async () => {
    const { status, json } = await api.call('POST', `${deployments}?dryRun=All`, { body: deployment('dry') });
    assert.equal(status, 201);
    assert.equal(json.spec.strategy.type, 'RollingUpdate');
    assert.equal((await api.call('GET', `${deployments}/dry`)).status, 404);
    assert.equal((await api.call('POST', `${deployments}?dryRun=Some`, { body: deployment('dry') })).status, 422);
  });

  it('answers 422 with every cause when an object is not valid', async () => {
    const body = deployment('broken', { replicas: -1, selector: { matchLabels: { app: 'other' } } });
    const { status, json } = await api.call('POST', deployments, { body });
    assert.equal(status, 422);
    assert.equal(json.reason, 'Invalid');
    const fields = json.details.causes.map((cause: Loose) => cause.field);
    assert.deepEqual(fields.toSorted(), ['spec.replicas', 'spec.template.metadata.labels']);
    assert.match(json.message, /^Deployment\.apps "broken" is invalid: \[/);
  });

  it('refuses names that are none', async () => {
    const { status, json } = await api.call('POST', maps, { body: configMap('Not A Name') });
    assert.equal(status, 422);
    assert.equal(json.details.causes[0].field, 'metadata.name');
  });

  it('refuses, warns of or ignores unknown fields, as the client asks', async () => {
    const body = { ...pod('odd'), surplus: 1 };
    const strict = await api.call('POST', `${pods}?fieldValidation=Strict&dryRun=All`, { body });
    assert.equal(strict.status, 400);
    assert.equal(
      strict.json.message,
      'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "surplus"',
    );
    const warned = await api.call('POST', `${pods}?fieldValidation=Warn&dryRun=All`, { body });
    assert.equal(warned.status, 201);
    assert.equal(warned.headers.warning, '299 - "unknown field \\"surplus\\""');
    assert.equal('surplus' in warned.json, false);
    const ignored = await api.call('POST', `${pods}?fieldValidation=Ignore&dryRun=All`, { body });
    assert.equal(ignored.headers.warning, undefined);
  });

  it('reads YAML bodies', async () => {
    const { status, json } = await api.call('POST', maps, {
      body: 'metadata: {name: from-yaml}\ndata:\n  port: "80"\n',
      contentType: 'application/yaml',
    });
    assert.equal(status, 201);
    assert.deepEqual(json.data, { port: '80' });
  });

  it('answers 404 with a Status for what is not there', async () => {
    const object = await api.call('GET', `${maps}/absent`);
    assert.equal(object.status, 404);
    assert.equal(object.json.message, 'configmaps "absent" not found');
    assert.equal(
      (await api.call('GET', '/apis/apps/v1/namespaces/default/nothings')).json.message,
      'the server could not find the requested resource',
    );
    const namespace = await api.call('POST', '/api/v1/namespaces/absent/configmaps', { body: configMap('x') });
    assert.equal(namespace.status, 404);
    assert.equal(namespace.json.message, 'namespaces "absent" not found');
  });

  it('scales through the scale subresource', async () => {
    await api.call('POST', deployments, { body: deployment('wide') });
    const { json: scale } = await api.call('GET', `${deployments}/wide/scale`);
    assert.equal(scale.kind, 'Scale');
    assert.deepEqual(scale.spec, { replicas: 2 });
    assert.equal(scale.status.selector, 'app=wide');
    const { json: wider } = await api.call('PUT', `${deployments}/wide/scale`, {
      body: { ...scale, spec: { replicas: 5 } },
    });
    assert.deepEqual(wider.spec, { replicas: 5 });
    assert.equal((await api.call('GET', `${deployments}/wide`)).json.spec.replicas, 5);
    assert.equal((await api.call('PUT', `${deployments}/wide/scale`, { body: scale })).status, 409);
  });

  it('binds a pod to a node once', async () => {
    await api.call('POST', pods, { body: pod('bound') });
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'bound' },
      target: { kind: 'Node', name: 'n1' },
    };
    assert.equal((await api.call('POST', `${pods}/bound/binding`, { body: binding })).status, 201);
    const { json } = await api.call('GET', `${pods}/bound`);
    assert.equal(json.spec.nodeName, 'n1');
    assert.equal(json.status.conditions[0].type, 'PodScheduled');
    assert.equal((await api.call('POST', `${pods}/bound/binding`, { body: binding })).status, 409);
  });

  it('gives pods their defaults and services their addresses', async () => {
    const { json: made } = await api.call('POST', pods, {
      body: pod(
        'defaulted',
        {},
        { containers: [{ name: 'main', image: 'x', resources: { limits: { cpu: '1', memory: '1Gi' } } }] },
      ),
    });
    assert.equal(made.status.phase, 'Pending');
    assert.equal(made.status.qosClass, 'Guaranteed');
    assert.equal(made.spec.serviceAccountName, 'default');
    assert.equal(made.spec.tolerations.length, 2);
    const service = await api.call('POST', '/api/v1/namespaces/default/services', {
      body: { metadata: { name: 'svc' }, spec: { type: 'NodePort', ports: [{ port: 80 }] } },
    });
    assert.match(service.json.spec.clusterIP, /^10\.96\./);
    assert.ok(service.json.spec.ports[0].nodePort >= 30_000);
  });

  it('enforces quotas in the words of the real server', async () => {
    await api.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'tight' } } });
    const quota = { metadata: { name: 'gpus' }, spec: { hard: { pods: '5', 'requests.nvidia.com/gpu': '8' } } };
    await api.call('POST', '/api/v1/namespaces/tight/resourcequotas', { body: quota });
    const gpuPod = (name: string, gpus: string): unknown =>
      pod(name, {}, { containers: [{ name: 'main', image: 'x', resources: { limits: { 'nvidia.com/gpu': gpus } } }] });
    assert.equal((await api.call('POST', '/api/v1/namespaces/tight/pods', { body: gpuPod('a', '6') })).status, 201);
    const { status, json } = await api.call('POST', '/api/v1/namespaces/tight/pods', { body: gpuPod('b', '4') });
    assert.equal(status, 403);
    assert.equal(
      json.message,
      'pods "b" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=4, used: requests.nvidia.com/gpu=6, limited: requests.nvidia.com/gpu=8',
    );
  });
});
