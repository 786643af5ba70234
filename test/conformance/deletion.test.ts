import { both, type Server } from './support/both.ts';
import { configMap, deployment, idlePod, mergePatch, runningPod } from './support/objects.ts';

/** A map, and another that is owned by it. */
async function ownerAndOwned(server: Server, owner: Record<string, unknown> = {}): Promise<string> {
  const path = server.path('configmaps');
  const { json } = await server.ask('POST', path, { body: configMap('owner', {}, owner) });
  const reference = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: 'owner',
    uid: json.metadata.uid,
    blockOwnerDeletion: true,
  };
  await server.ask('POST', path, { body: configMap('owned', {}, { ownerReferences: [reference] }) });
  return path;
}

function gone(_: unknown, status: number): boolean {
  return status === 404;
}

describe('deletion on both servers', () => {
  both('takes the dependents along', async (server) => {
    const path = await ownerAndOwned(server);
    await server.send('DELETE', `${path}/owner`, { body: { propagationPolicy: 'Background' } });
    await server.until(`${path}/owned`, gone);
  });

  both('waits for the dependents', async (server) => {
    const path = await ownerAndOwned(server);
    await server.ask('PATCH', `${path}/owned`, {
      contentType: mergePatch,
      body: { metadata: { finalizers: ['example.org/hold'] } },
    });
    await server.send('DELETE', `${path}/owner`, { query: { propagationPolicy: 'Foreground' } });
    await server.until(`${path}/owned`, (object) => object.metadata?.deletionTimestamp !== undefined);
    await server.send('GET', `${path}/owner`);
    await server.ask('PATCH', `${path}/owned`, { contentType: mergePatch, body: { metadata: { finalizers: null } } });
    await server.until(`${path}/owner`, gone);
  });

  both('leaves orphans', async (server) => {
    const path = await ownerAndOwned(server);
    await server.send('DELETE', `${path}/owner`, {
      body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Orphan' },
    });
    await server.until(`${path}/owner`, gone);
    await server.send('GET', `${path}/owned`);
  });

  both('heeds finalizers', async (server) => {
    const path = server.path('configmaps');
    await server.ask('POST', path, { body: configMap('one', {}, { finalizers: ['example.org/a', 'example.org/b'] }) });
    await server.send('DELETE', `${path}/one`);
    await server.send('DELETE', `${path}/one`);
    await server.send('PATCH', `${path}/one`, {
      contentType: mergePatch,
      body: { metadata: { finalizers: ['example.org/a', 'example.org/b', 'example.org/c'] } },
    });
    await server.send('PATCH', `${path}/one`, { contentType: mergePatch, body: { data: { still: 'mutable' } } });
    await server.send('PATCH', `${path}/one`, {
      contentType: mergePatch,
      body: { metadata: { finalizers: ['example.org/b'] } },
    });
    await server.send('PATCH', `${path}/one`, { contentType: mergePatch, body: { metadata: { finalizers: [] } } });
    await server.send('GET', `${path}/one`);
  });

  both('heeds preconditions', async (server) => {
    const path = server.path('configmaps');
    const { json } = await server.ask('POST', path, { body: configMap('one') });
    await server.send('DELETE', `${path}/one`, {
      body: { preconditions: { uid: '11111111-2222-3333-4444-555555555555' } },
    });
    const stale = await server.ask('DELETE', `${path}/one`, { body: { preconditions: { resourceVersion: '1' } } });
    server.note('another version', [stale.status, stale.json.reason, stale.json.details]);
    await server.send('DELETE', `${path}/one`, { body: { propagationPolicy: 'Sometimes' } });
    await server.send('DELETE', `${path}/one`, { body: { gracePeriodSeconds: -1 } });
    await server.send('DELETE', `${path}/one`, {
      body: { preconditions: { uid: json.metadata.uid, resourceVersion: json.metadata.resourceVersion } },
    });
  });

  both('of pods that were never bound is at once', async (server) => {
    const pods = server.path('pods');
    await server.ask('POST', pods, { body: idlePod('one') });
    await server.send('DELETE', `${pods}/one`);
    await server.send('GET', `${pods}/one`);
  });

  both('of running pods takes its grace', async (server) => {
    const pods = server.path('pods');
    for (const name of ['gently', 'at-once'])
      await server.ask('POST', pods, { body: runningPod(name, { terminationGracePeriodSeconds: 30 }) });
    for (const name of ['gently', 'at-once'])
      await server.until(`${pods}/${name}`, (pod) => pod.status?.phase === 'Running');
    const { status, json } = await server.ask('DELETE', `${pods}/gently`);
    server.note('a pod that ends', [
      status,
      json.kind,
      json.metadata.deletionGracePeriodSeconds,
      json.metadata.deletionTimestamp !== undefined,
      json.spec?.terminationGracePeriodSeconds,
    ]);
    const forced = await server.ask('DELETE', `${pods}/at-once`, { body: { gracePeriodSeconds: 0 } });
    server.note('a pod that is gone', [
      forced.status,
      forced.json.kind,
      forced.json.metadata.deletionGracePeriodSeconds,
    ]);
    await server.send('GET', `${pods}/at-once`);
    await server.until(`${pods}/gently`, gone);
  });

  both('of a collection', async (server) => {
    const path = server.path('configmaps');
    for (const name of ['a', 'b', 'c'])
      await server.ask('POST', path, {
        body: configMap(name, {}, { labels: { of: name === 'c' ? 'other' : 'case' } }),
      });
    await server.send('DELETE', path, { query: { labelSelector: 'of=case' } });
    const { json } = await server.ask('GET', path, { query: { labelSelector: 'of' } });
    server.note(
      'left',
      json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    );
  });

  both('of a deployment ends its pods', async (server) => {
    const path = server.path('deployments', 'apps/v1');
    await server.ask('POST', path, { body: deployment('web') });
    await server.until(server.path('pods'), (list) => list.items?.length === 2);
    await server.send('DELETE', `${path}/web`);
    await server.until(server.path('pods'), (list) => list.items?.length === 0);
    await server.until(server.path('replicasets', 'apps/v1'), (list) => list.items?.length === 0);
  });

  both('of a namespace', async (server) => {
    const name = `${server.namespace}-gone`;
    await server.ask('POST', '/api/v1/namespaces', { body: { metadata: { name } } });
    await server.ask('POST', `/api/v1/namespaces/${name}/configmaps`, {
      body: configMap('held', {}, { finalizers: ['example.org/hold'] }),
    });
    const { status, json } = await server.ask('DELETE', `/api/v1/namespaces/${name}`);
    server.note('the answer', [status, json.kind, json.status?.phase]);
    await server.send('POST', `/api/v1/namespaces/${name}/configmaps`, { body: configMap('late') });
    await server.ask('PATCH', `/api/v1/namespaces/${name}/configmaps/held`, {
      contentType: mergePatch,
      body: { metadata: { finalizers: null } },
    });
    await server.until(`/api/v1/namespaces/${name}`, gone);
  });
});
