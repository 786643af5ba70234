import assert from 'node:assert/strict';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { clusterRows, gpuHeadline, uncounted } from '../../../src/host/trees/cluster-rows.ts';
import type { Row } from '../../../src/host/trees/row.ts';
import { gpuReport } from '../../../src/inventory/gpus.ts';
import type { InventorySnapshot, NodeView, PodView } from '../../../src/inventory/types.ts';

function node(name: string, change: Partial<NodeView> = {}): NodeView {
  return {
    name,
    uid: name,
    ready: true,
    schedulable: true,
    internalIp: undefined,
    product: 'H200',
    allocatable: { 'nvidia.com/gpu': 8 },
    labels: {},
    taints: [],
    ...change,
  };
}

function pod(name: string, gpus: number, change: Partial<PodView> = {}): PodView {
  return {
    key: `llm-d/${name}`,
    namespace: 'llm-d',
    name,
    uid: name,
    phase: 'Running',
    ready: true,
    deleting: false,
    node: undefined,
    ip: undefined,
    createdAt: undefined,
    startedAt: undefined,
    labels: {},
    annotations: {},
    owner: undefined,
    gpus: { 'nvidia.com/gpu': gpus },
    containers: [],
    restarts: 0,
    reason: undefined,
    ...change,
  };
}

function snapshot(nodes: readonly NodeView[], pods: readonly PodView[]): InventorySnapshot {
  return {
    cluster: { context: 'c', namespace: 'llm-d', server: 's' },
    nodes: new Map(nodes.map((found) => [found.name, found])),
    pods: new Map(pods.map((found) => [found.key, found])),
    states: { nodes: { kind: 'live' }, pods: { kind: 'live' } },
    podScope: 'cluster',
    complete: true,
    version: 1,
  };
}

function rowsOf(nodes: readonly NodeView[], pods: readonly PodView[], grouping?: string): readonly Row[] {
  const picture = snapshot(nodes, pods);
  return clusterRows(gpuReport(picture), picture, 'ann', grouping);
}

function find(rows: readonly Row[], id: string): Row {
  const all = (list: readonly Row[]): readonly Row[] => list.flatMap((row) => [row, ...all(row.children ?? [])]);
  const found = all(rows).find((row) => row.id === id);
  assert.ok(
    found,
    `no row ${id} in ${all(rows)
      .map((row) => row.id)
      .join(', ')}`,
  );
  return found;
}

describe('rows of the Cluster view', () => {
  it('say of each node what is free and who holds the rest, me first named as me', () => {
    const rows = rowsOf(
      [node('g1'), node('g2')],
      [
        pod('mine', 8, { node: 'g1', labels: { 'llm-d.ai/owner': 'ann' } }),
        pod('theirs', 4, { node: 'g2', labels: { 'llm-d.ai/owner': 'bo' } }),
      ],
    );
    assert.equal(find(rows, 'node/g1').description, '0 free · ann (you) 8');
    assert.equal(find(rows, 'node/g2').description, '4 free · bo 4');
    assert.equal(find(rows, 'node/g2/llm-d/theirs').description, '4 GPUs · bo');
  });

  it('do not count GPUs of a cordoned or broken node as free', () => {
    const nodes = [node('g1'), node('g2', { schedulable: false }), node('g3', { ready: false })];
    const rows = rowsOf(nodes, []);
    assert.equal(find(rows, 'node/g2').description, 'cordoned · 8 idle');
    assert.equal(find(rows, 'node/g3').description, 'not ready · 8 GPUs');
    assert.equal(rows[0]?.description, '8 of 24 free · 1 node all free');
    assert.equal(gpuHeadline(gpuReport(snapshot(nodes, [])), snapshot(nodes, [])), '8/24 GPUs free');
  });

  it('show pods that wait for GPUs with the reason that the scheduler gives', () => {
    const rows = rowsOf([node('g1')], [pod('waits', 16, { phase: 'Pending', reason: '0/1 nodes are available' })]);
    assert.equal(find(rows, 'pending').description, '1 pod wants 16 GPUs');
    assert.equal(find(rows, 'pending/llm-d/waits').description, '16 GPUs · 0/1 nodes are available');
  });

  it('keep nodes without GPUs apart and folded', () => {
    const rows = rowsOf([node('g1'), node('cpu', { product: undefined, allocatable: {} })], []);
    const group = rows.find((row) => row.label === 'no GPUs');
    assert.equal(group?.expand, 'collapsed');
    assert.equal(group?.description, '1 node');
  });

  it('say of a tainted node which taint keeps pods off, and of what the provider itself taints nothing', () => {
    const taint = (key: string): NodeView['taints'] => [{ key, value: '', effect: 'NoSchedule' }];
    const rows = rowsOf(
      [
        node('g1', { taints: taint('qos.coreweave.cloud/interruptable') }),
        node('g2', { taints: taint('nvidia.com/gpu') }),
      ],
      [pod('p', 2, { node: 'g1' })],
    );
    assert.equal(find(rows, 'node/g1').description, 'tainted: interruptable · 6 idle · p 2');
    assert.match(
      find(rows, 'node/g1').tooltip ?? '',
      /only pods that tolerate `qos.coreweave.cloud\/interruptable:NoSchedule` are placed here/,
    );
    assert.equal(find(rows, 'node/g2').description, '8 free');
    assert.match(rows[0]?.tooltip ?? '', /not counted as free: 1 node tainted, with 8 GPUs/);
  });

  it('group nodes by the level that tells most, or by the one that the person chose', () => {
    const place = (leaf: string, rack: string): Partial<NodeView> => ({
      labels: { 'ib.coreweave.cloud/leafgroup': leaf, 'node.coreweave.cloud/rack': rack },
    });
    const nodes = [
      node('g1', place('7', 'a')),
      node('g2', place('10', 'a')),
      node('g3', place('10', 'b')),
      node('g4', { product: 'B200' }),
    ];
    const labels = (grouping?: string): readonly string[] => rowsOf(nodes, [], grouping).map((row) => row.label);
    assert.deepEqual(labels(), ['B200 · leafgroup unknown', 'H200 · leafgroup 7', 'H200 · leafgroup 10']);
    assert.deepEqual(labels('rack'), ['B200 · rack unknown', 'H200 · rack a', 'H200 · rack b']);
    assert.deepEqual(labels('product'), ['B200', 'H200']);
    assert.deepEqual(labels('superpod'), labels(), 'a choice that this cluster has not');
    assert.match(
      rowsOf(nodes, [])[1]?.tooltip ?? '',
      /Most free nodes of one kind in one leafgroup: 2 \(H200, leafgroup 10\)\./,
    );
    assert.match(rowsOf(nodes, [])[1]?.tooltip ?? '', /4 pods of 8 GPUs could be placed now/);
  });

  it('never add slices and shares to whole GPUs', () => {
    const rows = rowsOf(
      [
        node('mixed', { allocatable: { 'nvidia.com/gpu': 4, 'nvidia.com/mig-1g.10gb': 7 } }),
        node('shared', { allocatable: { 'nvidia.com/gpu': 4 }, labels: { 'nvidia.com/gpu.replicas': '4' } }),
      ],
      [pod('p', 1, { node: 'shared' })],
    );
    assert.equal(find(rows, 'node/mixed').description, '4 GPUs, 7 MIG slices free');
    assert.equal(find(rows, 'node/shared').description, '3 GPU shares free · p 1');
    assert.equal(find(rows, 'node/shared/llm-d/p').description, '1 GPU share · p');
    assert.equal(rows[0]?.description, '4 of 4 GPUs, 7 of 7 MIG slices, 3 of 4 GPU shares free · 1 node all free');
  });

  it('say of a node whose device plugin is down that it offers none, and still who holds its GPUs', () => {
    const rows = rowsOf([node('g1', { allocatable: { 'nvidia.com/gpu': 0 } })], [pod('p', 4, { node: 'g1' })]);
    assert.equal(rows[0]?.description, '1 node · no GPU offered');
    assert.equal(find(rows, 'node/g1').description, 'offers no GPU · p 4');
    assert.equal(find(rows, 'node/g1/llm-d/p').description, '4 GPUs · p');
  });

  it('name what a pod holds by what it requests', () => {
    const rows = rowsOf(
      [node('g1', { allocatable: { 'nvidia.com/gpu': 4, 'nvidia.com/mig-1g.10gb': 7 } })],
      [pod('p', 0, { node: 'g1', gpus: { 'nvidia.com/gpu': 1, 'nvidia.com/mig-1g.10gb': 2 } })],
    );
    assert.equal(find(rows, 'node/g1/llm-d/p').description, '1 GPU, 2 MIG slices · p');
  });

  it('tell what pods hold where nodes may not be listed, and call nothing free', () => {
    const picture = {
      ...snapshot([], [pod('p', 8, { node: 'g1' })]),
      states: {
        nodes: { kind: 'denied' as const, error: new WorkbenchError({ code: 'forbidden', message: 'no' }) },
        pods: { kind: 'live' as const },
      },
    };
    const report = gpuReport(picture);
    const rows = clusterRows(report, picture, 'ann');
    assert.equal(gpuHeadline(report, picture), '8 GPUs held · free unknown');
    const nothing = { ...picture, pods: new Map() };
    assert.equal(
      gpuHeadline(gpuReport(nothing), nothing),
      'GPUs unknown',
      'what may not be seen is not said to be none',
    );
    assert.equal(rows[0]?.description, '8 GPUs held · free unknown');
    assert.equal(find(rows, 'node/g1').description, 'free unknown · p 8');
    assert.match(uncounted(report) ?? '', /^no permission to list nodes/);
  });

  it('show a pod that shares a claim without counting its GPUs again', () => {
    const claim = {
      key: 'llm-d/c',
      namespace: 'llm-d',
      name: 'c',
      devices: [{ driver: 'gpu.nvidia.com', pool: 'g1', device: 'gpu-0' }],
      wanted: {},
      reservedFor: ['a', 'b'].map((name) => ({ pod: name, uid: name })),
    };
    const uses = { gpus: {}, claims: ['c'], node: 'g1' };
    const picture: InventorySnapshot = {
      ...snapshot([node('g1', { allocatable: {} })], [pod('a', 0, uses), pod('b', 0, uses)]),
      dra: {
        claims: new Map([[claim.key, claim]]),
        slices: new Map(),
        states: { claims: { kind: 'live' }, slices: { kind: 'live' } },
        claimScope: 'cluster',
      },
    };
    const rows = clusterRows(gpuReport(picture), picture, 'ann');
    assert.deepEqual(
      ['a', 'b'].map((name) => find(rows, `node/g1/llm-d/${name}`).description),
      ['1 GPU · a', 'shares GPUs · b'],
    );
  });

  it('fold groups on a large cluster, and make anew only the rows of nodes that changed', () => {
    const nodes = Array.from({ length: 60 }, (_, index) => node(`g${index}`));
    const before = snapshot(nodes, [pod('p', 8, { node: 'g1' })]);
    const after = { ...before, pods: new Map([['llm-d/p', pod('p', 4, { node: 'g1' })]]) };
    const rows = clusterRows(gpuReport(before), before, 'ann');
    const later = clusterRows(gpuReport(after), after, 'ann');
    assert.equal(rows[0]?.expand, 'collapsed');
    assert.deepEqual(
      later[0]?.children?.filter((row, index) => row !== rows[0]?.children?.[index]).map(({ id }) => id),
      ['node/g1'],
    );
  });

  it('explain every figure that they show', () => {
    const rows = rowsOf(
      [node('g1'), node('g2', { schedulable: false }), node('g3', { ready: false })],
      [pod('held', 3, { node: 'g1' }), pod('waits', 16, { phase: 'Pending' })],
    );
    const unexplained = (list: readonly Row[]): readonly string[] =>
      list.flatMap((row) => {
        const numbers = (row.description ?? '').match(/\b\d+\b/g) ?? [];
        return [
          ...numbers.filter((number) => !(row.tooltip ?? '').includes(number)).map((number) => `${row.id}: ${number}`),
          ...unexplained(row.children ?? []),
        ];
      });
    assert.deepEqual(unexplained(rows), []);
  });
});
