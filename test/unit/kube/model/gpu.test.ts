import assert from 'node:assert/strict';
import { isGpuResource } from '../../../../src/kube/model/gpu.ts';

describe('resources of device plugins', () => {
  it("count as GPUs by the resource's name", () => {
    const names = [
      'nvidia.com/gpu',
      'nvidia.com/gpu.shared',
      'nvidia.com/mig-1g.10gb',
      'amd.com/gpu',
      'gpu.intel.com/i915',
      'gpu.intel.com/xe',
      'google.com/tpu',
      'habana.ai/gaudi',
    ];
    for (const name of names) assert.ok(isGpuResource(name), name);
    for (const name of [
      'rdma/ib',
      'cpu',
      'gpu.intel.com/i915_monitoring',
      'gpu.intel.com/memory.max',
      'nvidia.com/gpu.replicas',
    ])
      assert.ok(!isGpuResource(name), name);
  });
});
