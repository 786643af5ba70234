import assert from 'node:assert/strict';
import { at } from '../../../src/base/json.ts';
import { podsReport } from '../../../src/inventory/pods.ts';
import { projectPod } from '../../../src/inventory/project.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { ControllerCluster, type Json } from '../../support/controller-cluster.ts';
import { wholeCluster } from '../inventory/fixtures.ts';

const GROUP = 'disaggregatedset.x-k8s.io';
const LWS = 'leaderworkerset.x-k8s.io';

function role(name: string, replicas: number, image = 'vllm:1'): Json {
  return {
    name,
    metadata: { labels: { team: 'bench' } },
    spec: {
      replicas,
      leaderWorkerTemplate: {
        size: 2,
        workerTemplate: {
          metadata: { labels: { 'llm-d.ai/engine-type': 'vllm' } },
          spec: { containers: [{ name: 'vllm', image, resources: { limits: { 'nvidia.com/gpu': '2' } } }] },
        },
      },
    },
  };
}

describe('DisaggregatedSet', () => {
  let cluster: ControllerCluster;
  beforeEach(async () => {
    cluster = await ControllerCluster.start();
    for (const index of [0, 1, 2, 3]) cluster.addNode(`node-${index}`);
  });
  afterEach(() => cluster.stop());

  const children = (): readonly KubeObject[] => cluster.api.list(cluster.kind('leaderworkersets', LWS), 'default');
  const replicas = (): readonly (readonly [string, unknown, unknown])[] =>
    children()
      .map(
        (child) =>
          [
            `${child.metadata.labels?.[`${GROUP}/role`]}`,
            at(child, 'spec', 'replicas'),
            at(child, 'status', 'readyReplicas'),
          ] as const,
      )
      .toSorted(([one], [other]) => one.localeCompare(other));
  const create = (...roles: readonly Json[]): KubeObject =>
    cluster.create('disaggregatedsets', GROUP, {
      apiVersion: `${GROUP}/v1`,
      kind: 'DisaggregatedSet',
      metadata: { name: 'ds' },
      spec: { roles },
    });

  it('makes a LeaderWorkerSet a role, whose pods the inventory knows', async () => {
    const set = create(role('prefill', 1), role('decode', 2));
    await cluster.eventually(() =>
      assert.deepEqual(replicas(), [
        ['decode', 2, 2],
        ['prefill', 1, 1],
      ]),
    );
    const [child] = children().filter((each) => each.metadata.labels?.[`${GROUP}/role`] === 'decode');
    const revision = child?.metadata.labels?.[`${GROUP}/revision`] ?? '';
    assert.match(revision, /^[0-9a-f]{8}$/);
    assert.equal(child?.metadata.name, `ds-${revision}-decode`);
    assert.equal(child?.metadata.labels?.['team'], 'bench');
    assert.deepEqual(child?.metadata.ownerReferences, [
      { apiVersion: `${GROUP}/v1`, kind: 'DisaggregatedSet', name: 'ds', uid: set.metadata.uid, controller: true },
    ]);
    await cluster.eventually(() =>
      assert.deepEqual(
        cluster.api
          .list(cluster.kind('services'), 'default')
          .map((service) => service.metadata.name)
          .filter((name) => name.endsWith('-prv'))
          .sort(),
        [`ds-${revision}-decode-prv`, `ds-${revision}-prefill-prv`],
      ),
    );
    const pods = cluster.pods().map(projectPod);
    const [found] = podsReport(wholeCluster({ pods: new Map(pods.map((pod) => [pod.key, pod])) }), 'me').deployments;
    assert.deepEqual([found?.name, found?.kind, found?.release, found?.gpus], ['ds', 'DisaggregatedSet', '0.10', 12]);
    assert.deepEqual(
      found?.roles.map(({ role: name, groups }) => [
        name,
        groups.map(({ index, revision: of, pods: members }) => [index, of, members.length]),
      ]),
      [
        ['prefill', [[0, revision, 2]]],
        [
          'decode',
          [
            [0, revision, 2],
            [1, revision, 2],
          ],
        ],
      ],
    );
    assert.deepEqual(cluster.warnings, []);
  });

  it('scales its roles without a new revision', async () => {
    create(role('prefill', 1), role('decode', 1));
    await cluster.eventually(() =>
      assert.deepEqual(replicas(), [
        ['decode', 1, 1],
        ['prefill', 1, 1],
      ]),
    );
    cluster.change('disaggregatedsets', GROUP, 'ds', () => ({ roles: [role('prefill', 1), role('decode', 3)] }));
    await cluster.eventually(() =>
      assert.deepEqual(replicas(), [
        ['decode', 3, 3],
        ['prefill', 1, 1],
      ]),
    );
  });

  it('goes over to a new revision with both side by side, and never with half of one', async () => {
    create(role('prefill', 1), role('decode', 2));
    await cluster.eventually(() =>
      assert.deepEqual(replicas(), [
        ['decode', 2, 2],
        ['prefill', 1, 1],
      ]),
    );
    const [old] = children().map((child) => child.metadata.labels?.[`${GROUP}/revision`]);
    let sideBySide = false;
    const watch = cluster.api.watch(cluster.kind('leaderworkersets', LWS), () => {
      const serving = Map.groupBy(
        children().filter((child) => Number(at(child, 'spec', 'replicas')) > 0),
        (child) => child.metadata.labels?.[`${GROUP}/revision`],
      );
      sideBySide ||= serving.size === 2;
    });
    cluster.change('disaggregatedsets', GROUP, 'ds', () => ({
      roles: [role('prefill', 1, 'vllm:2'), role('decode', 2, 'vllm:2')],
    }));
    await cluster.eventually(() => {
      assert.deepEqual(replicas(), [
        ['decode', 2, 2],
        ['prefill', 1, 1],
      ]);
      assert.ok(children().every((child) => child.metadata.labels?.[`${GROUP}/revision`] !== old));
      assert.ok(cluster.pods().every((pod) => at(pod, 'spec', 'containers', '0', 'image') !== 'vllm:1'));
    });
    watch.dispose();
    assert.ok(sideBySide);
    assert.equal(cluster.events('RollingUpdateStarted').length, 1);
    await cluster.eventually(() =>
      assert.equal(
        cluster.api
          .list(cluster.kind('services'), 'default')
          .filter((service) => service.metadata.name.endsWith('-prv')).length,
        2,
      ),
    );
  });

  it('goes with everything it made', async () => {
    create(role('prefill', 1), role('decode', 1));
    await cluster.eventually(() => assert.equal(cluster.pods().length, 4));
    cluster.delete('disaggregatedsets', GROUP, 'ds', { propagation: 'Background' });
    await cluster.eventually(() => {
      assert.deepEqual(children(), []);
      assert.deepEqual(cluster.podNames(), []);
    });
  });
});
