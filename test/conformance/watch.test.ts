import { both, type Loose } from './support/both.ts';
import { asTable, configMap } from './support/objects.ts';

const ours = { labelSelector: 'of=case' };
const labels = { of: 'case' };

/** An event without what only the server knows. */
function told(event: Loose): unknown {
  return {
    type: event.type,
    name: event.object?.metadata?.name,
    data: event.object?.data,
    kind: event.object?.kind,
    annotations: event.object?.metadata?.annotations,
    code: event.object?.code,
    reason: event.object?.reason,
  };
}

describe('watches on both servers', () => {
  both('tell every change since a version', async (server) => {
    const path = server.path('configmaps');
    const { json: list } = await server.ask('GET', path);
    await server.ask('POST', path, { body: configMap('one', { a: '1' }, { labels }) });
    await server.ask('PATCH', `${path}/one`, {
      body: { data: { a: '2' } },
      contentType: 'application/merge-patch+json',
    });
    await server.ask('DELETE', `${path}/one`);
    const events = await server.watch(path, { ...ours, resourceVersion: list.metadata.resourceVersion }, 3);
    server.note('whole events', events);
    const versions = events.map((event) => Number(event.object.metadata.resourceVersion));
    server.note(
      'rising versions',
      versions.every((version, index) => index === 0 || version > (versions[index - 1] ?? 0)),
    );
  });

  both('tell what comes into and goes out of their selector', async (server) => {
    const path = server.path('configmaps');
    const { json: list } = await server.ask('GET', path);
    const label = (value: string | null): Promise<unknown> =>
      server.ask('PATCH', `${path}/one`, {
        body: { metadata: { labels: { of: value } } },
        contentType: 'application/merge-patch+json',
      });
    await server.ask('POST', path, { body: configMap('one') });
    await label('case');
    await server.ask('PATCH', `${path}/one`, {
      body: { data: { a: '1' } },
      contentType: 'application/merge-patch+json',
    });
    await label(null);
    await label('case');
    server.note(
      'events',
      (await server.watch(path, { ...ours, resourceVersion: list.metadata.resourceVersion }, 4)).map(told),
    );
  });

  both('begin with what is there', async (server) => {
    const path = server.path('configmaps');
    for (const name of ['b', 'a']) await server.ask('POST', path, { body: configMap(name, {}, { labels }) });
    server.note('without a version', (await server.watch(path, ours, 2)).map(told));
    server.note('of version 0', (await server.watch(path, { ...ours, resourceVersion: '0' }, 2)).map(told));
    const initial = await server.watch(
      path,
      { ...ours, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true },
      3,
    );
    server.note('initial events', initial.map(told));
    server.note('one object', (await server.watch(path, { fieldSelector: 'metadata.name=a' }, 1)).map(told));
  });

  both('end in time', async (server) => {
    const path = server.path('configmaps');
    server.note('events of one second', (await server.watch(path, { ...ours, timeoutSeconds: 1 }, 10)).map(told));
  });

  both('refuse what cannot be', async (server) => {
    const path = server.path('configmaps');
    await server.send('GET', path, { query: { watch: true, resourceVersion: 'abc', timeoutSeconds: 1 } });
    await server.send('GET', path, { query: { watch: true, sendInitialEvents: true, timeoutSeconds: 1 } });
    await server.send('GET', path, {
      query: { watch: true, resourceVersionMatch: 'Exact', resourceVersion: '1', timeoutSeconds: 1 },
    });
    await server.send('GET', path, { query: { watch: true, fieldSelector: 'spec.nonsense=1', timeoutSeconds: 1 } });
  });

  both('carry tables', async (server) => {
    const path = server.path('configmaps');
    await server.ask('POST', path, { body: configMap('a', { x: '1' }, { labels }) });
    const { json } = await server.ask('GET', path, {
      query: { ...ours, watch: true, timeoutSeconds: 1 },
      accept: asTable,
    });
    server.note('the event', {
      type: json.type,
      kind: json.object?.kind,
      columns: json.object?.columnDefinitions?.length,
      rows: json.object?.rows?.map((row: Loose) => [row.cells.slice(0, 2), row.object?.kind]),
    });
  });
});
