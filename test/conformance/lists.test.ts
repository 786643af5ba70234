import { both, type Server } from './support/both.ts';
import { asTable, configMap, deployment, idlePod } from './support/objects.ts';

/** Ours alone: the cluster puts a map of its own into every namespace. */
const ours = { labelSelector: 'of=case' };

async function maps(server: Server, count: number): Promise<string> {
  const path = server.path('configmaps');
  for (let index = 0; index < count; index += 1)
    await server.ask('POST', path, {
      body: configMap(`map-${index}`, {}, { labels: { of: 'case', half: index % 2 === 0 ? 'even' : 'odd' } }),
    });
  return path;
}

describe('lists on both servers', () => {
  both('hold what the selectors take', async (server) => {
    const path = await maps(server, 4);
    await server.send('GET', path, { query: ours });
    for (const labelSelector of [
      'half=even',
      'half!=even,of',
      'half in (odd,none)',
      'half notin (odd)',
      '!half',
      'half==odd',
      'half=',
      'half in ()',
      'a b',
      '=x',
    ]) {
      const { status, json } = await server.ask('GET', path, { query: { labelSelector } });
      server.note(
        labelSelector,
        status === 200
          ? json.items.map((item: { metadata: { name: string } }) => item.metadata.name)
          : [status, json.reason],
      );
    }
  });

  both('come in chunks', async (server) => {
    const path = await maps(server, 5);
    const { json: first } = await server.send('GET', path, { query: { ...ours, limit: 2 } });
    const { json: second } = await server.send('GET', path, {
      query: { ...ours, limit: 2, continue: first.metadata.continue },
    });
    await server.ask('POST', path, { body: configMap('map-9', {}, { labels: { of: 'case' } }) });
    const { json: last } = await server.send('GET', path, {
      query: { ...ours, limit: 2, continue: second.metadata.continue },
    });
    server.note(
      'one version',
      [first, second, last].every((list) => list.metadata.resourceVersion === first.metadata.resourceVersion),
    );
    await server.send('GET', path, { query: { limit: 2, continue: 'nonsense' } });
    await server.send('GET', path, { query: { limit: 'x' } });
    const { json: whole } = await server.ask('GET', path, { query: { limit: 3 } });
    server.note('how many are left', [whole.items.length, whole.metadata.remainingItemCount]);
  });

  both('are of a version', async (server) => {
    const path = await maps(server, 2);
    const { json: now } = await server.ask('GET', path, { query: ours });
    const version: string = now.metadata.resourceVersion;
    await server.ask('DELETE', `${path}/map-0`);
    const names = async (query: Record<string, string | number>): Promise<unknown> => {
      const { status, json } = await server.ask('GET', path, { query: { ...ours, ...query } });
      return status === 200
        ? json.items.map((item: { metadata: { name: string } }) => item.metadata.name)
        : [status, json.reason, json.message];
    };
    server.note('the newest', await names({}));
    server.note('exactly then', await names({ resourceVersion: version, resourceVersionMatch: 'Exact' }));
    server.note('exactly then, by a limit', await names({ resourceVersion: version, limit: 10 }));
    server.note('not older than then', await names({ resourceVersion: version, resourceVersionMatch: 'NotOlderThan' }));
    server.note('a match without a version', await names({ resourceVersionMatch: 'Exact' }));
    server.note('exactly any', await names({ resourceVersion: '0', resourceVersionMatch: 'Exact' }));
    server.note('an unknown match', await names({ resourceVersion: version, resourceVersionMatch: 'Roughly' }));
    server.note('no version', await names({ resourceVersion: 'abc' }));
    const future = await server.ask('GET', path, { query: { resourceVersion: '99999999' } });
    server.note('of the future', [future.status, future.json.reason, future.json.details?.causes]);
  });

  both('select by fields', async (server) => {
    const pods = server.path('pods');
    for (const name of ['a', 'b']) await server.ask('POST', pods, { body: idlePod(name) });
    for (const fieldSelector of [
      'metadata.name=a',
      'metadata.name!=a',
      'status.phase=Pending',
      'status.phase=Running',
      'spec.nodeName=',
      'spec.nodeName=x',
      'spec.restartPolicy=Always',
      'spec.schedulerName=nobody',
      'spec.serviceAccountName=default',
      'spec.hostNetwork=true',
      `metadata.namespace=${server.namespace}`,
      'spec.image=x',
      'nonsense',
    ]) {
      const { status, json } = await server.ask('GET', pods, { query: { fieldSelector } });
      server.note(
        fieldSelector,
        status === 200 ? json.items.map((item: { metadata: { name: string } }) => item.metadata.name) : json,
      );
    }
    const event = (name: string, kind: string): unknown => ({
      metadata: { name },
      involvedObject: { kind, name: 'a', namespace: server.namespace, uid: 'u' },
      reason: 'Happened',
      type: 'Normal',
      message: 'm',
    });
    for (const kind of ['Pod', 'Job'])
      await server.ask('POST', server.path('events'), { body: event(`of-${kind.toLowerCase()}`, kind) });
    for (const fieldSelector of [
      'involvedObject.kind=Pod',
      'involvedObject.name=a,involvedObject.uid=u',
      'reason=Happened',
      'type=Warning',
      'involvedObject.namespace=x',
      'source=x',
    ]) {
      const { status, json } = await server.ask('GET', server.path('events'), { query: { fieldSelector } });
      server.note(
        fieldSelector,
        status === 200
          ? json.items
              .map((item: { metadata: { name: string } }) => item.metadata.name)
              .filter((name: string) => name.startsWith('of-'))
          : json,
      );
    }
    await server.send('GET', server.path('deployments', 'apps/v1'), { query: { fieldSelector: 'spec.replicas=2' } });
    await server.send('GET', server.path('leaderworkersets', 'leaderworkerset.x-k8s.io/v1'), {
      query: { fieldSelector: 'metadata.name=x' },
    });
    await server.send('GET', server.path('leaderworkersets', 'leaderworkerset.x-k8s.io/v1'), {
      query: { fieldSelector: 'spec.replicas=2' },
    });
  });

  both('come as tables', async (server) => {
    const cells = async (path: string, query: Record<string, string> = {}): Promise<void> => {
      const { status, json } = await server.ask('GET', path, { accept: asTable, query });
      const columns: readonly { name: string; type: string; format: string; priority: number }[] =
        json.columnDefinitions ?? [];
      const age = columns.findIndex(({ name }) => name === 'Age');
      server.note(`table ${path}`, {
        status,
        kind: json.kind,
        apiVersion: json.apiVersion,
        columns: columns.map(({ name, type, format, priority }) => ({ name, type, format, priority })),
        rows: json.rows?.map((row: { cells: unknown[]; object: unknown }) => ({
          cells: row.cells.map((cell, index) => (index === age ? 'age' : cell)),
          object: row.object,
        })),
      });
    };
    await server.ask('POST', server.path('pods'), { body: idlePod('a', {}, { labels: { app: 'a' } }) });
    await server.ask('POST', server.path('configmaps'), { body: configMap('a', { x: '1', y: '2' }) });
    await server.ask('POST', server.path('secrets'), { body: { metadata: { name: 'a' }, stringData: { x: '1' } } });
    await server.ask('POST', server.path('deployments', 'apps/v1'), { body: deployment('web', { replicas: 0 }) });
    await server.until(
      server.path('deployments/web', 'apps/v1'),
      (object) => object.status?.observedGeneration === 1 && object.status.conditions?.length > 0,
    );
    await cells(server.path('pods'));
    await cells(server.path('pods/a'));
    await cells(server.path('pods'), { includeObject: 'None' });
    await cells(server.path('configmaps/a'), { includeObject: 'None' });
    await cells(server.path('secrets/a'), { includeObject: 'None' });
    await cells(server.path('deployments', 'apps/v1'), { includeObject: 'None' });
    await cells(server.path('leaderworkersets', 'leaderworkerset.x-k8s.io/v1'));
    await cells(server.path('gateways', 'gateway.networking.k8s.io/v1'));
    await cells(server.path('httproutes', 'gateway.networking.k8s.io/v1'));
    await cells(server.path('inferencepools', 'inference.networking.k8s.io/v1'));
    await cells(server.path('jobs', 'batch/v1'));
    await cells(server.path('events'));
    await cells(server.path('pods/none'));
    await cells(`/api/v1/namespaces/${server.namespace}`, { includeObject: 'None' });
  });

  both('come as metadata alone', async (server) => {
    const path = await maps(server, 1);
    await server.send('GET', path, {
      query: ours,
      accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
    });
    await server.send('GET', `${path}/map-0`, {
      accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    });
  });
});
