import assert from 'node:assert/strict';
import { at } from '../../../src/base/json.ts';
import { asKubeObject } from '../../../src/demo/controllers/core/objects.ts';
import { resized, isResized } from '../../../src/demo/controllers/workloads/deployment-scaling.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { ControllerCluster, type Json } from '../../support/controller-cluster.ts';

function deployment(replicas: number): Json {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'v1' }] } },
    },
  };
}

describe('disruption budgets', () => {
  let cluster: ControllerCluster;
  beforeEach(async () => {
    cluster = await ControllerCluster.start();
    cluster.addNode('cpu-0', { gpus: 0 });
    cluster.create('deployments', 'apps', deployment(3));
    await cluster.eventually(() =>
      assert.equal(at(cluster.get('deployments', 'apps', 'web'), 'status', 'availableReplicas'), 3),
    );
  });
  afterEach(async () => {
    await cluster.stop();
    assert.deepEqual(cluster.warnings, []);
  });

  const budget = (name: string, spec: Json): void => {
    cluster.create('poddisruptionbudgets', 'policy', {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name },
      spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
    });
  };
  const counts = (name: string): unknown => {
    const status = at(cluster.get('poddisruptionbudgets', 'policy', name), 'status');
    return ['expectedPods', 'desiredHealthy', 'currentHealthy', 'disruptionsAllowed'].map((field) => at(status, field));
  };

  for (const [what, spec, expected] of [
    ['a number that must stay', { minAvailable: 2 }, [3, 2, 3, 1]],
    ['a share that must stay', { minAvailable: '50%' }, [3, 2, 3, 1]],
    ['a number that may go', { maxUnavailable: 2 }, [3, 1, 3, 2]],
    ['more than there are', { minAvailable: 5 }, [3, 5, 3, 0]],
  ] as const) {
    it(`allow what ${what} leaves`, async () => {
      budget('keep', spec);
      await cluster.eventually(() => assert.deepEqual(counts('keep'), expected));
      const [condition] = at(cluster.get('poddisruptionbudgets', 'policy', 'keep'), 'status', 'conditions') as Json[];
      assert.deepEqual(
        [condition?.['type'], condition?.['status']],
        ['DisruptionAllowed', expected[3] > 0 ? 'True' : 'False'],
      );
    });
  }

  it('follow their pods', async () => {
    budget('keep', { minAvailable: 1 });
    await cluster.eventually(() => assert.deepEqual(counts('keep'), [3, 1, 3, 2]));
    cluster.change('deployments', 'apps', 'web', (spec) => ({ ...spec, replicas: 1 }));
    await cluster.eventually(() => assert.deepEqual(counts('keep'), [1, 1, 1, 0]));
  });
});

describe("the sizes of a deployment's sets", () => {
  const owner = (replicas: number): KubeObject =>
    asKubeObject({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        replicas,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      },
    });
  const set = (uid: string, replicas: number, scaledFor: number, status: Json = {}): KubeObject =>
    asKubeObject({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      spec: { replicas },
      status,
      metadata: {
        name: uid,
        uid,
        annotations: {
          'deployment.kubernetes.io/desired-replicas': String(scaledFor),
          'deployment.kubernetes.io/max-replicas': String(scaledFor + Math.ceil(scaledFor / 4)),
        },
      },
    });
  const sizes = (replicas: number, sets: readonly KubeObject[], current?: KubeObject): unknown =>
    Object.fromEntries(resized(owner(replicas), sets, current).map(([each, size]) => [each.metadata.name, size]));

  it('are looked at when the deployment has another size than they were scaled for', () => {
    assert.equal(isResized(owner(10), [set('a', 10, 10)]), false);
    assert.equal(isResized(owner(12), [set('a', 10, 10)]), true);
    assert.equal(isResized(owner(12), [set('a', 0, 10)]), false);
  });

  it('one alone gets all', () => {
    assert.deepEqual(sizes(5, [set('a', 3, 3), set('b', 0, 3)]), { a: 5 });
  });

  it('several share in proportion, and the sum is what the surge allows', () => {
    assert.deepEqual(sizes(20, [set('old', 8, 10), set('new', 5, 10)]), { old: 15, new: 10 });
    assert.deepEqual(sizes(5, [set('old', 8, 10), set('new', 5, 10)]), { old: 4, new: 3 });
    assert.deepEqual(sizes(0, [set('old', 8, 10), set('new', 5, 10)]), { old: 0, new: 0 });
  });

  it('old ones go when the new one is complete', () => {
    const current = set('new', 3, 3, { availableReplicas: 3 });
    assert.deepEqual(sizes(3, [set('old', 1, 5), current], current), { old: 0 });
  });
});
