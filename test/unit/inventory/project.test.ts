import assert from 'node:assert/strict';
import { ownerName } from '../../../src/inventory/owner.ts';
import { projectNode, projectPod } from '../../../src/inventory/project.ts';
import { fixturePod, nodeObjects, podObjects } from './fixtures.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';

const node = (name: string): ReturnType<typeof projectNode> =>
  projectNode(nodeObjects.find((object) => object.metadata.name === name)!);

describe('projection of nodes and pods', () => {
  it('reads a node', () => {
    const { labels: _labels, ...rest } = node('g1a2f3');
    assert.deepEqual(rest, {
      name: 'g1a2f3',
      uid: '',
      ready: true,
      schedulable: true,
      internalIp: '10.0.0.3',
      product: 'H200',
      kubeletVersion: undefined,
      allocatable: { 'nvidia.com/gpu': 8 },
      taints: [{ key: 'is_gpu', value: 'true', effect: 'PreferNoSchedule' }],
    });
    assert.equal(node('g1a2f4').schedulable, false);
    assert.equal(node('gke-h100').ready, false, 'a kubelet that is not heard of is not ready');
  });

  it('names the accelerator of every provider without its vendor', () => {
    const products = Object.fromEntries(
      nodeObjects.map((object) => [object.metadata.name, projectNode(object).product]),
    );
    assert.deepEqual(products, {
      g1a2f3: 'H200',
      g1a2f4: 'H200',
      'gke-h100': 'H100-80GB',
      mig: 'A100-SXM4-80GB',
      sliced: 'L4-SHARED',
      gb200: 'GB200',
      mi300x: 'MI300X_OAM',
      tpu: 'TPU-V5-LITE-PODSLICE',
      max: undefined,
      broken: 'H200',
      cpu: undefined,
    });
  });

  it('reads a pod with its sidecar, and keeps no secret', () => {
    const pod = fixturePod('wide-ep-llm-d-decode-0');
    assert.equal(pod.key, 'v03/wide-ep-llm-d-decode-0');
    assert.deepEqual(pod.gpus, { 'nvidia.com/gpu': 4 });
    assert.deepEqual(
      pod.containers.map(({ name, role }) => [name, role]),
      [
        ['routing-proxy', 'sidecar'],
        ['vllm-worker', 'main'],
      ],
    );
    assert.deepEqual(pod.containers[1]?.env, { DP_SIZE_LOCAL: '8' });
    assert.doesNotMatch(JSON.stringify(podObjects.map(projectPod)), /never-keep-me/);
    assert.equal(pod.owner?.name, 'wide-ep-llm-d-decode');
    assert.equal(pod.reason, undefined);
  });

  it('drops long annotations', () => {
    const object = podObjects.find((candidate) => candidate.metadata.name === 'notebook')!;
    const long = {
      ...object,
      metadata: { ...object.metadata, annotations: { short: 'kept', long: 'x'.repeat(5000) } },
    };
    assert.deepEqual(projectPod(long).annotations, { short: 'kept' });
  });

  it('says in one clause why a pod is not fine', () => {
    assert.equal(
      fixturePod('wide-ep-llm-d-decode-0-1').reason,
      'vllm-worker: CrashLoopBackOff, OOMKilled (exit code 137)',
    );
    assert.equal(fixturePod('wide-ep-llm-d-decode-0-1').restarts, 3);
    assert.equal(
      fixturePod('wide-ep-llm-d-prefill-0').reason,
      'Unschedulable: 0/4 nodes are available: 3 Insufficient nvidia.com/gpu, 1 node(s) were unschedulable.',
    );
    assert.equal(
      fixturePod('ms-pd-llm-d-modelservice-prefill-5c-ba').reason,
      'Evicted: The node was low on resource: ephemeral-storage.',
    );
    assert.equal(fixturePod('notebook').reason, 'nb: ImagePullBackOff: Back-off pulling image "nb"');
    assert.equal(fixturePod('ds-0-bbb-decode-0').reason, 'being deleted');
    assert.equal(fixturePod('train-1-x').reason, undefined);
  });

  it('takes objects of any shape', () => {
    const odd: KubeObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'odd' },
      spec: { containers: [7, { name: null, ports: 'no', env: [{}] }] },
      status: { conditions: {}, containerStatuses: [null] },
    };
    assert.equal(projectPod(odd).phase, 'Unknown');
    assert.equal(projectNode({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'odd' } }).ready, false);
  });
});

describe('owner name', () => {
  it('is a label value made of the setting or the user name', () => {
    assert.equal(ownerName({ USER: 'Ana.María' }), 'ana-mari-a');
    assert.equal(ownerName({ USER: 'ana' }, 'Team Blue!'), 'team-blue');
    assert.equal(ownerName({}), 'unknown');
    assert.match(ownerName({ USER: `${'x'.repeat(39)}.y` }), /^x{39}$/);
  });
});
