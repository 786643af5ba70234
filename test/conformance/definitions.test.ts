import { both, type Loose, type Server } from './support/both.ts';
import { applyPatch, asTable, mergePatch } from './support/objects.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

function definition(group: string, properties: Record<string, unknown> = {}): Loose {
  const spec = {
    type: 'object',
    required: ['size'],
    properties: {
      size: { type: 'integer', minimum: 1 },
      mode: { type: 'string', enum: ['slow', 'fast'], default: 'slow' },
      ...properties,
    },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `benches.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'benches', singular: 'bench', kind: 'Bench', shortNames: ['bn'], categories: ['all'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { spec, status: { type: 'object', properties: { phase: { type: 'string' } } } },
            },
          },
          subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
          additionalPrinterColumns: [
            { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
            { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
          ],
        },
      ],
    },
  };
}

function bench(group: string, spec: Record<string, unknown>, extra: Record<string, unknown> = {}): Loose {
  return { apiVersion: `${group}/v1`, kind: 'Bench', metadata: { name: 'one' }, spec, ...extra };
}

async function established(server: Server, group: string): Promise<Loose> {
  const { status, json } = await server.ask('POST', definitions, { body: definition(group) });
  if (status !== 201) throw new Error(`${server.target.name}: ${JSON.stringify(json)}`);
  const found = await server.until(`${definitions}/benches.${group}`, (object) =>
    object.status?.conditions?.some((each: Loose) => each.type === 'Established' && each.status === 'True'),
  );
  await server.until(server.path('benches', `${group}/v1`), (_, answered) => answered === 200);
  return found;
}

describe('custom resource definitions on both servers', () => {
  both('are served as soon as they are established', async (server) => {
    const group = `${server.namespace}.example`;
    await server.send('GET', server.path('benches', `${group}/v1`));
    const found = await established(server, group);
    server.note('the definition', {
      ...found,
      metadata: found.metadata.name,
      status: {
        ...found.status,
        conditions: found.status.conditions.map((each: Loose) => [each.type, each.status, each.reason]).toSorted(),
      },
    });
    const discovered = await server.until(`/apis/${group}/v1`, ({ resources }) => resources?.length === 3);
    server.note(
      'discovery',
      discovered.resources
        .map((resource: Loose) => ({ ...resource, storageVersionHash: undefined }))
        .toSorted((a: Loose, b: Loose) => a.name.localeCompare(b.name)),
    );
    const benches = server.path('benches', `${group}/v1`);
    await server.send('POST', benches, { body: bench(group, { size: 2 }, { status: { phase: 'ignored' } }) });
    await server.send('POST', benches, { body: bench(group, { size: 0 }) });
    await server.send('POST', benches, { body: bench(group, { size: 1, mode: 'medium' }) });
    await server.send('POST', benches, { body: bench(group, {}) });
    await server.send('POST', benches, {
      body: bench(group, { size: 1, more: true }, { metadata: { name: 'two' } }),
      query: { fieldValidation: 'Strict' },
    });
    await server.send('POST', benches, { body: bench(group, { size: 1, more: true }, { metadata: { name: 'two' } }) });
    await server.send('PATCH', `${benches}/one/status`, {
      contentType: mergePatch,
      body: { spec: { size: 9 }, status: { phase: 'Running', unknown: 1 } },
    });
    await server.send('PATCH', `${benches}/one`, {
      contentType: mergePatch,
      body: { spec: { size: 3 }, status: { phase: 'ignored' } },
    });
    await server.send('PATCH', `${benches}/one`, {
      contentType: applyPatch,
      body: bench(group, { size: 4 }),
      query: { fieldManager: 'alice' },
    });
    await server.send('PATCH', `${benches}/one`, {
      contentType: applyPatch,
      body: bench(group, { size: 4 }),
      query: { fieldManager: 'alice', force: true },
    });
    const { status, json } = await server.ask('GET', `${benches}/one/scale`);
    server.note('its scale', [status, json.kind, json.spec, json.status]);
    const table = await server.ask('GET', benches, { accept: asTable });
    server.note('the table', [
      table.json.columnDefinitions.map(({ name, type }: Loose) => [name, type]),
      table.json.rows.map(({ cells }: Loose) => cells.slice(0, 3)),
    ]);
    await server.ask('DELETE', `${definitions}/benches.${group}`);
  });

  both('change and go while they are watched', async (server) => {
    const group = `${server.namespace}.example`;
    await established(server, group);
    const benches = server.path('benches', `${group}/v1`);
    const { json: list } = await server.ask('GET', benches);
    const watching = server.watch(benches, { resourceVersion: list.metadata.resourceVersion, timeoutSeconds: 30 }, 3);
    await server.ask('POST', benches, { body: bench(group, { size: 1 }) });
    await server.ask('PUT', `${definitions}/benches.${group}`, {
      body: {
        ...definition(group, { note: { type: 'string' } }),
        metadata: (await server.ask('GET', `${definitions}/benches.${group}`)).json.metadata,
      },
    });
    const noted = await server.until(benches, ({ items }) => items?.length === 1, {});
    server.note('still there', noted.items[0].spec);
    let patched: Loose;
    // The server takes a moment to read the new schema.
    do
      ({ json: patched } = await server.ask('PATCH', `${benches}/one`, {
        contentType: mergePatch,
        body: { spec: { note: 'known now' } },
      }));
    while (patched.spec.note === undefined);
    server.note('of the new schema', patched.spec);
    const { status, json } = await server.ask('DELETE', `${definitions}/benches.${group}`);
    server.note('deleted', [status, json.metadata?.finalizers ?? json.status]);
    const events = await watching;
    server.note('what a watch saw', [
      events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]),
      events.at(-1)?.object.metadata?.name,
    ]);
    await server.until(`${definitions}/benches.${group}`, (_, answered) => answered === 404);
    await server.until(benches, (_, answered) => answered === 404);
    server.note('afterwards', (await server.ask('GET', benches)).json);
  });

  both('are refused where they make no sense', async (server) => {
    const group = `${server.namespace}.example`;
    const whole = definition(group);
    const changed = (spec: Record<string, unknown>, name = whole.metadata.name): unknown => ({
      ...whole,
      metadata: { name },
      spec: { ...whole.spec, ...spec },
    });
    const [version] = whole.spec.versions;
    for (const body of [
      changed({}, 'another-name.example'),
      changed({ scope: 'Everywhere' }),
      changed({ versions: [] }),
      changed({ versions: [{ ...version, storage: false }] }),
      changed({ versions: [{ ...version, schema: undefined }] }),
    ]) {
      const { status, json } = await server.ask('POST', definitions, { body });
      server.note('refused', [
        status,
        json.reason,
        json.details?.causes?.map(({ field, reason }: Loose) => [field, reason]).toSorted(),
      ]);
    }
  });
});
