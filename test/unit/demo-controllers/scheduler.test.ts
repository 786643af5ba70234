import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { arrayAt, at } from '../../../src/base/json.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { effectiveRequest } from '../../../src/kube/model/effective-request.ts';
import type { PodSpec } from '../../../src/kube/model/kinds.ts';
import { unschedulableMessage } from '../../../src/demo/controllers/scheduler/message.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { ControllerCluster, type Json } from '../../support/controller-cluster.ts';

function pod(name: string, gpus: number, spec: Json = {}, labels: Json = {}): Json {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: {
      containers: [
        { name: 'main', image: 'x', resources: gpus === 0 ? {} : { limits: { 'nvidia.com/gpu': String(gpus) } } },
      ],
      ...spec,
    },
  };
}

describe('scheduler', () => {
  let cluster: ControllerCluster;
  beforeEach(async () => {
    cluster = await ControllerCluster.start();
  });
  afterEach(async () => {
    await cluster.stop();
    assert.deepEqual(cluster.warnings, []);
  });

  const nodeOf = (name: string): unknown => at(cluster.get('pods', '', name), 'spec', 'nodeName');
  const scheduled = (name: string, node?: string): Promise<void> =>
    cluster.eventually(() =>
      node === undefined ? assert.notEqual(nodeOf(name), undefined) : assert.equal(nodeOf(name), node),
    );
  const refused = (name: string, message: string): Promise<void> =>
    cluster.eventually(() => {
      const condition = arrayAt(cluster.get('pods', '', name), 'status', 'conditions').find(
        (one) => at(one, 'type') === 'PodScheduled',
      );
      assert.equal(at(condition, 'status'), 'False');
      assert.equal(at(condition, 'reason'), 'Unschedulable');
      assert.equal(at(condition, 'message'), message);
    });

  it('binds a pod and tells so', async () => {
    cluster.addNode('a');
    cluster.create('pods', '', pod('p', 1));
    await scheduled('p', 'a');
    await cluster.eventually(() =>
      assert.equal(cluster.events('Scheduled')[0]?.['message'], 'Successfully assigned default/p to a'),
    );
    const condition = arrayAt(cluster.get('pods', '', 'p'), 'status', 'conditions').find(
      (one) => at(one, 'type') === 'PodScheduled',
    );
    assert.equal(at(condition, 'status'), 'True');
  });

  it('packs GPUs, so that whole nodes stay free', async () => {
    for (const name of ['a', 'b', 'c']) cluster.addNode(name);
    for (const index of [0, 1, 2, 3]) cluster.create('pods', '', pod(`p${index}`, 2));
    await cluster.eventually(() =>
      assert.deepEqual(
        [0, 1, 2, 3].map((index) => nodeOf(`p${index}`)),
        ['a', 'a', 'a', 'a'],
      ),
    );
    cluster.create('pods', '', pod('whole', 8));
    await scheduled('whole', 'b');
  });

  it('says of every node why not, in the words of the real scheduler, and tries again when a pod goes', async () => {
    cluster.addNode('cordoned', { unschedulable: true });
    for (const name of ['a', 'b', 'c']) cluster.addNode(name);
    for (const name of ['x', 'y', 'z']) cluster.create('pods', '', pod(name, 6));
    for (const name of ['x', 'y', 'z']) await scheduled(name);
    cluster.create('pods', '', pod('late', 4));
    await refused(
      'late',
      '0/4 nodes are available: 1 node(s) were unschedulable, 3 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: 0/4 nodes are available: 1 Preemption is not helpful for scheduling, 3 No preemption victims found for incoming pod.',
    );
    assert.equal(cluster.events('FailedScheduling').length, 1);
    const freed = nodeOf('y');
    cluster.delete('pods', '', 'y');
    await scheduled('late', String(freed));
  });

  it('tries again when a node is uncordoned or comes', async () => {
    cluster.addNode('a', { unschedulable: true });
    cluster.create('pods', '', pod('p', 8));
    cluster.create('pods', '', pod('q', 8));
    await refused(
      'p',
      '0/1 nodes are available: 1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    );
    cluster.change('nodes', '', 'a', ({ unschedulable: _cordon, taints: _taints, ...spec }) => spec);
    await cluster.eventually(() => assert.ok(nodeOf('p') === 'a' || nodeOf('q') === 'a'));
    cluster.addNode('b');
    await scheduled('p');
    await scheduled('q');
  });

  it('respects selectors, affinity, taints and tolerations', async () => {
    cluster.addNode('h100', { labels: { 'gpu.nvidia.com/model': 'H100', order: '1' } });
    cluster.addNode('h200', { labels: { 'gpu.nvidia.com/model': 'H200', order: '9' } });
    cluster.addNode('spot', {
      labels: { 'gpu.nvidia.com/model': 'H200', order: '5' },
      taints: [{ key: 'qos.coreweave.cloud/interruptable', value: 'true', effect: 'NoExecute' }],
    });
    const affinity = (expression: Json): Json => ({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [expression] }] },
        },
      },
    });
    cluster.create(
      'pods',
      '',
      pod('affine', 1, affinity({ key: 'gpu.nvidia.com/model', operator: 'In', values: ['H200'] })),
    );
    await scheduled('affine', 'h200');
    cluster.create('pods', '', pod('selecting', 1, { nodeSelector: { 'gpu.nvidia.com/model': 'H100' } }));
    await scheduled('selecting', 'h100');
    cluster.create(
      'pods',
      '',
      pod('tolerant', 1, {
        ...affinity({ key: 'order', operator: 'Lt', values: ['6'] }),
        nodeSelector: { 'gpu.nvidia.com/model': 'H200' },
        tolerations: [{ key: 'qos.coreweave.cloud/interruptable', operator: 'Exists' }],
      }),
    );
    await scheduled('tolerant', 'spot');
    cluster.create('pods', '', pod('nowhere', 1, { nodeSelector: { 'gpu.nvidia.com/model': 'B200' } }));
    await refused(
      'nowhere',
      "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    );
  });

  it('keeps pods apart and together by topology', async () => {
    for (const name of ['a', 'b', 'c', 'd']) cluster.addNode(name, { labels: { rack: name < 'c' ? 'one' : 'two' } });
    const term = (app: string): Json => ({
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: { matchLabels: { app } }, topologyKey: 'rack' },
      ],
    });
    cluster.create('pods', '', pod('first', 8, { affinity: { podAntiAffinity: term('x') } }, { app: 'x' }));
    cluster.create('pods', '', pod('second', 8, { affinity: { podAntiAffinity: term('x') } }, { app: 'x' }));
    await scheduled('first');
    await scheduled('second');
    const rackOf = (name: string): string => (String(nodeOf(name)) < 'c' ? 'one' : 'two');
    assert.notEqual(rackOf('first'), rackOf('second'));
    cluster.create('pods', '', pod('third', 8, { affinity: { podAntiAffinity: term('x') } }, { app: 'x' }));
    await cluster.eventually(() =>
      assert.match(
        String(cluster.events('FailedScheduling')[0]?.['message']),
        /2 Insufficient nvidia.com\/gpu, 2 node\(s\) didn't match pod anti-affinity rules/,
      ),
    );
    cluster.create('pods', '', pod('friend', 1, { affinity: { podAffinity: term('y') } }, { app: 'y' }));
    await scheduled('friend');
    cluster.create('pods', '', pod('joins', 1, { affinity: { podAffinity: term('y') } }, { app: 'z' }));
    await scheduled('joins');
    assert.equal(rackOf('joins'), rackOf('friend'));
  });

  it('plays the schedulers it is told to, and leaves other names alone', async () => {
    cluster.addNode('a');
    cluster.create('pods', '', pod('cloud', 1, { schedulerName: 'custom-binpack-scheduler' }));
    cluster.create('pods', '', pod('other', 1, { schedulerName: 'somebody-else' }));
    cluster.create('pods', '', pod('own', 1));
    await scheduled('cloud');
    await scheduled('own');
    assert.equal(nodeOf('other'), undefined);
    assert.equal(
      at(
        cluster.events('Scheduled').find((event) => at(event, 'involvedObject', 'name') === 'cloud'),
        'source',
        'component',
      ),
      'custom-binpack-scheduler',
    );
  });

  it('never gives out more than there is, whatever comes', async () => {
    for (const name of ['a', 'b']) cluster.addNode(name);
    const sizes = [3, 5, 2, 8, 1, 4, 6, 2];
    sizes.forEach((gpus, index) => cluster.create('pods', '', pod(`p${index}`, gpus)));
    await cluster.eventually(() => {
      const waiting = cluster.pods().filter((one) => at(one, 'spec', 'nodeName') === undefined);
      assert.ok(
        waiting.every((one) => arrayAt(one, 'status', 'conditions').length > 0) && waiting.length < sizes.length,
      );
    });
    for (const node of ['a', 'b']) {
      const used = cluster
        .pods()
        .filter((one) => at(one, 'spec', 'nodeName') === node)
        .reduce((sum, one) => sum + Number(effectiveRequest(one.spec as PodSpec).get('nvidia.com/gpu') ?? 0n) / 1e9, 0);
      assert.ok(used <= 8, `${node}: ${used}`);
    }
  });

  it('keeps a pod without its claim waiting, and tells which', async () => {
    cluster.addNode('a');
    cluster.create(
      'pods',
      '',
      pod('p', 1, { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'guide-llm' } }] }),
    );
    await refused(
      'p',
      '0/1 nodes are available: persistentvolumeclaim "guide-llm" not found. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    );
    cluster.create('persistentvolumeclaims', '', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'guide-llm' },
      spec: { storageClassName: 'shared', accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Ti' } } },
    });
    await refused(
      'p',
      '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    );
    cluster.api.create(cluster.kind('storageclasses', 'storage.k8s.io'), {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'shared' },
      provisioner: 'demo',
    });
    await scheduled('p', 'a');
  });
});

describe('node troubles', () => {
  let cluster: ControllerCluster;
  beforeEach(async () => {
    cluster = await ControllerCluster.start();
  });
  afterEach(() => cluster.stop());

  it('a node whose kubelet falls silent is unknown, and not before', async () => {
    await cluster.stop();
    const clock = new ManualClock();
    cluster = await ControllerCluster.start({ clock });
    cluster.addNode('a');
    const leases = cluster.kind('leases', 'coordination.k8s.io');
    const namespaces = cluster.kind('namespaces');
    if (!cluster.api.get(namespaces, undefined, 'kube-node-lease'))
      cluster.api.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-node-lease' } });
    const lease = cluster.api.create(leases, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'a', namespace: 'kube-node-lease' },
      spec: { renewTime: '2026-01-01T00:00:00.000000Z' },
    });
    const taints = (): string[] =>
      arrayAt(cluster.api.get(cluster.kind('nodes'), undefined, 'a'), 'spec', 'taints').map((taint) =>
        String(at(taint, 'key')),
      );
    const settled = (): Promise<void> => cluster.eventually(() => assert.equal(clock.waiting, 1));
    await settled();
    clock.advance(30_000);
    // Listens after the controllers, and so hears after them.
    const heard: string[] = [];
    const watch = cluster.api.watch(leases, ({ type }) => heard.push(type));
    await cluster.eventually(() => assert.deepEqual(heard, ['ADDED']));
    cluster.api.update(leases, { ...lease, spec: { renewTime: '2026-01-01T00:00:30.000000Z' } });
    await cluster.eventually(() => assert.deepEqual(heard, ['ADDED', 'MODIFIED']));
    watch.dispose();
    clock.advance(30_000);
    await settled();
    assert.deepEqual(taints(), []);
    clock.advance(30_000);
    await cluster.eventually(() =>
      assert.deepEqual(taints(), ['node.kubernetes.io/unreachable', 'node.kubernetes.io/unreachable']),
    );
    assert.equal(
      cluster.api.list(cluster.kind('events'), 'default').filter((event) => event['reason'] === 'NodeNotReady').length,
      1,
    );
  });

  it('a node that is not ready is tainted and loses what does not tolerate it', async () => {
    cluster.addNode('a');
    cluster.create('pods', '', pod('stays', 1));
    cluster.create(
      'pods',
      '',
      pod('leaves', 1, {
        tolerations: [
          { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 0 },
        ],
      }),
    );
    await cluster.eventually(() =>
      assert.equal(cluster.pods().filter((one) => at(one, 'spec', 'nodeName') === 'a').length, 2),
    );
    const nodes = cluster.kind('nodes');
    const node = cluster.api.get(nodes, undefined, 'a') as KubeObject;
    cluster.api.updateStatus(nodes, {
      ...node,
      status: {
        ...(node['status'] as Json),
        conditions: [
          {
            type: 'Ready',
            status: 'False',
            reason: 'KubeletNotReady',
            message: 'x',
            lastTransitionTime: '2026-01-01T00:00:00Z',
            lastHeartbeatTime: '2026-01-01T00:00:00Z',
          },
        ],
      },
    });
    await cluster.eventually(() => {
      assert.deepEqual(
        arrayAt(cluster.api.get(nodes, undefined, 'a'), 'spec', 'taints').map(
          (taint) => `${String(at(taint, 'key'))}:${String(at(taint, 'effect'))}`,
        ),
        ['node.kubernetes.io/not-ready:NoSchedule', 'node.kubernetes.io/not-ready:NoExecute'],
      );
      assert.deepEqual(cluster.podNames(), ['stays']);
    });
  });
});

describe('effective requests', () => {
  const GPU = 'nvidia.com/gpu';
  const requests = (spec: Json): number => Number(effectiveRequest(spec).get(GPU) ?? 0n) / 1e9;
  const container = (gpus: number, extra: Json = {}): Json => ({
    name: 'c',
    resources: { requests: { [GPU]: String(gpus) } },
    ...extra,
  });

  it('init containers one after the other, sidecars beside what follows', () => {
    assert.equal(requests({ containers: [container(2), container(3)] }), 5);
    assert.equal(requests({ initContainers: [container(4), container(7)], containers: [container(2)] }), 7);
    assert.equal(
      requests({
        initContainers: [container(1, { restartPolicy: 'Always' }), container(4)],
        containers: [container(2)],
      }),
      5,
    );
    assert.equal(
      requests({
        initContainers: [container(4), container(1, { restartPolicy: 'Always' })],
        containers: [container(2)],
      }),
      4,
    );
    assert.equal(requests({ containers: [{ name: 'c', resources: { limits: { [GPU]: '8' } } }] }), 8);
  });

  it('are what a slow simulation of the pod needs at its peak', () => {
    const amounts = fc.nat(8);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(amounts, fc.boolean()), { maxLength: 5 }),
        fc.array(amounts, { minLength: 1, maxLength: 4 }),
        (inits, mains) => {
          let running = 0;
          let peak = 0;
          for (const [amount, sidecar] of inits) {
            peak = Math.max(peak, running + amount);
            if (sidecar) running += amount;
          }
          peak = Math.max(peak, running + mains.reduce((sum, amount) => sum + amount, 0));
          const spec = {
            initContainers: inits.map(([amount, sidecar]) =>
              container(amount, sidecar ? { restartPolicy: 'Always' } : {}),
            ),
            containers: mains.map((amount) => container(amount)),
          };
          assert.equal(requests(spec), peak);
        },
      ),
    );
  });
});

describe('the message of an unschedulable pod', () => {
  it('counts every reason once a node', () => {
    assert.equal(
      unschedulableMessage(3, [
        ['Insufficient cpu', 'Insufficient memory'],
        ['Insufficient cpu'],
        ['node(s) were unschedulable'],
      ]),
      '0/3 nodes are available: 1 Insufficient memory, 1 node(s) were unschedulable, 2 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.',
    );
    assert.equal(unschedulableMessage(0, []), 'no nodes available to schedule pods');
  });
});
