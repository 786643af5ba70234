import assert from 'node:assert/strict';
import { gpuReport } from '../../../src/inventory/gpus.ts';
import { projectNode } from '../../../src/inventory/project.ts';
import type { GpuReport } from '../../../src/inventory/types.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { draOf } from './cluster-fixtures.ts';
import { snapshotOf } from './fixtures.ts';

const PLUGIN = 'nvidia.com/gpu';
const DRIVER = 'gpu.nvidia.com';

describe('a device plugin beside a DRA driver', () => {
  for (const [plugin, driver] of [
    [8, 8],
    [8, 5],
    [5, 8],
  ] as const)
    it(`that offer ${plugin} and ${driver} of 8 GPUs offer the same ones, as many as whoever sees most`, () => {
      const { nodes, totals, warnings } = report(plugin, driver, 8, 2);
      const { [PLUGIN]: byPlugin, [DRIVER]: byDriver } = nodes[0]?.resources ?? {};
      assert.deepEqual(byDriver, { allocatable: 2, requested: 2, free: 0 }, 'what claims hold');
      assert.deepEqual(byPlugin, { allocatable: 6, requested: 0, free: 6 }, 'the rest');
      assert.equal(
        Object.values(totals).reduce((sum, { allocatable }) => sum + allocatable, 0),
        8,
      );
      assert.ok(
        warnings.some(({ code }) => code === 'offered-twice'),
        JSON.stringify(warnings),
      );
    });

  it('that share the machine out between them are added', () => {
    const { nodes, totals } = report(3, 5, 8, 2);
    assert.deepEqual(nodes[0]?.resources, {
      [PLUGIN]: { allocatable: 3, requested: 0, free: 3 },
      [DRIVER]: { allocatable: 5, requested: 2, free: 3 },
    });
    assert.equal(
      Object.values(totals).reduce((sum, { allocatable }) => sum + allocatable, 0),
      8,
    );
  });
});

/** A machine of so many GPUs, of which a claim holds some. */
function report(plugin: number, driver: number, machine: number, held: number): GpuReport {
  const node: KubeObject = {
    ...head('v1', 'Node', 'n'),
    metadata: { name: 'n', labels: { 'nvidia.com/gpu.count': String(machine) } },
    status: {
      allocatable: { [PLUGIN]: String(plugin) },
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
  const names = Array.from({ length: driver }, (_, index) => `gpu-${index}`);
  const slice: KubeObject = {
    ...head('resource.k8s.io/v1', 'ResourceSlice', 's'),
    spec: {
      driver: DRIVER,
      nodeName: 'n',
      pool: { name: 'n', generation: 1, resourceSliceCount: 1 },
      devices: names.map((name) => ({ name })),
    },
  };
  const results = names.slice(0, held).map((device) => ({ request: 'r', driver: DRIVER, pool: 'n', device }));
  const claim: KubeObject = {
    ...head('resource.k8s.io/v1', 'ResourceClaim', 'c'),
    status: { allocation: { devices: { results } } },
  };
  return gpuReport(snapshotOf([projectNode(node)], [], { dra: draOf({ claims: [claim], slices: [slice] }) }));
}

function head(apiVersion: string, kind: string, name: string): KubeObject {
  return { apiVersion, kind, metadata: { name, namespace: 'team', uid: name } };
}
