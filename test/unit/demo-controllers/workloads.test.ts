import assert from 'node:assert/strict';
import { arrayAt, at } from '../../../src/base/json.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { formatIndexes, parseIndexes } from '../../../src/demo/controllers/workloads/job-indexes.ts';
import { ControllerCluster, type Json } from '../../support/controller-cluster.ts';
import * as fc from 'fast-check';

const container = (image: string): Json => ({ name: 'main', image, resources: { requests: { cpu: '1' } } });
const template = (app: string, image: string): Json => ({
  metadata: { labels: { app } },
  spec: { containers: [container(image)] },
});

function deployment(name: string, spec: Json = {}): Json {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas: 3, selector: { matchLabels: { app: name } }, template: template(name, 'v1'), ...spec },
  };
}
function statefulSet(name: string, spec: Json = {}): Json {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name },
    spec: {
      replicas: 3,
      serviceName: name,
      selector: { matchLabels: { app: name } },
      template: template(name, 'v1'),
      ...spec,
    },
  };
}
function job(name: string, spec: Json = {}): Json {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [container('v1')] } }, ...spec },
  };
}
function imageOf(pod: KubeObject): unknown {
  return at(arrayAt(pod, 'spec', 'containers')[0], 'image');
}

describe('workloads', () => {
  let cluster: ControllerCluster;
  beforeEach(async () => {
    cluster = await ControllerCluster.start();
    cluster.addNode('cpu-0', { gpus: 0 });
    cluster.addNode('cpu-1', { gpus: 0 });
  });
  afterEach(async () => {
    await cluster.stop();
    assert.deepEqual(cluster.warnings, []);
  });

  const condition = (plural: string, group: string, name: string, type: string): Json | undefined =>
    arrayAt(cluster.get(plural, group, name), 'status', 'conditions').find((one) => at(one, 'type') === type) as
      | Json
      | undefined;
  const setImage = (plural: string, name: string, image: string): void => {
    cluster.change(plural, 'apps', name, (spec) => ({ ...spec, template: template(name, image) }));
  };
  const replicaSets = (): readonly KubeObject[] => cluster.api.list(cluster.kind('replicasets', 'apps'), 'default');

  describe('Deployment', () => {
    it('runs its pods through a ReplicaSet and tells that it is available', async () => {
      cluster.create('deployments', 'apps', deployment('web'));
      await cluster.eventually(() =>
        assert.equal(condition('deployments', 'apps', 'web', 'Progressing')?.['reason'], 'NewReplicaSetAvailable'),
      );
      const status = cluster.get('deployments', 'apps', 'web')?.['status'] as Json;
      assert.deepEqual(
        [
          status['replicas'],
          status['updatedReplicas'],
          status['readyReplicas'],
          status['availableReplicas'],
          status['unavailableReplicas'],
        ],
        [3, 3, 3, 3, undefined],
      );
      assert.equal(status['observedGeneration'], 1);
      assert.equal(condition('deployments', 'apps', 'web', 'Available')?.['status'], 'True');
      const [set] = replicaSets();
      assert.match(set?.metadata.name ?? '', /^web-[bcdfghjklmnpqrstvwxz2456789]+$/);
      assert.ok(cluster.podNames().every((name) => name.startsWith(`${set?.metadata.name}-`)));
      assert.equal(
        cluster.get('deployments', 'apps', 'web')?.metadata.annotations?.['deployment.kubernetes.io/revision'],
        '1',
      );
    });

    it('replaces a deleted pod', async () => {
      cluster.create('deployments', 'apps', deployment('web'));
      await cluster.eventually(() => assert.equal(cluster.pods({ app: 'web' }).length, 3));
      const [gone] = cluster.podNames();
      cluster.delete('pods', '', gone ?? '');
      await cluster.eventually(() => {
        assert.equal(cluster.pods({ app: 'web' }).length, 3);
        assert.ok(!cluster.podNames().includes(gone ?? ''));
      });
    });

    it('rolls out without ever having too few or too many pods, and keeps the old set for an undo', async () => {
      cluster.create(
        'deployments',
        'apps',
        deployment('web', {
          replicas: 4,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
        }),
      );
      await cluster.eventually(() =>
        assert.equal(at(cluster.get('deployments', 'apps', 'web'), 'status', 'availableReplicas'), 4),
      );
      const seen: { total: number; ready: number }[] = [];
      const watch = cluster.api.watch(cluster.kind('pods'), () => {
        const pods = cluster.pods({ app: 'web' }).filter((pod) => pod.metadata.deletionTimestamp === undefined);
        // The limit is on what the sets ask for, as in the real controller: a set lags behind its own number for a moment.
        const total = replicaSets().reduce((sum, set) => sum + Number(at(set, 'spec', 'replicas')), 0);
        seen.push({
          total,
          ready: pods.filter((pod) =>
            arrayAt(pod, 'status', 'conditions').some(
              (one) => at(one, 'type') === 'Ready' && at(one, 'status') === 'True',
            ),
          ).length,
        });
      });
      setImage('deployments', 'web', 'v2');
      await cluster.eventually(() => {
        assert.deepEqual(cluster.pods().map(imageOf), ['v2', 'v2', 'v2', 'v2']);
        assert.equal(condition('deployments', 'apps', 'web', 'Progressing')?.['reason'], 'NewReplicaSetAvailable');
      });
      watch.dispose();
      assert.ok(Math.max(...seen.map(({ total }) => total)) <= 5, 'surge');
      assert.ok(Math.min(...seen.map(({ ready }) => ready)) >= 3, 'unavailable');
      assert.deepEqual(new Set(replicaSets().map((set) => at(set, 'spec', 'replicas'))), new Set([0, 4]));

      setImage('deployments', 'web', 'v1');
      await cluster.eventually(() => assert.deepEqual(cluster.pods().map(imageOf), ['v1', 'v1', 'v1', 'v1']));
      assert.equal(replicaSets().length, 2);
      assert.equal(
        cluster.get('deployments', 'apps', 'web')?.metadata.annotations?.['deployment.kubernetes.io/revision'],
        '3',
      );
    });

    it('stops at a version that does not become ready, and tells when its time is over', async () => {
      cluster.create('deployments', 'apps', deployment('web', { progressDeadlineSeconds: 1 }));
      await cluster.eventually(() =>
        assert.equal(at(cluster.get('deployments', 'apps', 'web'), 'status', 'availableReplicas'), 3),
      );
      cluster.fateOf = (pod) => (imageOf(pod) === 'bad' ? 'running' : 'ready');
      setImage('deployments', 'web', 'bad');
      await cluster.eventually(() =>
        assert.equal(condition('deployments', 'apps', 'web', 'Progressing')?.['reason'], 'ProgressDeadlineExceeded'),
      );
      assert.equal(cluster.pods().filter((pod) => imageOf(pod) === 'v1').length, 3);
      assert.equal(condition('deployments', 'apps', 'web', 'Available')?.['status'], 'True');
    });

    it('recreates all at once where it is told to, and waits while paused', async () => {
      cluster.create('deployments', 'apps', deployment('web', { strategy: { type: 'Recreate' } }));
      await cluster.eventually(() => assert.equal(cluster.pods().length, 3));
      cluster.change('deployments', 'apps', 'web', (spec) => ({
        ...spec,
        paused: true,
        template: template('web', 'v2'),
      }));
      await cluster.eventually(() =>
        assert.equal(condition('deployments', 'apps', 'web', 'Progressing')?.['reason'], 'DeploymentPaused'),
      );
      assert.deepEqual(cluster.pods().map(imageOf), ['v1', 'v1', 'v1']);
      cluster.change('deployments', 'apps', 'web', (spec) => ({ ...spec, paused: false }));
      await cluster.eventually(() => assert.deepEqual(cluster.pods().map(imageOf), ['v2', 'v2', 'v2']));
    });

    it('goes with its sets and pods', async () => {
      cluster.create('deployments', 'apps', deployment('web'));
      await cluster.eventually(() => assert.equal(cluster.pods().length, 3));
      cluster.delete('deployments', 'apps', 'web', { propagation: 'Foreground' });
      await cluster.eventually(() => {
        assert.equal(cluster.get('deployments', 'apps', 'web'), undefined);
        assert.deepEqual([replicaSets().length, cluster.pods().length], [0, 0]);
      });
    });
  });

  describe('StatefulSet', () => {
    it('starts pod after pod, each when the one before is ready', async () => {
      cluster.fateOf = (pod) => (pod.metadata.name === 'db-1' ? 'running' : 'ready');
      cluster.create('statefulsets', 'apps', statefulSet('db'));
      await cluster.eventually(() => assert.equal(at(cluster.get('pods', '', 'db-1'), 'status', 'phase'), 'Running'));
      assert.deepEqual(cluster.podNames(), ['db-0', 'db-1']);
      cluster.fateOf = () => 'ready';
      cluster.setPodStatus('db-1', (status) => ({ ...status, reason: 'look again' }));
      await cluster.eventually(() =>
        assert.equal(at(cluster.get('statefulsets', 'apps', 'db'), 'status', 'readyReplicas'), 3),
      );
      assert.equal(cluster.get('pods', '', 'db-2')?.metadata.labels?.['apps.kubernetes.io/pod-index'], '2');
    });

    it('updates from the last down to the partition, and scales down from the last', async () => {
      cluster.create(
        'statefulsets',
        'apps',
        statefulSet('db', { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } }),
      );
      await cluster.eventually(() =>
        assert.equal(at(cluster.get('statefulsets', 'apps', 'db'), 'status', 'readyReplicas'), 3),
      );
      setImage('statefulsets', 'db', 'v2');
      await cluster.eventually(() => assert.deepEqual(cluster.pods().map(imageOf), ['v1', 'v2', 'v2']));
      const before = cluster.get('pods', '', 'db-0')?.metadata.uid;
      cluster.delete('pods', '', 'db-0');
      await cluster.eventually(() => {
        const again = cluster.get('pods', '', 'db-0');
        assert.ok(again && again.metadata.uid !== before);
        assert.equal(imageOf(again), 'v1');
      });
      const status = cluster.get('statefulsets', 'apps', 'db')?.['status'] as Json;
      assert.notEqual(status['currentRevision'], status['updateRevision']);
      cluster.change('statefulsets', 'apps', 'db', (spec) => ({ ...spec, updateStrategy: { type: 'RollingUpdate' } }));
      await cluster.eventually(() => {
        const now = cluster.get('statefulsets', 'apps', 'db')?.['status'] as Json;
        assert.deepEqual([now['updatedReplicas'], now['currentRevision']], [3, now['updateRevision']]);
      });
      cluster.change('statefulsets', 'apps', 'db', (spec) => ({ ...spec, replicas: 1 }));
      await cluster.eventually(() => assert.deepEqual(cluster.podNames(), ['db-0']));
    });

    it('gives every pod its claim, bound to a volume, which outlives it', async () => {
      cluster.api.create(cluster.kind('storageclasses', 'storage.k8s.io'), {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: 'fast' },
        provisioner: 'demo',
      });
      cluster.create(
        'statefulsets',
        'apps',
        statefulSet('db', {
          replicas: 2,
          podManagementPolicy: 'Parallel',
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: {
                storageClassName: 'fast',
                accessModes: ['ReadWriteOnce'],
                resources: { requests: { storage: '1Gi' } },
              },
            },
          ],
        }),
      );
      await cluster.eventually(() =>
        assert.equal(at(cluster.get('statefulsets', 'apps', 'db'), 'status', 'readyReplicas'), 2),
      );
      const claim = cluster.get('persistentvolumeclaims', '', 'data-db-1');
      assert.equal(at(claim, 'status', 'phase'), 'Bound');
      assert.ok(
        arrayAt(cluster.get('pods', '', 'db-1'), 'spec', 'volumes').some(
          (volume) => at(volume, 'persistentVolumeClaim', 'claimName') === 'data-db-1',
        ),
      );
      cluster.change('statefulsets', 'apps', 'db', (spec) => ({ ...spec, replicas: 1 }));
      await cluster.eventually(() => assert.deepEqual(cluster.podNames(), ['db-0']));
      assert.ok(cluster.get('persistentvolumeclaims', '', 'data-db-1'));
    });
  });

  describe('Job', () => {
    const done = (name: string, type: 'Complete' | 'Failed'): Promise<void> =>
      cluster.eventually(() => assert.equal(condition('jobs', 'batch', name, type)?.['status'], 'True'));

    it('runs every index once, so many at a time', async () => {
      cluster.fateOf = () => 'succeed';
      cluster.create('jobs', 'batch', job('bench', { completions: 5, parallelism: 2, completionMode: 'Indexed' }));
      await done('bench', 'Complete');
      const status = cluster.get('jobs', 'batch', 'bench')?.['status'] as Json;
      assert.deepEqual([status['succeeded'], status['completedIndexes'], status['active']], [5, '0-4', undefined]);
      assert.ok(status['startTime'] && status['completionTime']);
      assert.equal(condition('jobs', 'batch', 'bench', 'SuccessCriteriaMet')?.['reason'], 'CompletionsReached');
      const pods = cluster.pods({ 'batch.kubernetes.io/job-name': 'bench' });
      assert.deepEqual(
        pods
          .map((pod) => Number(pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index']))
          .sort((left, right) => left - right),
        [0, 1, 2, 3, 4],
      );
      assert.ok(pods.every((pod) => arrayAt(pod, 'metadata', 'finalizers').length === 0));
      const first = pods.find((pod) => pod.metadata.labels?.['batch.kubernetes.io/job-completion-index'] === '0');
      assert.equal(at(first, 'spec', 'hostname'), 'bench-0');
      assert.ok(
        arrayAt(arrayAt(first, 'spec', 'containers')[0], 'env').some(
          (one) => at(one, 'name') === 'JOB_COMPLETION_INDEX',
        ),
      );
    });

    it('fails once its pods have failed too often', async () => {
      cluster.fateOf = () => 'fail';
      cluster.create('jobs', 'batch', job('bad', { backoffLimit: 0 }));
      await done('bad', 'Failed');
      assert.equal(condition('jobs', 'batch', 'bad', 'Failed')?.['reason'], 'BackoffLimitExceeded');
      assert.equal(condition('jobs', 'batch', 'bad', 'FailureTarget')?.['status'], 'True');
      assert.equal(at(cluster.get('jobs', 'batch', 'bad'), 'status', 'failed'), 1);
    });

    it('ends after its deadline', async () => {
      cluster.create('jobs', 'batch', job('slow', { activeDeadlineSeconds: 1 }));
      await done('slow', 'Failed');
      assert.equal(condition('jobs', 'batch', 'slow', 'Failed')?.['reason'], 'DeadlineExceeded');
      assert.ok(
        cluster
          .pods({ 'job-name': 'slow' })
          .every((pod) => pod.metadata.deletionTimestamp !== undefined || at(pod, 'status', 'phase') === 'Failed'),
      );
    });

    it('is collected after its time to live', async () => {
      cluster.fateOf = () => 'succeed';
      cluster.create('jobs', 'batch', job('brief', { ttlSecondsAfterFinished: 0 }));
      await cluster.eventually(() => {
        assert.equal(cluster.get('jobs', 'batch', 'brief'), undefined);
        assert.deepEqual(cluster.pods(), []);
      });
    });

    for (const propagation of ['Background', 'Foreground'] as const) {
      it(`lets its pods go when it is deleted while they run (${propagation})`, async () => {
        cluster.create('jobs', 'batch', job('cut', { parallelism: 2, completions: 2 }));
        await cluster.eventually(() => assert.equal(at(cluster.get('jobs', 'batch', 'cut'), 'status', 'ready'), 2));
        cluster.delete('jobs', 'batch', 'cut', { propagation });
        await cluster.eventually(() => {
          assert.equal(cluster.get('jobs', 'batch', 'cut'), undefined);
          assert.deepEqual(cluster.pods(), []);
        });
      });
    }

    it('counts a pod that was deleted while it ran as failed, and runs another', async () => {
      cluster.create('jobs', 'batch', job('lossy'));
      await cluster.eventually(() => assert.equal(at(cluster.get('jobs', 'batch', 'lossy'), 'status', 'ready'), 1));
      const [lost] = cluster.podNames();
      cluster.delete('pods', '', lost ?? '');
      await cluster.eventually(() => {
        assert.equal(at(cluster.get('jobs', 'batch', 'lossy'), 'status', 'failed'), 1);
        assert.equal(cluster.pods().length, 1);
        assert.ok(!cluster.podNames().includes(lost ?? ''));
      });
    });

    it('rests while suspended', async () => {
      cluster.create('jobs', 'batch', job('rest', { suspend: true }));
      await cluster.eventually(() => assert.equal(condition('jobs', 'batch', 'rest', 'Suspended')?.['status'], 'True'));
      assert.deepEqual(cluster.pods(), []);
      cluster.fateOf = () => 'succeed';
      cluster.change('jobs', 'batch', 'rest', (spec) => ({ ...spec, suspend: false }));
      await done('rest', 'Complete');
    });
  });

  describe('DaemonSet', () => {
    it('has a pod on every node that it fits, and on new ones', async () => {
      cluster.addNode('tainted', { taints: [{ key: 'a', effect: 'NoSchedule' }] });
      cluster.create('daemonsets', 'apps', {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'agent' },
        spec: { selector: { matchLabels: { app: 'agent' } }, template: template('agent', 'v1') },
      });
      await cluster.eventually(() =>
        assert.equal(at(cluster.get('daemonsets', 'apps', 'agent'), 'status', 'numberReady'), 2),
      );
      cluster.addNode('cpu-2', { gpus: 0 });
      await cluster.eventually(() =>
        assert.deepEqual(
          new Set(cluster.pods().map((pod) => at(pod, 'spec', 'nodeName'))),
          new Set(['cpu-0', 'cpu-1', 'cpu-2']),
        ),
      );
      setImage('daemonsets', 'agent', 'v2');
      await cluster.eventually(() => assert.deepEqual(cluster.pods().map(imageOf), ['v2', 'v2', 'v2']));
    });
  });

  describe('services', () => {
    it('point at ready pods, by number or name of the port', async () => {
      cluster.fateOf = (pod) => (pod.metadata.name === 'db-1' ? 'running' : 'ready');
      const pods = {
        metadata: { labels: { app: 'db' } },
        spec: { containers: [{ name: 'main', image: 'v1', ports: [{ name: 'http', containerPort: 8000 }] }] },
      };
      cluster.create(
        'statefulsets',
        'apps',
        statefulSet('db', { podManagementPolicy: 'Parallel', replicas: 2, template: pods }),
      );
      cluster.create('services', '', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'db' },
        spec: { selector: { app: 'db' }, ports: [{ name: 'web', port: 80, targetPort: 'http' }] },
      });
      await cluster.eventually(() => {
        const [slice] = cluster.api
          .list(cluster.kind('endpointslices', 'discovery.k8s.io'), 'default')
          .filter((one) => one.metadata.labels?.['kubernetes.io/service-name'] === 'db');
        assert.deepEqual(slice?.['ports'], [{ name: 'web', port: 8000, protocol: 'TCP' }]);
        assert.deepEqual(
          arrayAt(slice, 'endpoints').map((one) => [
            at(one, 'targetRef', 'name'),
            at(one, 'conditions', 'ready'),
            at(one, 'hostname'),
          ]),
          [
            ['db-0', true, 'db-0'],
            ['db-1', false, 'db-1'],
          ],
        );
        const [subset] = arrayAt(cluster.get('endpoints', '', 'db'), 'subsets');
        assert.deepEqual([arrayAt(subset, 'addresses').length, arrayAt(subset, 'notReadyAddresses').length], [1, 1]);
      });
    });
  });
});

describe('controllers that are started again', () => {
  it('find everything as it was and make nothing twice', async () => {
    const cluster = await ControllerCluster.start();
    cluster.addNode('cpu', { gpus: 0 });
    cluster.create('deployments', 'apps', deployment('web'));
    cluster.create('statefulsets', 'apps', statefulSet('db'));
    cluster.create('jobs', 'batch', job('bench', { completions: 2, parallelism: 2, completionMode: 'Indexed' }));
    await cluster.eventually(() => {
      assert.equal(at(cluster.get('deployments', 'apps', 'web'), 'status', 'availableReplicas'), 3);
      assert.equal(at(cluster.get('statefulsets', 'apps', 'db'), 'status', 'readyReplicas'), 3);
      assert.equal(at(cluster.get('jobs', 'batch', 'bench'), 'status', 'ready'), 2);
    });
    const before = cluster.pods().map((pod) => `${pod.metadata.name} ${pod.metadata.uid}`);
    cluster.restartControllers();
    // A change that must go through the new controllers shows that they have looked at everything before it.
    cluster.change('deployments', 'apps', 'web', (spec) => ({ ...spec, replicas: 4 }));
    await cluster.eventually(() =>
      assert.equal(at(cluster.get('deployments', 'apps', 'web'), 'status', 'availableReplicas'), 4),
    );
    const after = cluster.pods().map((pod) => `${pod.metadata.name} ${pod.metadata.uid}`);
    assert.deepEqual(
      before.filter((pod) => !after.includes(pod)),
      [],
    );
    assert.equal(after.length, before.length + 1);
    assert.deepEqual(cluster.warnings, []);
    await cluster.stop();
  });

  it('tell an owner whose pods are refused', async () => {
    const cluster = await ControllerCluster.start();
    cluster.create(
      'deployments',
      'apps',
      deployment('web', {
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { serviceAccountName: 'missing', containers: [container('v1')] },
        },
      }),
    );
    await cluster.eventually(() =>
      assert.match(
        String(cluster.events('FailedCreate')[0]?.['message']),
        /^Error creating: pods "web-.*serviceaccount "missing" not found$/,
      ),
    );
    await cluster.stop();
  });
});

describe('completion indexes', () => {
  it('are written as ranges', () => {
    assert.equal(formatIndexes([0, 1, 2, 3, 5, 7, 8]), '0-3,5,7,8');
    assert.equal(formatIndexes([]), '');
  });
  it('are read back as they were', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(40)), (indexes) => {
        assert.deepEqual(parseIndexes(formatIndexes(indexes)), new Set(indexes));
      }),
    );
  });
});
