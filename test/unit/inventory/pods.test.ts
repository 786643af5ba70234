import assert from 'node:assert/strict';
import { identify } from '../../../src/inventory/identity.ts';
import { podsReport } from '../../../src/inventory/pods.ts';
import { apiServerPorts } from '../../../src/inventory/ports.ts';
import { dataParallelRanks } from '../../../src/inventory/ranks.ts';
import type { ContainerView, ModelServerDeployment } from '../../../src/inventory/types.ts';
import { fixturePod, wholeCluster } from './fixtures.ts';

const report = podsReport(wholeCluster(), 'me');

function deployments(namespace: string): readonly ModelServerDeployment[] {
  return report.deployments.filter((deployment) => deployment.namespace === namespace);
}

function shape(deployment: ModelServerDeployment | undefined): unknown {
  return deployment?.roles.map(({ role, groups }) => [
    role,
    groups.map(({ index, pods }) => [index, pods.map(({ name, rank }) => `${name}#${rank}`)]),
  ]);
}

describe('model servers', () => {
  it('of 0.3 stand under one LeaderWorkerSet name, with gateway and endpoint picker', () => {
    const [found, ...more] = deployments('v03');
    assert.equal(more.length, 0);
    assert.deepEqual(
      [found?.name, found?.kind, found?.release, found?.model, found?.gpus, found?.owner, found?.mine],
      ['wide-ep-llm-d', 'LeaderWorkerSet', '0.3-0.4', 'deepseek-ai/DeepSeek-R1-0528', 16, null, false],
    );
    assert.deepEqual(shape(found), [
      ['prefill', [[0, ['wide-ep-llm-d-prefill-0#0']]]],
      ['decode', [[0, ['wide-ep-llm-d-decode-0#0', 'wide-ep-llm-d-decode-0-1#1']]]],
      [
        'routing',
        [
          [0, ['deepseek-r1-epp-6d5f-x1#null']],
          [1, ['wide-ep-inference-gateway-istio-7c9-y2#null']],
        ],
      ],
    ]);
    const leader = found?.roles[1]?.groups[0]?.pods[0];
    assert.deepEqual(leader, {
      name: 'wide-ep-llm-d-decode-0',
      namespace: 'v03',
      ip: '10.1.0.1',
      node: 'g1a2f3',
      rank: 0,
      ranks: { first: 0, last: 7 },
      gpus: 4,
      createdAt: null,
      phase: 'Running',
      ready: true,
      restarts: 0,
      lastExit: null,
      reason: null,
      ports: [
        { name: null, container: 'routing-proxy', port: 8000 },
        { name: 'metrics', container: 'vllm-worker', port: 8200 },
      ],
    });
  });

  it("of two people under one name are two deployments, and a picker that could be either's stands alone", () => {
    const shared = deployments('shared');
    assert.deepEqual(
      shared.map(({ name, owner, gpus }) => [name, owner, gpus]),
      [
        ['gaie-pd-epp-1-cc', null, 0],
        ['ms-pd-llm-d-modelservice', 'ana', 5],
        ['ms-pd-llm-d-modelservice', 'ben', 2],
      ],
    );
    assert.deepEqual(shape(shared[1]), [
      [
        'prefill',
        [
          [0, ['ms-pd-llm-d-modelservice-prefill-5c-ba#null']],
          [1, ['ms-pd-llm-d-modelservice-prefill-5c-bb#null']],
        ],
      ],
      ['decode', [[0, ['ms-pd-llm-d-modelservice-decode-5b-aa#null']]]],
    ]);
    assert.equal(shared[1]?.model, 'openai/gpt-oss-120b');
    assert.equal(shared[1]?.release, '0.5-0.6');
  });

  it('are mine by their owner label only, and come first', () => {
    assert.deepEqual(
      report.deployments.filter(({ mine }) => mine).map(({ namespace }) => namespace),
      ['v08'],
    );
    assert.equal(report.deployments[0]?.namespace, 'v08');
    assert.deepEqual(shape(report.deployments[0]), [
      ['decode', [[0, ['wide-ep-lws-nvidia-gpu-vllm-decode-0#0']]]],
      ['routing', [[0, ['wide-ep-lws-epp-1#null']]]],
    ]);
    assert.equal(report.deployments[0]?.release, '0.8-0.9');
    assert.equal(podsReport(wholeCluster(), 'ana').deployments[0]?.owner, 'ana');
  });

  it('of a DisaggregatedSet show both revisions as groups of one role', () => {
    const [found] = deployments('v10');
    assert.deepEqual([found?.name, found?.kind, found?.release], ['ds', 'DisaggregatedSet', '0.10']);
    assert.deepEqual(shape(found), [
      [
        'decode',
        [
          [0, ['ds-0-aaa-decode-0#0']],
          [1, ['ds-0-bbb-decode-0#0']],
        ],
      ],
    ]);
    assert.deepEqual(
      found?.roles[0]?.groups.map(({ revision }) => revision),
      ['aaa', 'bbb'],
    );
  });

  it('keep how their latest run ended, through the back-off that follows', () => {
    const worker = deployments('v03')[0]?.roles[1]?.groups[0]?.pods[1];
    assert.deepEqual(worker?.lastExit, {
      container: 'vllm-worker',
      reason: 'OOMKilled',
      exitCode: 137,
      finishedAt: undefined,
    });
  });

  it('are never taken from a name', () => {
    assert.equal(identify({ ...fixturePod('notebook'), name: 'my-decode-0' }), undefined);
    assert.deepEqual(deployments('other'), []);
  });

  it('get the gateway that is named after them', () => {
    const server = fixturePod('wide-ep-llm-d-decode-0');
    const gateway = fixturePod('wide-ep-inference-gateway-istio-7c9-y2');
    const named = (name: string): typeof server => ({
      ...server,
      key: `v03/${name}`,
      name,
      labels: { ...server.labels, 'workbench.llm-d.ai/deployment': name, 'llm-d.ai/owner': 'me' },
    });
    const pods = [named('wide-ep'), named('other'), gateway];
    const found = podsReport(wholeCluster({ pods: new Map(pods.map((pod) => [pod.key, pod])) }), 'me').deployments;
    assert.deepEqual(
      found.map(({ name, roles }) => [name, roles.map(({ role }) => role)]),
      [
        ['other', ['decode']],
        ['wide-ep', ['decode', 'routing']],
      ],
    );
  });

  it('that the Workbench made are named by its label', () => {
    const pod = fixturePod('wide-ep-llm-d-decode-0');
    const own = { ...pod, labels: { ...pod.labels, 'workbench.llm-d.ai/deployment': 'mine', 'llm-d.ai/owner': 'me' } };
    const [found] = podsReport(wholeCluster({ pods: new Map([[own.key, own]]) }), 'me').deployments;
    assert.deepEqual([found?.name, found?.mine, found?.kind], ['mine', true, 'LeaderWorkerSet']);
  });
});

describe('data-parallel ranks of a pod', () => {
  const leader = fixturePod('wide-ep-llm-d-decode-0');
  const server = (change: Partial<ContainerView>): typeof leader => ({
    ...leader,
    containers: leader.containers.map((container) =>
      container.role === 'main' ? { ...container, env: {}, ports: [], ...change } : container,
    ),
  });

  it('follow from the local size, as an argument or in the environment, and the place in the group', () => {
    assert.deepEqual(dataParallelRanks(leader, 1), { first: 8, last: 15 });
    assert.deepEqual(
      dataParallelRanks(server({ command: ['vllm', 'serve', 'm', '--data-parallel-size-local=4'] }), 2),
      { first: 8, last: 11 },
    );
    assert.deepEqual(
      dataParallelRanks(
        server({
          command: [
            'vllm serve m --data-parallel-size-local ${DP_SIZE_LOCAL} --data-parallel-start-rank ${START_RANK}',
          ],
          env: { DP_SIZE_LOCAL: '2' },
        }),
        3,
      ),
      { first: 6, last: 7 },
    );
  });

  it('begin where the command says', () => {
    assert.deepEqual(
      dataParallelRanks(
        server({ command: ['vllm serve m --data-parallel-size-local 4 --data-parallel-start-rank 12'] }),
        0,
      ),
      { first: 12, last: 15 },
    );
  });

  it('are as many as the ports that are named for them', () => {
    assert.deepEqual(dataParallelRanks(fixturePod('wide-ep-lws-nvidia-gpu-vllm-decode-0'), 0), { first: 0, last: 1 });
  });

  it('are not known of a server that does not tell, nor of what is no server', () => {
    assert.equal(
      dataParallelRanks(server({ command: ['vllm serve m --data-parallel-size-local $((8 / 2))'] }), 0),
      undefined,
    );
    assert.equal(dataParallelRanks(server({ command: ['vllm serve m --data-parallel-size-local 0'] }), 0), undefined);
    assert.equal(dataParallelRanks(fixturePod('notebook'), 0), undefined);
  });
});

describe('ports of the API servers', () => {
  const table: readonly (readonly [string, readonly number[]])[] = [
    ['wide-ep-llm-d-decode-0', [8200]],
    ['wide-ep-llm-d-prefill-0', [8000]],
    ['ms-pd-llm-d-modelservice-decode-5b-aa', [8200]],
    ['ms-pd-llm-d-modelservice-prefill-5c-bb', [8000]],
    ['wide-ep-lws-nvidia-gpu-vllm-decode-0', [8200, 8201]],
    ['deepseek-r1-epp-6d5f-x1', []],
    ['notebook', []],
  ];
  for (const [name, ports] of table) {
    it(`of ${name} are ${ports.length === 0 ? 'none' : ports.join(' and ')}`, () =>
      assert.deepEqual(apiServerPorts(fixturePod(name)), ports));
  }

  it('come from several servers in one container too, and from the declared port when the argument is computed', () => {
    const pod = fixturePod('wide-ep-llm-d-decode-0');
    const withCommand = (
      command: string,
      ports: readonly { name: string | undefined; port: number }[],
    ): typeof pod => ({
      ...pod,
      containers: [{ ...pod.containers[1]!, command: [command], ports }],
    });
    assert.deepEqual(
      apiServerPorts(withCommand('vllm serve m --port=8201 & vllm serve m --port 8200', [])),
      [8200, 8201],
    );
    assert.deepEqual(
      apiServerPorts(
        withCommand('vllm serve m --port $((8000 + 1))', [
          { name: 'nixl', port: 5600 },
          { name: 'vllm', port: 8200 },
        ]),
      ),
      [8200],
    );
  });
});

describe('reports of snapshots one after the other', () => {
  it('hold the same objects for deployments whose pods did not change, and what each alone would', () => {
    const before = wholeCluster();
    const first = podsReport(before, 'me');
    const changed = fixturePod('wide-ep-llm-d-decode-0');
    const after = wholeCluster({
      cluster: before.cluster,
      pods: new Map(before.pods).set(changed.key, { ...changed, ready: false }),
    });
    const second = podsReport(after, 'me');
    const other = second.deployments.filter((deployment) => !first.deployments.includes(deployment));
    assert.deepEqual(
      other.map(({ namespace }) => namespace),
      ['v03'],
    );
    assert.deepEqual(second, podsReport({ ...after, cluster: { ...after.cluster } }, 'me'));
  });

  it('depend on who asks', () => {
    const snapshot = wholeCluster();
    const mine = (me: string): readonly string[] =>
      podsReport(snapshot, me)
        .deployments.filter((deployment) => deployment.mine)
        .map(({ name }) => name);
    assert.deepEqual(mine('nobody'), []);
    assert.ok(mine('ana').length > 0);
    assert.deepEqual(mine('nobody'), []);
  });
});
