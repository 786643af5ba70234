import assert from 'node:assert/strict';
import { get } from 'node:http';
import { wireFields } from '../../../src/demo/api/protobuf/wire.ts';
import { adminToken, startServer, type Loose, type TestServer } from './support.ts';

describe('API server: discovery and custom resources', () => {
  let api: TestServer;
  before(async () => {
    api = await startServer();
  });
  after(async () => {
    await api.close();
    assert.deepEqual(api.failures, []);
  });

  const json = async (path: string, accept?: string): Promise<Loose> =>
    (await api.call('GET', path, accept === undefined ? {} : { accept })).json;

  it('tells the same resources in the old and in the aggregated documents', async () => {
    const aggregatedAccept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    for (const [root, groupPath] of [
      ['/api', (_group: string, version: string) => `/api/${version}`],
      ['/apis', (group: string, version: string) => `/apis/${group}/${version}`],
    ] as const) {
      const { headers, json: document } = await api.call('GET', root, { accept: aggregatedAccept });
      assert.match(headers['content-type'] ?? '', /as=APIGroupDiscoveryList/);
      for (const group of document.items) {
        for (const version of group.versions) {
          const old = await json(groupPath(group.metadata.name ?? '', version.version));
          const plain = old.resources
            .map((resource: Loose) => resource.name)
            .filter((name: string) => !name.includes('/'));
          assert.deepEqual(version.resources.map((resource: Loose) => resource.resource).toSorted(), plain.toSorted());
        }
      }
    }
  });

  it('answers its version and health', async () => {
    assert.equal((await json('/version')).major, '1');
    for (const path of ['/healthz', '/readyz', '/livez']) assert.equal((await api.call('GET', path)).text, 'ok');
  });

  it('serves OpenAPI documents whose references all resolve', async () => {
    const { paths } = await json('/openapi/v3');
    assert.ok(Object.keys(paths).includes('apis/leaderworkerset.x-k8s.io/v1'));
    for (const entry of Object.values(paths)) {
      const { text, json: document } = await api.call('GET', (entry as Loose).serverRelativeURL);
      const names = new Set(Object.keys(document.components.schemas));
      const missing = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)]
        .map((match) => match[1]!)
        .filter((name: string) => !names.has(name));
      assert.deepEqual(missing, []);
    }
  });

  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'engines.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'engines', kind: 'Engine', shortNames: ['eng'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {}, scale: { specReplicasPath: '.spec.count', statusReplicasPath: '.status.count' } },
          additionalPrinterColumns: [
            { name: 'Model', type: 'string', jsonPath: '.spec.model' },
            { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          ],
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: {
                  type: 'object',
                  required: ['model'],
                  properties: {
                    model: { type: 'string', minLength: 1 },
                    count: { type: 'integer', default: 1, minimum: 0 },
                  },
                },
                status: {
                  type: 'object',
                  properties: {
                    count: { type: 'integer' },
                    conditions: {
                      type: 'array',
                      items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                    },
                  },
                },
              },
            },
          },
        },
      ],
    },
  };
  const engines = '/apis/example.com/v1/namespaces/default/engines';
  const typed = { apiVersion: 'example.com/v1', kind: 'Engine' };

  it('opens an API group for a definition and closes it with its objects', async () => {
    assert.equal((await api.call('GET', engines)).status, 404);
    const made = await api.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      body: definition,
    });
    assert.equal(made.status, 201, made.text);
    assert.ok(
      made.json.status.conditions.some(
        (condition: Loose) => condition.type === 'Established' && condition.status === 'True',
      ),
    );
    assert.deepEqual(
      (await json('/apis/example.com/v1')).resources.map((resource: Loose) => resource.name),
      ['engines', 'engines/scale', 'engines/status'],
    );

    const untyped = await api.call('POST', engines, { body: { metadata: { name: 'e1' }, spec: { model: 'm' } } });
    assert.equal(untyped.status, 400);
    const engine = await api.call('POST', engines, {
      body: { ...typed, metadata: { name: 'e1' }, spec: { model: 'm', surplus: 1 }, status: { count: 9 } },
    });
    assert.equal(engine.status, 201, engine.text);
    assert.deepEqual(engine.json.spec, { model: 'm', count: 1 });
    assert.equal('status' in engine.json, false);
    assert.equal(engine.json.metadata.generation, 1);
    const wrong = await api.call('POST', engines, {
      body: { ...typed, metadata: { name: 'e2' }, spec: { count: 'many' } },
    });
    assert.equal(wrong.status, 422);
    assert.deepEqual(wrong.json.details.causes.map((cause: Loose) => cause.field).toSorted(), [
      'spec.count',
      'spec.model',
    ]);
    const { metadata: _metadata, ...withoutVersion } = engine.json;
    assert.equal(
      (await api.call('PUT', `${engines}/e1`, { body: { ...withoutVersion, metadata: { name: 'e1' } } })).status,
      422,
    );

    await api.call('PATCH', `${engines}/e1/status`, {
      body: { status: { count: 1, conditions: [{ type: 'Ready', status: 'True' }] } },
      contentType: 'application/merge-patch+json',
    });
    await api.call('PATCH', `${engines}/e1/scale`, {
      body: { spec: { replicas: 4 } },
      contentType: 'application/merge-patch+json',
    });
    const table = await json(engines, 'application/json;as=Table;v=v1;g=meta.k8s.io');
    assert.deepEqual(
      table.columnDefinitions.map((column: Loose) => column.name),
      ['Name', 'Model', 'Ready'],
    );
    assert.deepEqual(table.rows[0].cells, ['e1', 'm', 'True']);
    assert.equal((await json(`${engines}/e1`)).spec.count, 4);

    await api.call('DELETE', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/engines.example.com');
    assert.equal((await api.call('GET', engines)).status, 404);
    assert.equal((await api.call('GET', '/apis/example.com')).status, 404);
  });

  it('shows an event to both of its groups', async () => {
    const body = {
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
      reason: 'Started',
      message: 'went',
      type: 'Normal',
      source: { component: 'kubelet' },
    };
    await api.call('POST', '/api/v1/namespaces/default/events', { body });
    const newer = await json('/apis/events.k8s.io/v1/namespaces/default/events/e');
    assert.equal(newer.apiVersion, 'events.k8s.io/v1');
    assert.equal(newer.note, 'went');
    assert.equal(newer.regarding.name, 'p');
    const found = await json(
      '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dp,reason%3DStarted',
    );
    assert.equal(found.items.length, 1);
  });

  it('serves all definitions in one protobuf document to clients that check lists by it', async () => {
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
    const bytes = await new Promise<Buffer>((resolve, reject) => {
      get(
        new URL('/openapi/v2', api.server.url),
        { agent: false, headers: { Authorization: `Bearer ${adminToken}`, Accept: accept } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => resolve(Buffer.concat(chunks)));
        },
      ).on('error', reject);
    });
    const inside = (message: Buffer, number: number): Buffer[] =>
      [...wireFields(message)].flatMap((field) =>
        field.number === number && Buffer.isBuffer(field.value) ? [field.value] : [],
      );
    assert.deepEqual(inside(bytes, 1).map(String), ['2.0']);
    const definitions = inside(inside(bytes, 9)[0] ?? Buffer.alloc(0), 1);
    const container = definitions.find(
      (definition) => String(inside(definition, 1)[0]) === 'io.k8s.api.core.v1.Container',
    );
    const properties = inside(
      inside(inside(container ?? Buffer.alloc(0), 2)[0] ?? Buffer.alloc(0), 25)[0] ?? Buffer.alloc(0),
      1,
    );
    assert.ok(properties.some((property) => String(inside(property, 1)[0]) === 'imagePullPolicy'));
    const paths = inside(inside(bytes, 8)[0] ?? Buffer.alloc(0), 2).map((path) => String(inside(path, 1)[0]));
    assert.ok(paths.includes('/apis/leaderworkerset.x-k8s.io/v1/namespaces/{namespace}/leaderworkersets/{name}'));
    assert.equal((await api.call('GET', '/openapi/v2', { accept: 'application/json' })).status, 406);
  });
});
