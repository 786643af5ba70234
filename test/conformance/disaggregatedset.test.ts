import { podsReport } from '../../src/inventory/pods.ts';
import { projectPod } from '../../src/inventory/project.ts';
import type { KubeObject } from '../../src/kube/model/types.ts';
import { wholeCluster } from '../unit/inventory/fixtures.ts';
import { both, type Loose, type Server } from './support/both.ts';
import { leaderWorkerSet, mergePatch } from './support/objects.ts';

const group = 'disaggregatedset.x-k8s.io/v1';
const lws = 'leaderworkerset.x-k8s.io/v1';
const revisionLabel = 'disaggregatedset.x-k8s.io/revision';
const roleLabel = 'disaggregatedset.x-k8s.io/role';

function role(name: string, replicas: number): Loose {
  return { name, metadata: { labels: { team: 'bench' } }, spec: (leaderWorkerSet(name, { replicas }) as Loose).spec };
}

function disaggregatedSet(...roles: readonly Loose[]): Loose {
  return { apiVersion: group, kind: 'DisaggregatedSet', metadata: { name: 'ds' }, spec: { roles } };
}

/** The revision is a hash of the server's own encoding. */
function withoutRevision(value: unknown, revisions: readonly string[]): unknown {
  return JSON.parse(
    revisions.reduce((text, revision, at) => text.replaceAll(revision, `<revision ${at}>`), JSON.stringify(value)),
  );
}

function child({ metadata, spec, status }: Loose): Loose {
  return {
    name: metadata.name,
    labels: metadata.labels,
    owner: metadata.ownerReferences,
    replicas: spec.replicas,
    ready: status?.readyReplicas,
    podLabels: spec.leaderWorkerTemplate.workerTemplate.metadata?.labels,
  };
}

/** The children in a stable order, once they are as they should be. */
async function children(server: Server, holds: (children: readonly Loose[]) => boolean): Promise<readonly Loose[]> {
  const { items } = await server.until(
    server.path('leaderworkersets', lws),
    (list) => Array.isArray(list.items) && holds(list.items),
  );
  return items.toSorted((a: Loose, b: Loose) =>
    a.metadata.labels[roleLabel].localeCompare(b.metadata.labels[roleLabel]),
  );
}

function serving(counts: Readonly<Record<string, number>>): (items: readonly Loose[]) => boolean {
  return (items) =>
    items.length === Object.keys(counts).length &&
    items.every(
      (item) =>
        item.spec.replicas === counts[item.metadata.labels[roleLabel]] &&
        item.status?.readyReplicas === item.spec.replicas &&
        item.metadata.deletionTimestamp === undefined,
    );
}

describe('DisaggregatedSets on both servers', () => {
  both('become a LeaderWorkerSet a role, and services once all roles serve', async (server) => {
    await server.send('POST', server.path('disaggregatedsets', group), {
      body: disaggregatedSet(role('prefill', 1), role('decode', 2)),
    });
    const found = await children(server, serving({ prefill: 1, decode: 2 }));
    const revision: string = found[0].metadata.labels[revisionLabel];
    server.note('children', withoutRevision(found.map(child), [revision]));
    const services = await server.until(
      server.path('services'),
      ({ items }) => items?.filter((item: Loose) => item.metadata.name.endsWith('-prv')).length === 2,
    );
    server.note(
      'services',
      withoutRevision(
        services.items
          .filter((item: Loose) => item.metadata.name.endsWith('-prv'))
          .map(({ metadata, spec }: Loose) => ({
            name: metadata.name,
            labels: metadata.labels,
            owner: metadata.ownerReferences,
            selector: spec.selector,
            clusterIP: spec.clusterIP,
          })),
        [revision],
      ),
    );
    const { json } = await server.ask('GET', server.path('pods'));
    const pods = (json.items as readonly KubeObject[]).map(projectPod);
    const report = podsReport(wholeCluster({ pods: new Map(pods.map((pod) => [pod.key, pod])) }), 'nobody');
    server.note(
      'the inventory',
      withoutRevision(
        report.deployments.map(({ name, kind, release, roles }) => ({
          name,
          kind,
          release,
          roles: roles.map((each) => [
            each.role,
            each.groups.map(({ index, revision: of, pods: members }) => [index, of, members.map((pod) => pod.name)]),
          ]),
        })),
        [revision],
      ),
    );
  });

  both('scale without a new revision, and roll over to one', async (server) => {
    const path = server.path('disaggregatedsets/ds', group);
    await server.ask('POST', server.path('disaggregatedsets', group), {
      body: disaggregatedSet(role('prefill', 1), role('decode', 1)),
    });
    const before = await children(server, serving({ prefill: 1, decode: 1 }));
    await server.ask('PATCH', path, {
      contentType: mergePatch,
      body: { spec: { roles: [role('prefill', 1), role('decode', 2)] } },
    });
    const scaled = await children(server, serving({ prefill: 1, decode: 2 }));
    server.note(
      'the same revision',
      scaled.map((each) => each.metadata.labels[revisionLabel] === before[0].metadata.labels[revisionLabel]),
    );
    const changed = [role('prefill', 1), role('decode', 2)].map((each) => {
      const [container] = each.spec.leaderWorkerTemplate.workerTemplate.spec.containers;
      container.env = [{ name: 'A', value: '1' }];
      return each;
    });
    await server.ask('PATCH', path, { contentType: mergePatch, body: { spec: { roles: changed } } });
    const after = await children(
      server,
      (items) =>
        serving({ prefill: 1, decode: 2 })(items) &&
        items.every((item) => item.metadata.labels[revisionLabel] !== before[0].metadata.labels[revisionLabel]),
    );
    server.note(
      'children of the new revision',
      withoutRevision(after.map(child), [after[0].metadata.labels[revisionLabel]]),
    );
    // Of events that are alike the real recorder keeps one, so that the reasons are what can be compared.
    const reasons = (list: Loose): readonly string[] =>
      [
        ...new Set<string>(
          list.items
            ?.filter((event: Loose) => event.regarding?.kind === 'DisaggregatedSet')
            .map((event: Loose) => event.reason),
        ),
      ].toSorted((one, other) => one.localeCompare(other));
    server.note(
      'events',
      reasons(await server.until(server.path('events', 'events.k8s.io/v1'), (list) => reasons(list).length === 4)),
    );
  });

  both('refuse what their webhook refuses', async (server) => {
    const path = server.path('disaggregatedsets', group);
    await server.send('POST', path, { body: disaggregatedSet(role('prefill', 1)) });
    await server.send('POST', path, { body: disaggregatedSet(role('prefill', 1), role('prefill', 1)) });
    await server.send('POST', path, { body: disaggregatedSet(role('prefill', 1), role('UPPER', 1)) });
  });
});
