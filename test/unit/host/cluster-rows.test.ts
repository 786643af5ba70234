import assert from 'node:assert/strict';
import { clusterRows, gpuHeadline } from '../../../src/host/trees/cluster-rows.ts';
import type { Row } from '../../../src/host/trees/row.ts';
import { gpuReport } from '../../../src/inventory/gpus.ts';
import type { InventorySnapshot, NodeView, PodView } from '../../../src/inventory/types.ts';

function node(name: string, change: Partial<NodeView> = {}): NodeView {
  return { name, uid: name, ready: true, schedulable: true, internalIp: undefined, product: 'H200', allocatable: { 'nvidia.com/gpu': 8 }, labels: {}, taints: [], ...change };
}

function pod(name: string, gpus: number, change: Partial<PodView> = {}): PodView {
  return {
    key: `llm-d/${name}`, namespace: 'llm-d', name, uid: name, phase: 'Running', ready: true, deleting: false, node: undefined, ip: undefined, createdAt: undefined, startedAt: undefined,
    labels: {}, annotations: {}, owner: undefined, gpus: { 'nvidia.com/gpu': gpus }, containers: [], restarts: 0, reason: undefined, ...change,
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

function rowsOf(nodes: readonly NodeView[], pods: readonly PodView[], owner = 'ann'): readonly Row[] {
  const picture = snapshot(nodes, pods);
  return clusterRows(gpuReport(picture), picture, owner);
}

function find(rows: readonly Row[], id: string): Row {
  const all = (list: readonly Row[]): readonly Row[] => list.flatMap((row) => [row, ...all(row.children ?? [])]);
  const found = all(rows).find((row) => row.id === id);
  assert.ok(found, `no row ${id} in ${all(rows).map((row) => row.id).join(', ')}`);
  return found;
}

describe('rows of the Cluster view', () => {
  it('say of each node what is free and who holds the rest, me first named as me', () => {
    const rows = rowsOf([node('g1'), node('g2')], [pod('mine', 8, { node: 'g1', labels: { 'llm-d.ai/owner': 'ann' } }), pod('theirs', 4, { node: 'g2', labels: { 'llm-d.ai/owner': 'bo' } })]);
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
});
