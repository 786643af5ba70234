import assert from 'node:assert/strict';
import { deploymentGpus, podGpus } from '../../../../src/benchmarks/running/cluster-facts.ts';
import { wantedGpus } from '../../../../src/deployment/preflight.ts';
import { gpuReport } from '../../../../src/inventory/gpus.ts';
import { projectNode, projectPod } from '../../../../src/inventory/project.ts';
import { effectiveGpus, effectiveRequest } from '../../../../src/kube/model/effective-request.ts';
import type { Container, Pod, PodSpec } from '../../../../src/kube/model/kinds.ts';
import type { KubeObject } from '../../../../src/kube/model/types.ts';
import type { KubeClient } from '../../../../src/kube/types.ts';
import { snapshotOf } from '../../inventory/fixtures.ts';

const GPU = 'nvidia.com/gpu';

function container(gpus: number, more: Container = {}): Container {
  return { name: 'c', resources: { limits: { [GPU]: String(gpus) } }, ...more };
}

describe('what a pod holds', () => {
  for (const [what, spec, gpus] of [
    ['containers together', { containers: [container(4), container(2)] }, 6],
    ['the largest init container, where it is more', { initContainers: [container(8)], containers: [container(4)] }, 8],
    [
      'no init container beside the others',
      { initContainers: [container(3), container(3)], containers: [container(4)] },
      4,
    ],
    [
      'a sidecar beside what follows it',
      { initContainers: [container(1, { restartPolicy: 'Always' }), container(8)], containers: [container(4)] },
      9,
    ],
    [
      'no sidecar beside what ran before it',
      { initContainers: [container(8), container(1, { restartPolicy: 'Always' })], containers: [container(4)] },
      8,
    ],
    [
      'a request before a limit',
      { containers: [{ resources: { limits: { [GPU]: '4' }, requests: { [GPU]: '2' } } }] },
      2,
    ],
    ['nothing by what is no amount', { containers: [{ resources: { limits: { [GPU]: 'all' } } }] }, undefined],
  ] as const satisfies readonly (readonly [string, PodSpec, number | undefined])[])
    it(`is ${what}`, () => assert.equal(effectiveGpus(spec)[GPU], gpus));

  it('is exact, and has the overhead of its runtime', () => {
    const spec: PodSpec = {
      containers: [{ resources: { requests: { cpu: '100m' } } }, { resources: { requests: { cpu: '200m' } } }],
      overhead: { cpu: '50m' },
    };
    assert.deepEqual([...effectiveRequest(spec)], [['cpu', 350_000_000n]]);
  });

  it('of shapes that are none is nothing', () => {
    const odd: KubeObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'odd' },
      spec: { containers: [7, null], initContainers: 'x', overhead: [] },
    };
    assert.deepEqual([...effectiveRequest((odd as Pod).spec)], []);
    assert.deepEqual(effectiveGpus(undefined), {});
  });
});

describe('4 of a resource count 4 in the tree, before a deploy and in the record of a run', () => {
  for (const resource of [
    'nvidia.com/gpu',
    'nvidia.com/gpu.shared',
    'nvidia.com/mig-1g.10gb',
    'nvidia.com/mig-1g.10gb.shared',
    'amd.com/gpu',
    'amd.com/cpx_nps4',
    'gpu.intel.com/i915',
    'gpu.intel.com/xe',
    'google.com/tpu',
    'habana.ai/gaudi',
  ])
    it(resource, async () => {
      const amounts = { [resource]: '4' };
      const spec: PodSpec = { nodeName: 'n', containers: [{ name: 'c', resources: { limits: amounts } }] };
      const pod: Pod = { ...head('Pod', 'p'), spec, status: { phase: 'Running' } };
      const node = projectNode({ ...head('Node', 'n'), status: { allocatable: amounts } });

      const report = gpuReport(snapshotOf([node], [projectPod(pod)]));
      assert.deepEqual(
        report.nodes[0]?.holders.map(({ count }) => count),
        [4],
      );
      assert.deepEqual(
        [...wantedGpus([{ ...head('Deployment', 'd'), spec: { replicas: 1, template: { spec } } }])],
        [[resource, 4]],
      );
      const client = {
        cluster: { context: 'c', namespace: 'team', server: 's' },
        list: async () => [pod],
        get: async () => pod,
      };
      const { signal } = new AbortController();
      assert.equal(await deploymentGpus(client as unknown as KubeClient, 'd', signal), 4);
      assert.equal(await podGpus(client as unknown as KubeClient, 'p', signal), 4);
    });
});

function head(kind: string, name: string): Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'> {
  return { apiVersion: 'v1', kind, metadata: { name, namespace: 'team', uid: name } };
}
