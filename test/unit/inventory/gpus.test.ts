import assert from 'node:assert/strict';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { gpuQuantities } from '../../../src/kube/model/effective-request.ts';
import { gpuReport } from '../../../src/inventory/gpus.ts';
import { projectNode } from '../../../src/inventory/project.ts';
import type { GpuNode } from '../../../src/inventory/types.ts';
import { snapshotOf, wholeCluster } from './fixtures.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';

describe('amounts of a node', () => {
  it('that a node could never mean count for nothing', () => {
    const allocatable = {
      'nvidia.com/gpu': '-1',
      'amd.com/gpu': 'many',
      'google.com/tpu': '4000m',
      'habana.ai/gaudi': null,
    };
    assert.deepEqual(gpuQuantities(allocatable), { 'nvidia.com/gpu': 0, 'google.com/tpu': 4 });
    const node: KubeObject = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'odd' },
      spec: {},
      status: { allocatable, conditions: [{ type: 'Ready', status: 'True' }] },
    };
    const odd = projectNode(node);
    assert.deepEqual(gpuReport(snapshotOf([odd], [])).totals, {
      'google.com/tpu': { allocatable: 4, requested: 0, free: 4, unusable: 0, tainted: 0, pending: 0 },
    });
  });
});

describe('GPU report', () => {
  const report = gpuReport(wholeCluster());
  const node = (name: string): GpuNode => report.nodes.find((candidate) => candidate.name === name)!;

  it('counts what pods that have not ended hold, bound or running', () => {
    assert.deepEqual(node('g1a2f3').resources, { 'nvidia.com/gpu': { allocatable: 8, requested: 8, free: 0 } });
    assert.deepEqual(
      node('g1a2f3').holders.map(({ pod, owner, count }) => [pod, owner, count]),
      [
        ['wide-ep-llm-d-decode-0', 'wide-ep-llm-d-decode', 4],
        ['wide-ep-llm-d-decode-0-1', 'wide-ep-llm-d-decode', 4],
      ],
    );
    assert.deepEqual(
      node('g1a2f4').holders.map(({ owner }) => owner),
      ['ana', 'ana'],
      'the evicted pod holds nothing',
    );
    assert.deepEqual(node('mig').resources, {
      'nvidia.com/mig-1g.10gb': { allocatable: 4, requested: 1, free: 3 },
      'nvidia.com/mig-3g.40gb': { allocatable: 2, requested: 0, free: 2 },
    });
    assert.deepEqual(
      node('mi300x').resources,
      { 'amd.com/gpu': { allocatable: 8, requested: 8, free: 0 } },
      'a pod being deleted still holds',
    );
    assert.deepEqual(node('max').resources, { 'gpu.intel.com/i915': { allocatable: 2, requested: 0, free: 2 } });
    assert.deepEqual(node('cpu').resources, {});
  });

  it('has the fields that scripts read, and no others', () => {
    assert.deepEqual(Object.keys(report), ['nodes', 'totals', 'warnings']);
    for (const each of report.nodes)
      assert.deepEqual(Object.keys(each), [
        'name',
        'ready',
        'schedulable',
        'product',
        'resources',
        'topology',
        'holders',
      ]);
    assert.deepEqual(Object.keys(node('g1a2f3').resources['nvidia.com/gpu'] ?? {}), [
      'allocatable',
      'requested',
      'free',
    ]);
    assert.deepEqual(Object.keys(node('g1a2f3').holders[0] ?? {}), ['namespace', 'pod', 'owner', 'count']);
  });

  it('keeps nodes that take no pods apart, and what waits', () => {
    assert.deepEqual(report.totals['nvidia.com/gpu'], {
      allocatable: 8 + 4,
      requested: 8 + 4,
      free: 0,
      unusable: 16,
      tainted: 0,
      pending: 8,
    });
    assert.deepEqual(report.totals['google.com/tpu'], {
      allocatable: 4,
      requested: 0,
      free: 4,
      unusable: 0,
      tainted: 0,
      pending: 0,
    });
  });

  it('reads the topology of every provider', () => {
    assert.deepEqual(node('g1a2f3').topology, {
      leafgroup: '7',
      fabric: '1',
      superpod: '2',
      rack: 'r12',
      region: 'east-04',
    });
    assert.deepEqual(node('g1a2f4').topology, { leafgroup: '8', fabric: '1' });
    assert.deepEqual(node('gb200').topology, { leafgroup: 'leaf-3', spine: 'spine-1', nvlink: 'nvl1' });
    assert.deepEqual(node('gke-h100').topology, { block: 'b1', zone: 'zone-c' });
  });

  it('warns of what makes a number mean something else', () => {
    assert.deepEqual(
      report.warnings.map(({ code }) => code),
      ['time-slicing', 'no-device-plugin'],
    );
    assert.match(report.warnings[1]?.message ?? '', /^broken has GPUs by label/);
  });

  it('works from pods alone when nodes may not be listed, and says so', () => {
    const error = new WorkbenchError({ code: 'forbidden', message: 'no' });
    const blind = gpuReport(
      wholeCluster({ nodes: new Map(), states: { nodes: { kind: 'denied', error }, pods: { kind: 'live' } } }),
    );
    assert.deepEqual(
      blind.nodes.map(({ name }) => name),
      ['g1a2f3', 'g1a2f4', 'gb200', 'mi300x', 'mig'],
    );
    assert.equal(blind.nodes[0]?.resources['nvidia.com/gpu']?.requested, 8);
    assert.equal(blind.totals['nvidia.com/gpu']?.free, 0, 'no GPU is called free that nobody knows of');
    assert.deepEqual(
      blind.warnings.map(({ code }) => code),
      ['nodes-denied'],
    );
    assert.ok(
      gpuReport(wholeCluster({ podScope: 'namespace' })).warnings.some(({ code }) => code === 'pods-of-one-namespace'),
    );
  });
});
