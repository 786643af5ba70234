import { both, type Loose, type Server } from './support/both.ts';
import { idlePod, runningPod } from './support/objects.ts';

const budgets = 'policy/v1';

function eviction(name: string, extra: Record<string, unknown> = {}): unknown {
  return { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name }, ...extra };
}

async function running(server: Server, names: readonly string[]): Promise<void> {
  for (const name of names)
    await server.ask('POST', server.path('pods'), { body: runningPod(name, {}, { labels: { app: 'web' } }) });
  for (const name of names)
    await server.until(server.path(`pods/${name}`), ({ status }) =>
      status?.conditions?.some((each: Loose) => each.type === 'Ready' && each.status === 'True'),
    );
}

async function budget(server: Server, name: string, spec: Record<string, unknown>): Promise<Loose> {
  await server.ask('POST', server.path('poddisruptionbudgets', budgets), {
    body: { metadata: { name }, spec: { selector: { matchLabels: { app: 'web' } }, ...spec } },
  });
  return server.until(
    server.path(`poddisruptionbudgets/${name}`, budgets),
    ({ status }) => status?.observedGeneration === 1 && status.conditions?.length > 0,
  );
}

describe('eviction on both servers', () => {
  both('deletes where nothing forbids it', async (server) => {
    await running(server, ['one', 'two']);
    await server.ask('POST', server.path('pods'), { body: idlePod('waiting') });
    await server.send('POST', server.path('pods/one/eviction'), { body: eviction('one'), query: { dryRun: 'All' } });
    server.note('after a dry run', (await server.ask('GET', server.path('pods/one'))).json.metadata.deletionTimestamp);
    await server.send('POST', server.path('pods/one/eviction'), { body: eviction('one') });
    await server.until(server.path('pods/one'), (_, status) => status === 404);
    await server.send('POST', server.path('pods/waiting/eviction'), { body: eviction('waiting') });
    await server.send('POST', server.path('pods/none/eviction'), { body: eviction('none') });
    await server.send('POST', server.path('pods/two/eviction'), { body: eviction('another') });
    await server.send('POST', server.path('pods/two/eviction'), {
      body: eviction('two', { deleteOptions: { preconditions: { uid: '11111111-2222-3333-4444-555555555555' } } }),
    });
    await server.send('GET', server.path('pods/two/eviction'));
    const { status } = await server.ask('POST', server.path('pods/two/eviction'), {
      body: eviction('two', { deleteOptions: { gracePeriodSeconds: 0 } }),
    });
    server.note('at once', status);
    await server.until(server.path('pods/two'), (_, answered) => answered === 404);
  });

  both('keeps to disruption budgets', async (server) => {
    await running(server, ['one', 'two']);
    const path = server.path('poddisruptionbudgets/web', budgets);
    const found = await budget(server, 'web', { minAvailable: 1 });
    server.note('the budget', {
      ...found.status,
      conditions: found.status.conditions.map((each: Loose) => [each.type, each.status, each.reason]),
    });
    await server.send('POST', server.path('pods/one/eviction'), { body: eviction('one') });
    await server.until(server.path('pods/one'), (_, status) => status === 404);
    const spent = await server.until(
      path,
      ({ status }) => status?.disruptionsAllowed === 0 && status.expectedPods <= 1,
    );
    server.note('spent', {
      currentHealthy: spent.status.currentHealthy,
      desiredHealthy: spent.status.desiredHealthy,
      disruptionsAllowed: spent.status.disruptionsAllowed,
      conditions: spent.status.conditions.map((each: Loose) => [each.type, each.status, each.reason]),
    });
    const refused = await server.ask('POST', server.path('pods/two/eviction'), { body: eviction('two') });
    server.note('the next', refused);
    await budget(server, 'second', { maxUnavailable: 1 });
    await server.send('POST', server.path('pods/two/eviction'), { body: eviction('two') });
    await server.ask('DELETE', path);
    await server.ask('DELETE', server.path('poddisruptionbudgets/second', budgets));
    await server.until(server.path('pods/two/eviction'), (_, status) => status === 405);
    const freed = await server.ask('POST', server.path('pods/two/eviction'), { body: eviction('two') });
    server.note('without one', freed.status);
  });
});
