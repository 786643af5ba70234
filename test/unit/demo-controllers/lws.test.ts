import assert from 'node:assert/strict';
import { at } from '../../../src/base/json.ts';
import { ControllerCluster, type Json } from '../../support/controller-cluster.ts';

const GROUP = 'leaderworkerset.x-k8s.io';
const NAME = 'leaderworkerset.sigs.k8s.io';

function set(name: string, spec: Json = {}, template: Json = {}): Json {
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'LeaderWorkerSet',
    metadata: { name },
    spec: {
      replicas: 2,
      ...spec,
      leaderWorkerTemplate: {
        size: 2,
        workerTemplate: {
          metadata: { labels: { app: name } },
          spec: {
            containers: [
              {
                name: 'vllm',
                image: 'vllm:1',
                env: [{ name: 'RANK', value: '$(LWS_WORKER_INDEX)' }],
                resources: { limits: { 'nvidia.com/gpu': '8' } },
              },
            ],
          },
        },
        ...template,
      },
    },
  };
}

describe('LeaderWorkerSet', () => {
  let cluster: ControllerCluster;
  beforeEach(async () => {
    cluster = await ControllerCluster.start();
    for (const index of [0, 1, 2, 3]) cluster.addNode(`node-${index}`, { labels: { rack: `r${index % 2}` } });
  });
  afterEach(() => cluster.stop());

  const conditionsOf = (name: string): Map<string, string> =>
    new Map(
      (
        (cluster.get('leaderworkersets', GROUP, name)?.['status'] as { conditions?: Json[] } | undefined)?.conditions ??
        []
      ).map((one) => [String(one['type']), String(one['status'])]),
    );
  const statusOf = (name: string): Json => (cluster.get('leaderworkersets', GROUP, name)?.['status'] as Json) ?? {};
  const available = (name: string): Promise<void> =>
    cluster.eventually(() => assert.equal(conditionsOf(name).get('Available'), 'True'));

  it('makes groups with the names, labels and environment of the real controller', async () => {
    cluster.create('leaderworkersets', GROUP, set('decode'));
    await available('decode');
    assert.deepEqual(cluster.podNames(), ['decode-0', 'decode-0-1', 'decode-1', 'decode-1-1']);
    assert.deepEqual(
      cluster.api.list(cluster.kind('statefulsets', 'apps'), 'default').map((one) => one.metadata.name),
      ['decode', 'decode-0', 'decode-1'],
    );
    const service = cluster.get('services', '', 'decode');
    assert.equal(at(service, 'spec', 'clusterIP'), 'None');
    assert.equal(at(service, 'spec', 'publishNotReadyAddresses'), true);

    const worker = cluster.get('pods', '', 'decode-1-1');
    const leader = cluster.get('pods', '', 'decode-1');
    const labels = worker?.metadata.labels ?? {};
    assert.equal(labels[`${NAME}/name`], 'decode');
    assert.equal(labels[`${NAME}/group-index`], '1');
    assert.equal(labels[`${NAME}/worker-index`], '1');
    assert.equal(leader?.metadata.labels?.[`${NAME}/worker-index`], '0');
    assert.equal(labels[`${NAME}/group-key`], leader?.metadata.labels?.[`${NAME}/group-key`]);
    assert.ok(labels[`${NAME}/template-revision-hash`]);
    assert.equal(labels['app'], 'decode');
    assert.equal(worker?.metadata.annotations?.[`${NAME}/size`], '2');
    assert.equal(worker?.metadata.annotations?.[`${NAME}/leader-name`], 'decode-1');
    const [container] = at(worker, 'spec', 'containers') as Json[];
    assert.deepEqual(container?.['env'], [
      { name: 'LWS_LEADER_ADDRESS', value: 'decode-1.decode.default' },
      { name: 'LWS_GROUP_SIZE', value: '2' },
      { name: 'LWS_WORKER_INDEX', value: '1' },
      { name: 'RANK', value: '$(LWS_WORKER_INDEX)' },
    ]);
    assert.equal(at(worker, 'spec', 'hostname'), 'decode-1-1');
    assert.equal(at(worker, 'spec', 'subdomain'), 'decode');
    assert.deepEqual(
      [statusOf('decode')['replicas'], statusOf('decode')['readyReplicas'], statusOf('decode')['updatedReplicas']],
      [2, 2, 2],
    );
    assert.equal(statusOf('decode')['hpaPodSelector'], `${NAME}/name=decode,${NAME}/worker-index=0`);
    assert.equal(new Set(cluster.pods().map((pod) => at(pod, 'spec', 'nodeName'))).size, 4);
    assert.deepEqual(cluster.warnings, []);
  });

  it('waits for the leader to be ready where it is told to', async () => {
    cluster.fateOf = () => 'running';
    cluster.create('leaderworkersets', GROUP, set('late', { replicas: 1, startupPolicy: 'LeaderReady' }));
    await cluster.eventually(() => assert.equal(at(cluster.get('pods', '', 'late-0'), 'status', 'phase'), 'Running'));
    assert.deepEqual(cluster.podNames(), ['late-0']);
    assert.equal(conditionsOf('late').get('Progressing'), 'True');
    cluster.fateOf = () => 'ready';
    cluster.setPodStatus('late-0', (status) => ({ ...status, reason: 'look again' }));
    await available('late');
    assert.deepEqual(cluster.podNames(), ['late-0', 'late-0-1']);
  });

  it('recreates the whole group when a container of a worker restarts', async () => {
    cluster.create('leaderworkersets', GROUP, set('group'));
    await available('group');
    const before = new Map(cluster.pods().map((pod) => [pod.metadata.name, pod.metadata.uid]));
    cluster.setPodStatus('group-0-1', (status) => ({
      ...status,
      containerStatuses: [
        { name: 'vllm', ready: true, restartCount: 1, image: 'x', imageID: '', state: {}, lastState: {} },
      ],
    }));
    await cluster.eventually(() => {
      const now = new Map(cluster.pods().map((pod) => [pod.metadata.name, pod.metadata.uid]));
      assert.deepEqual([...now.keys()].sort(), ['group-0', 'group-0-1', 'group-1', 'group-1-1']);
      assert.notEqual(now.get('group-0'), before.get('group-0'));
      assert.notEqual(now.get('group-0-1'), before.get('group-0-1'));
      assert.equal(now.get('group-1'), before.get('group-1'));
      assert.equal(conditionsOf('group').get('Available'), 'True');
    });
    assert.equal(cluster.events('RecreateGroup').length, 1);
  });

  it('tells pods their part of the group', async () => {
    const labelsOf = (name: string): unknown[] =>
      [`${name}-0`, `${name}-0-1`, `${name}-0-2`, `${name}-0-3`].map(
        (pod) => cluster.get('pods', '', pod)?.metadata.labels?.[`${NAME}/subgroup-index`],
      );
    cluster.create(
      'leaderworkersets',
      GROUP,
      set('parts', { replicas: 1 }, { size: 4, subGroupPolicy: { subGroupSize: 2 } }),
    );
    await available('parts');
    assert.deepEqual(labelsOf('parts'), ['0', '0', '1', '1']);
    const keyOf = (pod: string): unknown => cluster.get('pods', '', pod)?.metadata.labels?.[`${NAME}/subgroup-key`];
    assert.equal(keyOf('parts-0'), keyOf('parts-0-1'));
    assert.notEqual(keyOf('parts-0-1'), keyOf('parts-0-2'));
  });

  it('gives groups another size, one after the other', async () => {
    cluster.create('leaderworkersets', GROUP, set('grow', { replicas: 1 }));
    await available('grow');
    cluster.change('leaderworkersets', GROUP, 'grow', (spec) => ({
      ...spec,
      leaderWorkerTemplate: { ...(spec['leaderWorkerTemplate'] as Json), size: 3 },
    }));
    await cluster.eventually(() => {
      assert.deepEqual(cluster.podNames(), ['grow-0', 'grow-0-1', 'grow-0-2']);
      assert.equal(conditionsOf('grow').get('Available'), 'True');
    });
  });

  it('leaves a group alone whose policy is None', async () => {
    cluster.create('leaderworkersets', GROUP, set('calm', { replicas: 1 }, { restartPolicy: 'None' }));
    await available('calm');
    const before = cluster.get('pods', '', 'calm-0')?.metadata.uid;
    cluster.delete('pods', '', 'calm-0-1');
    await cluster.eventually(() => assert.equal(at(cluster.get('pods', '', 'calm-0-1'), 'status', 'phase'), 'Running'));
    assert.equal(cluster.get('pods', '', 'calm-0')?.metadata.uid, before);
  });

  it('scales up and down', async () => {
    cluster.create('leaderworkersets', GROUP, set('scale', { replicas: 1 }));
    await available('scale');
    cluster.change('leaderworkersets', GROUP, 'scale', (spec) => ({ ...spec, replicas: 2 }));
    await cluster.eventually(() => assert.equal(statusOf('scale')['readyReplicas'], 2));
    assert.equal(cluster.pods().length, 4);
    cluster.change('leaderworkersets', GROUP, 'scale', (spec) => ({ ...spec, replicas: 0 }));
    await cluster.eventually(() => assert.deepEqual(cluster.podNames(), []));
    await cluster.eventually(() =>
      assert.deepEqual(
        cluster.api.list(cluster.kind('statefulsets', 'apps'), 'default').map((one) => one.metadata.name),
        ['scale'],
      ),
    );
  });

  it('rolls a new template out group by group, from the last to the first', async () => {
    cluster.create('leaderworkersets', GROUP, set('roll'));
    await available('roll');
    const order: string[] = [];
    const watch = cluster.api.watch(cluster.kind('pods'), ({ type, object }) => {
      if (type === 'DELETED') order.push(object.metadata.name);
    });
    cluster.change('leaderworkersets', GROUP, 'roll', (spec) => {
      const text = JSON.stringify(spec).replaceAll('vllm:1', 'vllm:2');
      return JSON.parse(text) as Json;
    });
    await cluster.eventually(() => {
      const images = cluster.pods().map((pod) => (pod['spec'] as { containers: Json[] }).containers[0]?.['image']);
      assert.deepEqual(images, ['vllm:2', 'vllm:2', 'vllm:2', 'vllm:2']);
      assert.equal(conditionsOf('roll').get('Available'), 'True');
      assert.equal(statusOf('roll')['updatedReplicas'], 2);
    }, 10_000);
    watch.dispose();
    assert.ok(order.indexOf('roll-1') < order.indexOf('roll-0'), order.join());
    assert.ok(order.indexOf('roll-1-1') < order.indexOf('roll-0'), order.join());
  });

  it('goes with everything it made', async () => {
    cluster.create('leaderworkersets', GROUP, set('gone'));
    await available('gone');
    cluster.delete('leaderworkersets', GROUP, 'gone', { propagation: 'Background' });
    await cluster.eventually(() => {
      assert.deepEqual(cluster.podNames(), []);
      assert.deepEqual(cluster.api.list(cluster.kind('statefulsets', 'apps'), 'default'), []);
      assert.equal(cluster.get('services', '', 'gone'), undefined);
    });
  });

  it('keeps a group on one rack, and racks to one group, where the topology is exclusive', async () => {
    const object = set('racks', { replicas: 2 });
    cluster.create('leaderworkersets', GROUP, {
      ...object,
      metadata: { name: 'racks', annotations: { [`${NAME}/exclusive-topology`]: 'rack' } },
    });
    await available('racks');
    const rackOf = (pod: string): unknown => {
      const node = String(at(cluster.get('pods', '', pod), 'spec', 'nodeName'));
      return cluster.api.get(cluster.kind('nodes'), undefined, node)?.metadata.labels?.['rack'];
    };
    assert.equal(rackOf('racks-0'), rackOf('racks-0-1'));
    assert.equal(rackOf('racks-1'), rackOf('racks-1-1'));
    assert.notEqual(rackOf('racks-0'), rackOf('racks-1'));
  });
});
