import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { effectiveGpus, parseQuantity } from '../../../src/inventory/effective-request.ts';
import { isGpuResource } from '../../../src/inventory/gpu-resources.ts';
import { gpuReport } from '../../../src/inventory/gpus.ts';
import { projectNode, projectPod } from '../../../src/inventory/project.ts';
import type { GpuNode } from '../../../src/inventory/types.ts';
import { snapshotOf, wholeCluster } from './fixtures.ts';

describe('quantities', () => {
  it('are read in every notation', () => {
    const table: readonly (readonly [unknown, number | undefined])[] = [
      ['8', 8], [8, 8], ['500m', 0.5], ['1k', 1000], ['1Ki', 1024], ['1e3', 1000], ['1E', 1e18], ['2.5G', 2.5e9], ['.5', 0.5], ['+3', 3], ['1Ei', 2 ** 60],
      ['', undefined], ['eight', undefined], ['8 GPUs', undefined], [null, undefined], [Number.NaN, undefined],
    ];
    for (const [text, value] of table) assert.equal(parseQuantity(text), value, String(text));
  });

  it('count as GPUs by the resource\'s name', () => {
    const names = ['nvidia.com/gpu', 'nvidia.com/gpu.shared', 'nvidia.com/mig-1g.10gb', 'amd.com/gpu', 'gpu.intel.com/i915', 'gpu.intel.com/xe', 'google.com/tpu', 'habana.ai/gaudi'];
    for (const name of names) assert.ok(isGpuResource(name), name);
    for (const name of ['rdma/ib', 'cpu', 'gpu.intel.com/i915_monitoring', 'gpu.intel.com/memory.max', 'nvidia.com/gpu.replicas']) assert.ok(!isGpuResource(name), name);
  });
});

describe('GPU report', () => {
  const report = gpuReport(wholeCluster());
  const node = (name: string): GpuNode => report.nodes.find((candidate) => candidate.name === name)!;

  it('counts what pods that have not ended hold, bound or running', () => {
    assert.deepEqual(node('g1a2f3').resources, { 'nvidia.com/gpu': { allocatable: 8, requested: 8, free: 0 } });
    assert.deepEqual(node('g1a2f3').holders.map(({ pod, owner, count }) => [pod, owner, count]), [['wide-ep-llm-d-decode-0', 'wide-ep-llm-d-decode', 4], ['wide-ep-llm-d-decode-0-1', 'wide-ep-llm-d-decode', 4]]);
    assert.deepEqual(node('g1a2f4').holders.map(({ owner }) => owner), ['ana', 'ana'], 'the evicted pod holds nothing');
    assert.deepEqual(node('mig').resources, { 'nvidia.com/mig-1g.10gb': { allocatable: 4, requested: 1, free: 3 }, 'nvidia.com/mig-3g.40gb': { allocatable: 2, requested: 0, free: 2 } });
    assert.deepEqual(node('mi300x').resources, { 'amd.com/gpu': { allocatable: 8, requested: 8, free: 0 } }, 'a pod being deleted still holds');
    assert.deepEqual(node('max').resources, { 'gpu.intel.com/i915': { allocatable: 2, requested: 0, free: 2 } });
    assert.deepEqual(node('cpu').resources, {});
  });

  it('keeps nodes that take no pods apart, and what waits', () => {
    assert.deepEqual(report.totals['nvidia.com/gpu'], { allocatable: 8 + 4, requested: 8 + 4, free: 0, unusable: 16, tainted: 0, pending: 8 });
    assert.deepEqual(report.totals['google.com/tpu'], { allocatable: 4, requested: 0, free: 4, unusable: 0, tainted: 0, pending: 0 });
  });

  it('reads the topology of every provider', () => {
    assert.deepEqual(node('g1a2f3').topology, { leafgroup: '7', fabric: '1', superpod: '2', rack: 'r12', region: 'east-04' });
    assert.deepEqual(node('g1a2f4').topology, { leafgroup: '8', fabric: '1' });
    assert.deepEqual(node('gb200').topology, { leafgroup: 'leaf-3', spine: 'spine-1', nvlink: 'nvl1' });
    assert.deepEqual(node('gke-h100').topology, { block: 'b1', zone: 'zone-c' });
  });

  it('warns of what makes a number mean something else', () => {
    assert.deepEqual(report.warnings.map(({ code }) => code), ['time-slicing', 'no-device-plugin']);
    assert.match(report.warnings[1]?.message ?? '', /^broken has GPUs by label/);
  });

  it('works from pods alone when nodes may not be listed, and says so', () => {
    const error = new WorkbenchError({ code: 'forbidden', message: 'no' });
    const blind = gpuReport(wholeCluster({ nodes: new Map(), states: { nodes: { kind: 'denied', error }, pods: { kind: 'live' } } }));
    assert.deepEqual(blind.nodes.map(({ name }) => name), ['g1a2f3', 'g1a2f4', 'gb200', 'mi300x', 'mig']);
    assert.equal(blind.nodes[0]?.resources['nvidia.com/gpu']?.requested, 8);
    assert.equal(blind.totals['nvidia.com/gpu']?.free, 0, 'no GPU is called free that nobody knows of');
    assert.deepEqual(blind.warnings.map(({ code }) => code), ['nodes-denied']);
    assert.ok(gpuReport(wholeCluster({ podScope: 'namespace' })).warnings.some(({ code }) => code === 'pods-of-one-namespace'));
  });
});

// --- property tests against a reference that is slow and obvious

interface Container { readonly gpus: number; readonly limitOnly: boolean; readonly kind: 'main' | 'init' | 'sidecar' }
interface RandomPod { readonly containers: readonly Container[]; readonly node: number | undefined; readonly phase: string }

const container: fc.Arbitrary<Container> = fc.record({ gpus: fc.nat(8), limitOnly: fc.boolean(), kind: fc.constantFrom('main', 'init', 'sidecar') });
const randomPod: fc.Arbitrary<RandomPod> = fc.record({
  containers: fc.array(container, { minLength: 1, maxLength: 6 }),
  node: fc.option(fc.nat(3), { nil: undefined }),
  phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'),
});

function specOf(pod: RandomPod): Record<string, unknown> {
  const json = (one: Container, index: number): object => ({
    name: `c${index}`,
    ...(one.kind === 'sidecar' ? { restartPolicy: 'Always' } : {}),
    resources: one.limitOnly ? { limits: { 'nvidia.com/gpu': String(one.gpus) } } : { requests: { 'nvidia.com/gpu': one.gpus }, limits: { 'nvidia.com/gpu': one.gpus } },
  });
  return {
    ...(pod.node === undefined ? {} : { nodeName: `n${pod.node}` }),
    initContainers: pod.containers.filter(({ kind }) => kind !== 'main').map(json),
    containers: pod.containers.filter(({ kind }) => kind === 'main').map(json),
  };
}

/** Plays the pod's life step by step and takes the most that runs at once. */
function slowEffective(pod: RandomPod): number {
  const steps: number[] = [];
  const inits = pod.containers.filter(({ kind }) => kind !== 'main');
  inits.forEach((one, index) => {
    const sidecarsBefore = inits.slice(0, index).filter(({ kind }) => kind === 'sidecar');
    steps.push(sidecarsBefore.reduce((sum, { gpus }) => sum + gpus, 0) + one.gpus);
  });
  steps.push(pod.containers.filter(({ kind }) => kind !== 'init').reduce((sum, { gpus }) => sum + gpus, 0));
  return Math.max(...steps);
}

describe('GPU accounting against a slow reference', () => {
  it('agrees on the effective request of a pod', () => {
    fc.assert(fc.property(randomPod, (pod) => {
      assert.equal(effectiveGpus(specOf(pod))['nvidia.com/gpu'] ?? 0, slowEffective(pod));
    }), { numRuns: 500 });
  });

  it('agrees on requested, free, unusable and pending GPUs of a cluster', () => {
    const node = fc.record({ gpus: fc.nat(16), ready: fc.boolean(), cordoned: fc.boolean() });
    fc.assert(fc.property(fc.array(node, { minLength: 4, maxLength: 4 }), fc.array(randomPod, { maxLength: 12 }), (nodes, pods) => {
      const snapshot = snapshotOf(
        nodes.map(({ gpus, ready, cordoned }, index) => projectNode({
          apiVersion: 'v1', kind: 'Node', metadata: { name: `n${index}` }, spec: { unschedulable: cordoned },
          status: { allocatable: { 'nvidia.com/gpu': String(gpus) }, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
        })),
        pods.map((pod, index) => projectPod({ apiVersion: 'v1', kind: 'Pod', metadata: { name: `p${index}`, namespace: 'ns' }, spec: specOf(pod), status: { phase: pod.phase } })),
      );
      const report = gpuReport(snapshot);
      const alive = pods.filter(({ phase }) => phase !== 'Succeeded' && phase !== 'Failed');
      const expected = { allocatable: 0, requested: 0, free: 0, unusable: 0, tainted: 0, pending: 0 };
      nodes.forEach(({ gpus, ready, cordoned }, index) => {
        let held = 0;
        for (const pod of alive) if (pod.node === index) held += slowEffective(pod);
        const count = report.nodes.find(({ name }) => name === `n${index}`)?.resources['nvidia.com/gpu'];
        assert.deepEqual(count ?? { allocatable: 0, requested: 0, free: 0 }, { allocatable: gpus, requested: held, free: gpus > held ? gpus - held : 0 });
        if (ready && !cordoned) {
          expected.allocatable += gpus;
          expected.requested += held;
          expected.free += gpus > held ? gpus - held : 0;
        } else expected.unusable += gpus;
      });
      for (const pod of alive) if (pod.node === undefined) expected.pending += slowEffective(pod);
      assert.deepEqual(report.totals['nvidia.com/gpu'] ?? { allocatable: 0, requested: 0, free: 0, unusable: 0, tainted: 0, pending: 0 }, expected);
      const holders = report.nodes.flatMap((each) => each.holders);
      assert.equal(holders.reduce((sum, { count }) => sum + count, 0), alive.filter(({ node: place }) => place !== undefined).reduce((sum, pod) => sum + slowEffective(pod), 0));
    }), { numRuns: 300 });
  });
});
