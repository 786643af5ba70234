import assert from 'node:assert/strict';
import { startServer, type Answer, type TestServer } from './support.ts';

const sets = '/apis/leaderworkerset.x-k8s.io/v1/namespaces/default/leaderworkersets';
const mergePatch = 'application/merge-patch+json';

describe('API server: the webhooks of LeaderWorkerSets', () => {
  let api: TestServer;
  before(async () => {
    api = await startServer();
  });
  after(async () => {
    await api.close();
    assert.deepEqual(api.failures, []);
  });

  function send(spec: Record<string, unknown>, name = 'set', template: Record<string, unknown> = {}): Promise<Answer> {
    const workerTemplate = { spec: { containers: [{ name: 'main', image: 'x' }] } };
    return api.call('POST', `${sets}?dryRun=All`, {
      body: {
        apiVersion: 'leaderworkerset.x-k8s.io/v1',
        kind: 'LeaderWorkerSet',
        metadata: { name },
        spec: { leaderWorkerTemplate: { size: 2, workerTemplate, ...template }, ...spec },
      },
    });
  }

  it('write a set as a Go program does that has read it', async () => {
    const container = {
      name: 'main',
      image: 'x',
      workingDir: '',
      stdin: false,
      env: [{ name: 'A', value: '' }],
      args: [],
      resources: { limits: { cpu: '1000m' } },
    };
    const { status, json, text } = await send({ rolloutStrategy: {} }, 'set', {
      workerTemplate: { spec: { containers: [container], nodeSelector: {} } },
      leaderTemplate: { spec: { containers: [{ name: 'main', image: 'x' }] } },
    });
    assert.equal(status, 201, text);
    assert.deepEqual(json.spec, {
      replicas: 1,
      startupPolicy: 'LeaderCreated',
      leaderWorkerTemplate: {
        size: 2,
        restartPolicy: 'RecreateGroupOnPodRestart',
        workerTemplate: {
          metadata: {},
          spec: {
            containers: [{ name: 'main', image: 'x', env: [{ name: 'A' }], resources: { limits: { cpu: '1' } } }],
          },
        },
        leaderTemplate: { metadata: {}, spec: { containers: [{ name: 'main', image: 'x', resources: {} }] } },
      },
      rolloutStrategy: {
        type: 'RollingUpdate',
        rollingUpdateConfiguration: { maxUnavailable: 1, maxSurge: 0, partition: 0 },
      },
      networkConfig: { subdomainPolicy: 'Shared' },
    });
  });

  it('cannot read a value of another type', async () => {
    const { status, json } = await send({ replicas: 'two' });
    assert.equal(status, 400);
    assert.equal('reason' in json, false);
    assert.match(
      json.message,
      /^admission webhook "mleaderworkerset.kb.io" denied the request: json: cannot unmarshal string/,
    );
  });

  for (const [what, spec, template, message] of [
    [
      'a group of no pods',
      {},
      { size: 0 },
      'spec.leaderWorkerTemplate.size: Invalid value: 0: size must be equal or greater than 1',
    ],
    [
      'a rollout that could never move',
      { rolloutStrategy: { type: 'RollingUpdate', rollingUpdateConfiguration: { maxUnavailable: '0%', maxSurge: 0 } } },
      {},
      'spec.rolloutStrategy.rollingUpdateConfiguration.maxUnavailable: Invalid value: "0%": must not be 0 when `maxSurge` is 0',
    ],
    [
      'more than all at once',
      {
        rolloutStrategy: { type: 'RollingUpdate', rollingUpdateConfiguration: { maxUnavailable: '110%', maxSurge: 0 } },
      },
      {},
      'spec.rolloutStrategy.rollingUpdateConfiguration.maxUnavailable: Invalid value: "110%": must not be greater than 100%',
    ],
    [
      'subgroups that do not fit',
      {},
      { size: 6, subGroupPolicy: { subGroupSize: 4 } },
      'spec.leaderWorkerTemplate.SubGroupPolicy.subGroupSize: Invalid value: 4: size or size - 1 must be divisible by subGroupSize',
    ],
  ] as const) {
    it(`refuse ${what}`, async () => {
      const { status, json } = await send(spec, 'set', template);
      assert.equal(status, 403);
      assert.equal(json.reason, 'Forbidden');
      assert.equal(json.message, `admission webhook "vleaderworkerset.kb.io" denied the request: ${message}`);
    });
  }

  it('refuse a name that no service can have, after the server has looked', async () => {
    assert.equal((await send({}, '1-digit')).status, 403);
    assert.equal((await send({}, 'Upper')).status, 422);
    const negative = await send({ replicas: -1 });
    assert.deepEqual([negative.status, negative.json.details.causes[0].field], [422, '.spec.replicas']);
  });

  it('are not asked about the status', async () => {
    await api.call('POST', sets, {
      body: {
        apiVersion: 'leaderworkerset.x-k8s.io/v1',
        kind: 'LeaderWorkerSet',
        metadata: { name: 'kept' },
        spec: {
          leaderWorkerTemplate: { size: 2, workerTemplate: { spec: { containers: [{ name: 'main', image: 'x' }] } } },
        },
      },
    });
    const status = await api.call('PATCH', `${sets}/kept/status`, {
      body: { status: { replicas: 7 } },
      contentType: mergePatch,
    });
    assert.deepEqual([status.status, status.json.status], [200, { replicas: 7 }]);
    const grouped = await api.call('PATCH', `${sets}/kept`, {
      body: { spec: { leaderWorkerTemplate: { subGroupPolicy: { subGroupSize: 1 } } } },
      contentType: mergePatch,
    });
    assert.equal(grouped.status, 403);
  });
});
