import assert from 'node:assert/strict';
import { podProjection, projectPod } from '../../../src/inventory/project.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';

function pod(name: string, node: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'team',
      uid: name,
      labels: { app: 'a' },
      annotations: { note: 'n' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'a-1', uid: 'u', controller: true }],
    },
    spec: {
      nodeName: node,
      containers: [
        {
          name: 'main',
          image: 'i',
          command: ['vllm', 'serve', 'm'],
          env: [{ name: 'A', value: 'b' }],
          ports: [{ containerPort: 8000 }],
          resources: { limits: { 'nvidia.com/gpu': '2' } },
        },
      ],
    },
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      containerStatuses: [{ name: 'main', ready: true, restartCount: 0 }],
    },
  };
}

describe('views of like pods', () => {
  it('share what is equal, and are what each pod alone gives', () => {
    const project = podProjection();
    const [one, other] = [project(pod('a-1-x', 'n1')), project(pod('a-1-y', 'n2'))];
    for (const field of ['labels', 'annotations', 'owner', 'gpus', 'containers'] as const)
      assert.equal(one[field], other[field], field);
    assert.deepEqual(one, projectPod(pod('a-1-x', 'n1')));
    assert.deepEqual(other, projectPod(pod('a-1-y', 'n2')));
  });

  it('do not share what differs', () => {
    const project = podProjection();
    const one = project(pod('a-1-x', 'n1'));
    const restarted = {
      ...pod('a-1-y', 'n1'),
      status: { phase: 'Running', containerStatuses: [{ name: 'main', ready: true, restartCount: 3 }] },
    };
    const other = project(restarted);
    assert.notEqual(other.containers, one.containers);
    assert.equal(other.restarts, 3);
    assert.equal(other.labels, one.labels);
  });
});
