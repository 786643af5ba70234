import { both, type Loose, type Server } from './support/both.ts';
import { leaderWorkerSet, mergePatch } from './support/objects.ts';

const group = 'leaderworkerset.x-k8s.io/v1';

/** What the Workbench and the servers in the pods read of a pod. Hashes are the controller's own. */
function seen(pod: Loose): unknown {
  const blank = (value: unknown): unknown =>
    typeof value === 'string' ? value.replaceAll(/\b[0-9a-f]{8,40}\b/g, '<hash>') : value;
  const without = (record: Record<string, string> = {}): unknown =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, blank(value)]));
  return {
    name: pod.metadata.name,
    labels: without(pod.metadata.labels),
    annotations: without(pod.metadata.annotations),
    finalizers: pod.metadata.finalizers,
    owner: pod.metadata.ownerReferences?.map(({ apiVersion, kind, name, controller }: Loose) => ({
      apiVersion,
      kind,
      name,
      controller,
    })),
    env: pod.spec.containers.map((container: Loose) =>
      container.env?.map(({ name, value, valueFrom }: Loose) => ({ name, value: blank(value), valueFrom })),
    ),
    hostname: pod.spec.hostname,
    subdomain: pod.spec.subdomain,
    affinity: pod.spec.affinity,
  };
}

async function pods(server: Server, holds: (pods: readonly Loose[]) => boolean): Promise<readonly Loose[]> {
  const list = await server.until(server.path('pods'), ({ items }) => Array.isArray(items) && holds(items));
  return list.items;
}

function ready(pod: Loose): boolean {
  return (
    pod.status?.conditions?.some((condition: Loose) => condition.type === 'Ready' && condition.status === 'True') ===
      true && pod.metadata.deletionTimestamp === undefined
  );
}

function conditions(set: Loose): unknown {
  return set.status?.conditions
    ?.map(({ type, status, reason, message }: Loose) => [type, status, reason, message])
    .toSorted();
}

function available(set: Loose): boolean {
  return (
    set.status?.conditions?.some(
      (condition: Loose) => condition.type === 'Available' && condition.status === 'True',
    ) === true && set.status.readyReplicas === set.spec.replicas
  );
}

describe('LeaderWorkerSets on both servers', () => {
  both('become groups of a leader and its workers', async (server) => {
    await server.send('POST', server.path('leaderworkersets', group), { body: leaderWorkerSet('wide') });
    const found = await pods(server, (items) => items.length === 4 && items.every(ready));
    server.note('pods', found.map(seen));
    const set = await server.until(server.path('leaderworkersets/wide', group), available);
    const { conditions: _, ...counts } = set.status;
    server.note('status', [counts, conditions(set)]);
    const { json: sets } = await server.ask('GET', server.path('statefulsets', 'apps/v1'));
    server.note(
      'stateful sets',
      sets.items.map((each: Loose) => ({
        name: each.metadata.name,
        replicas: each.spec.replicas,
        service: each.spec.serviceName,
        start: each.spec.ordinals,
        policy: each.spec.podManagementPolicy,
        owner: each.metadata.ownerReferences.map(({ kind, name, controller }: Loose) => ({ kind, name, controller })),
        labels: Object.keys(each.metadata.labels).toSorted(),
      })),
    );
    const { json: service } = await server.ask('GET', server.path('services/wide'));
    server.note('service', {
      spec: service.spec,
      owner: service.metadata?.ownerReferences?.map(({ kind, name }: Loose) => ({ kind, name })),
    });
  });

  both('recreate a group when one of its pods fails', async (server) => {
    await server.ask('POST', server.path('leaderworkersets', group), { body: leaderWorkerSet('wide') });
    const before = await pods(server, (items) => items.length === 4 && items.every(ready));
    const uidOf = (items: readonly Loose[], name: string): unknown =>
      items.find((pod) => pod.metadata.name === name)?.metadata.uid;
    await server.ask('DELETE', server.path('pods/wide-0-1'));
    const after = await pods(
      server,
      (items) =>
        items.length === 4 &&
        items.every(ready) &&
        uidOf(items, 'wide-0') !== uidOf(before, 'wide-0') &&
        uidOf(items, 'wide-0-1') !== uidOf(before, 'wide-0-1'),
    );
    server.note(
      'made anew',
      after.map((pod) => [pod.metadata.name, uidOf(before, pod.metadata.name) !== pod.metadata.uid]),
    );
  });

  /** Each container ends when a file comes, which its next run does not have. */
  const mortal = {
    containers: [
      {
        name: 'main',
        image: 'registry.example/shell:1',
        command: ['sh', '-c', 'until [ -f /tmp/end ]; do sleep 0.05; done; exit 1'],
      },
    ],
  };
  const crash = (server: Server, pod: string): Promise<unknown> =>
    server.target.admin.execOutput({
      namespace: server.namespace,
      pod,
      command: ['touch', '/tmp/end'],
      signal: AbortSignal.timeout(20_000),
    });

  both('recreate a group when one of its containers crashes', async (server) => {
    const uidOf = (items: readonly Loose[], name: string): unknown =>
      items.find((pod) => pod.metadata.name === name)?.metadata.uid;
    await server.ask('POST', server.path('leaderworkersets', group), { body: leaderWorkerSet('wide', {}, mortal) });
    const before = await pods(server, (items) => items.length === 4 && items.every(ready));
    await crash(server, 'wide-1-1');
    const anew = (items: readonly Loose[], name: string): boolean =>
      uidOf(items, name) !== undefined && uidOf(items, name) !== uidOf(before, name);
    const after = await pods(
      server,
      (items) => items.length === 4 && items.every(ready) && anew(items, 'wide-1') && anew(items, 'wide-1-1'),
    );
    server.note(
      'made anew',
      after.map((pod) => [
        pod.metadata.name,
        anew(after, pod.metadata.name),
        pod.status.containerStatuses[0].restartCount,
      ]),
    );
    const set = await server.until(server.path('leaderworkersets/wide', group), available);
    server.note('conditions', conditions(set));
  });

  both('leave a group alone that is not to be recreated', async (server) => {
    await server.ask('POST', server.path('leaderworkersets', group), {
      body: leaderWorkerSet('wide', {
        replicas: 1,
        leaderWorkerTemplate: {
          ...(leaderWorkerSet('wide', {}, mortal) as Loose).spec.leaderWorkerTemplate,
          restartPolicy: 'None',
        },
      }),
    });
    const before = await pods(server, (items) => items.length === 2 && items.every(ready));
    await crash(server, 'wide-0-1');
    const after = await pods(
      server,
      (items) => items.every(ready) && items.some((pod) => pod.status.containerStatuses[0].restartCount > 0),
    );
    server.note(
      'restarted in place',
      after.map((pod) => [
        pod.metadata.name,
        pod.metadata.uid === before.find((one) => one.metadata.name === pod.metadata.name)?.metadata.uid,
        pod.status.containerStatuses[0].restartCount,
      ]),
    );
  });

  both('scale and go', async (server) => {
    const path = server.path('leaderworkersets/wide', group);
    await server.ask('POST', server.path('leaderworkersets', group), {
      body: leaderWorkerSet('wide', { replicas: 1 }),
    });
    await pods(server, (items) => items.length === 2 && items.every(ready));
    await server.ask('PATCH', path, { contentType: mergePatch, body: { spec: { replicas: 2 } } });
    server.note(
      'more',
      (await pods(server, (items) => items.length === 4 && items.every(ready))).map((pod) => pod.metadata.name),
    );
    await server.ask('PATCH', path, { contentType: mergePatch, body: { spec: { replicas: 1 } } });
    server.note(
      'fewer',
      (await pods(server, (items) => items.length === 2 && items.every(ready))).map((pod) => pod.metadata.name),
    );
    await server.send('DELETE', path, { body: { propagationPolicy: 'Foreground' } });
    await pods(server, (items) => items.length === 0);
    await server.until(path, (_, status) => status === 404);
  });

  both('roll out a new template', async (server) => {
    const path = server.path('leaderworkersets/wide', group);
    await server.ask('POST', server.path('leaderworkersets', group), { body: leaderWorkerSet('wide') });
    const before = await pods(server, (items) => items.length === 4 && items.every(ready));
    const old = new Set(before.map((pod) => pod.metadata.uid));
    await server.ask('PATCH', path, {
      contentType: 'application/json-patch+json',
      body: [
        {
          op: 'add',
          path: '/spec/leaderWorkerTemplate/workerTemplate/spec/containers/0/env',
          value: [{ name: 'A', value: '1' }],
        },
      ],
    });
    const after = await pods(
      server,
      (items) => items.length === 4 && items.every((pod) => ready(pod) && !old.has(pod.metadata.uid)),
    );
    server.note('pods', after.map(seen));
    const hash = (pod: Loose): string => pod.metadata.labels['leaderworkerset.sigs.k8s.io/template-revision-hash'];
    server.note('another revision', hash(after[0]) !== hash(before[0]));
    server.note('status', conditions(await server.until(path, available)));
  });

  both('refuse what their webhook refuses', async (server) => {
    const path = server.path('leaderworkersets', group);
    await server.send('POST', path, {
      body: leaderWorkerSet('one', {
        leaderWorkerTemplate: { size: 0, workerTemplate: { spec: { containers: [{ name: 'main', image: 'x' }] } } },
      }),
    });
    await server.send('POST', path, {
      body: leaderWorkerSet('one', {
        rolloutStrategy: { type: 'RollingUpdate', rollingUpdateConfiguration: { maxUnavailable: 0, maxSurge: 0 } },
      }),
    });
    await server.send('POST', path, { body: leaderWorkerSet('1-digit') });
  });
});
