import assert from 'node:assert/strict';
import { hiddenByFilter, modelServerHeadline, modelServerRows } from '../../../src/host/trees/model-server-rows.ts';
import { noServersRow } from '../../../src/host/trees/no-servers-row.ts';
import type { Row } from '../../../src/host/trees/row.ts';
import type { Cause, Crash, LoadingPhase } from '../../../src/inventory/loading/types.ts';
import type { ModelServerDeployment, ModelServerPod } from '../../../src/inventory/types.ts';

function pod(name: string, change: Partial<ModelServerPod> = {}): ModelServerPod {
  return {
    name,
    namespace: 'llm-d',
    ip: null,
    node: null,
    rank: null,
    ranks: null,
    gpus: 8,
    createdAt: null,
    lastExit: null,
    ports: [],
    phase: 'Running',
    ready: true,
    restarts: 0,
    reason: null,
    ...change,
  };
}

function deployment(change: Partial<ModelServerDeployment> = {}): ModelServerDeployment {
  return {
    name: 'wide-ep',
    kind: 'LeaderWorkerSet',
    namespace: 'llm-d',
    owner: 'ann',
    mine: true,
    model: 'deepseek-ai/DeepSeek-R1',
    release: null,
    gpus: 24,
    roles: [
      {
        role: 'decode',
        groups: [
          {
            index: 0,
            revision: null,
            pods: [
              pod('d-0', { rank: 0 }),
              pod('d-0-1', { rank: 1, ready: false, phase: 'Running', restarts: 2, reason: 'CUDA out of memory' }),
            ],
          },
        ],
      },
      { role: 'prefill', groups: [{ index: 0, revision: null, pods: [pod('p-0', { rank: 0 })] }] },
      {
        role: 'routing',
        groups: [{ index: 0, revision: null, pods: [pod('epp', { ready: false, phase: 'Pending' })] }],
      },
    ],
    ...change,
  };
}

function flatten(rows: readonly Row[]): readonly Row[] {
  return rows.flatMap((row) => [row, ...flatten(row.children ?? [])]);
}

function row(rows: readonly Row[], id: string): Row {
  const found = flatten(rows).find((candidate) => candidate.id === id);
  assert.ok(found, id);
  return found;
}

describe('rows of the Model Servers view', () => {
  it('say first what changes: the crash, then shape and size', () => {
    const rows = modelServerRows({ deployments: [deployment()], warnings: [] });
    assert.equal(rows[0]?.description, '1 crashed, 2/3 ready · 1P + 1D · 24 GPUs · DeepSeek-R1');
    assert.equal(row(rows, 'pod/llm-d/d-0-1').description, 'CUDA out of memory (restarted 2x) · d-0-1');
    assert.equal(modelServerHeadline({ deployments: [deployment()], warnings: [] }), 'wide-ep · 1 crashed, 2/3 ready');
  });

  it('do not call a deployment unready because of its routing', () => {
    const healthy = deployment({
      roles: [
        { role: 'decode', groups: [{ index: 0, revision: null, pods: [pod('d-0')] }] },
        { role: 'routing', groups: [{ index: 0, revision: null, pods: [pod('epp', { ready: false })] }] },
      ],
    });
    assert.match(modelServerRows({ deployments: [healthy], warnings: [] })[0]?.description ?? '', /^ready · /);
  });

  it("keep other people's deployments folded away and without actions that change them", () => {
    const rows = modelServerRows({
      deployments: [deployment(), deployment({ name: 'sweep', mine: false, owner: 'bo' })],
      warnings: [],
    });
    const others = row(rows, 'others');
    assert.equal(others.expand, 'collapsed');
    assert.equal(others.description, '1 deployment · 24 GPUs');
    for (const other of flatten(others.children ?? [])) assert.doesNotMatch(other.context ?? '', /\bmine\b/);
  });

  it('show whom the filter asks for, and say whom it leaves out', () => {
    const report = {
      deployments: [deployment(), deployment({ name: 'sweep', mine: false, owner: 'bo' })],
      warnings: [],
    };
    const ids = (filter: 'everybody' | 'mine' | 'others'): readonly string[] =>
      modelServerRows(report, undefined, filter).map((each) => each.id);
    assert.deepEqual(ids('everybody'), ['deployment/llm-d/wide-ep', 'others']);
    assert.deepEqual(ids('mine'), ['deployment/llm-d/wide-ep']);
    assert.deepEqual(ids('others'), ['deployment/llm-d/sweep']);
    assert.equal(hiddenByFilter(report, 'everybody'), undefined);
    assert.equal(hiddenByFilter(report, 'mine'), 'Only mine: 1 deployment of other people not shown.');
    assert.equal(hiddenByFilter({ ...report, deployments: report.deployments.slice(0, 1) }, 'mine'), undefined);
    assert.equal(hiddenByFilter(report, 'others'), "Only other people's: 1 deployment of mine not shown.");
  });

  it('say that there are none where a note stands in the way of the welcome, and where more may be', () => {
    const cluster = { context: 'c', namespace: 'llm-d', server: 'https://s' };
    assert.deepEqual(
      [noServersRow(cluster, 'mine', true), noServersRow(cluster, 'everybody', false)].map(({ label, opens }) => [
        label,
        opens,
      ]),
      [
        ['no model server of mine', 'llmd.filterModelServers'],
        ['no model server in llm-d', 'llmd.selectNamespace'],
      ],
    );
  });

  it('name the data-parallel ranks of a pod, and the revision of a set that rolls out', () => {
    const group = (index: number, revision: string): ModelServerDeployment['roles'][number]['groups'][number] => ({
      index,
      revision,
      pods: [
        pod(`ds-${revision}-0`, { rank: 0, ranks: { first: 0, last: 7 } }),
        pod(`ds-${revision}-0-1`, { rank: 1, ranks: { first: 8, last: 15 } }),
      ],
    });
    const rows = modelServerRows({
      deployments: [deployment({ roles: [{ role: 'decode', groups: [group(0, 'aaa'), group(1, 'bbb')] }] })],
      warnings: [],
    });
    const role = row(rows, 'deployment/llm-d/wide-ep/decode');
    assert.deepEqual(
      role.children?.map((each) => each.description),
      ['2 pods ready · revision aaa', '2 pods ready · revision bbb'],
    );
    assert.deepEqual(
      role.children?.[1]?.children?.map((each) => each.label),
      ['ranks 0-7', 'ranks 8-15'],
    );
  });

  it('tell in the tooltip of a pod its node, GPUs, age and last exit', () => {
    const { tooltip } = row(
      modelServerRows({
        deployments: [
          deployment({
            roles: [
              {
                role: 'decode',
                groups: [
                  {
                    index: 0,
                    revision: null,
                    pods: [
                      pod('d-0', {
                        node: 'g1',
                        gpus: 4,
                        rank: 0,
                        createdAt: '2026-01-02T03:04:05Z',
                        lastExit: {
                          container: 'vllm',
                          reason: 'OOMKilled',
                          exitCode: 137,
                          finishedAt: '2026-01-02T04:04:05Z',
                        },
                      }),
                    ],
                  },
                ],
              },
            ],
          }),
        ],
        warnings: [],
      }),
      'pod/llm-d/d-0',
    );
    for (const fact of [
      'Node: g1',
      'GPUs requested: 4',
      '0 \\(leader\\)',
      'Created: ',
      'vllm: OOMKilled \\(exit code 137\\) at ',
    ])
      assert.ok(tooltip?.includes(fact), `${fact} in ${tooltip}`);
  });

  it('leave out the level of groups where every group is one pod', () => {
    const rows = modelServerRows({ deployments: [deployment()], warnings: [] });
    assert.deepEqual(
      row(rows, 'deployment/llm-d/wide-ep/prefill').children?.map((child) => child.label),
      ['group 0'],
    );
    assert.deepEqual(
      row(rows, 'deployment/llm-d/wide-ep/decode').children?.map((child) => child.children?.length),
      [2],
    );
  });

  it('offer to profile model servers only', () => {
    const rows = modelServerRows({ deployments: [deployment()], warnings: [] });
    assert.equal(row(rows, 'pod/llm-d/d-0').context, 'pod mine server');
    assert.equal(row(rows, 'pod/llm-d/epp').context, 'pod mine');
  });

  describe('with what the logs tell', () => {
    const oom: Cause = {
      title: 'CUDA out of memory',
      hint: 'Use more ranks.',
      certainty: 'root',
      pod: 'd-0',
      rank: 0,
      process: 'EngineCore_DP0',
      time: '',
      line: 'torch.OutOfMemoryError: CUDA out of memory',
    };
    const crash = (times: number): Crash => ({
      times,
      evidence: { namespace: 'llm-d', pods: ['d-0'], at: 0, cause: oom, logs: [], file: undefined },
    });
    const loading = (first: Partial<ModelServerPod>, second: Partial<ModelServerPod>): ModelServerDeployment =>
      deployment({
        roles: [
          {
            role: 'decode',
            groups: [
              {
                index: 0,
                revision: null,
                pods: [
                  pod('d-0', { rank: 0, ready: false, ...first }),
                  pod('d-0-1', { rank: 1, ready: false, ...second }),
                ],
              },
            ],
          },
        ],
      });

    it('say how far each rank is, and the deployment how far its slowest', () => {
      const phases = new Map<string, LoadingPhase>([
        ['llm-d/d-0', { phase: 'graphs', percent: 40, since: 0 }],
        ['llm-d/d-0-1', { phase: 'weights', percent: 61, remainingSeconds: 130, since: 0, inferredFrom: 'd-0' }],
      ]);
      const report = { deployments: [loading({}, {})], warnings: [] };
      const rows = modelServerRows(report, { phases, crashes: new Map() });
      assert.equal(row(rows, 'pod/llm-d/d-0').description, 'CUDA graphs 40 % · d-0');
      assert.equal(row(rows, 'pod/llm-d/d-0-1').description, 'weights 61 % · ~2 min · d-0-1');
      assert.match(row(rows, 'pod/llm-d/d-0-1').tooltip ?? '', /By the log of d\\-0/);
      assert.match(rows[0]?.description ?? '', /^0\/2 ready · weights 61 % · ~2 min · /);
      assert.equal(
        modelServerHeadline(report, { phases, crashes: new Map() }),
        'wide-ep · 0/2 ready · weights 61 % · ~2 min',
      );
    });

    it('say why a rank crashed and offer the evidence', () => {
      const crashes = new Map([
        ['llm-d/d-0', crash(2)],
        ['llm-d/d-0-1', crash(1)],
      ]);
      const rows = modelServerRows(
        {
          deployments: [loading({ restarts: 1, reason: 'vllm: CrashLoopBackOff' }, { reason: 'being deleted' })],
          warnings: [],
        },
        { phases: new Map(), crashes },
      );
      assert.equal(row(rows, 'pod/llm-d/d-0').description, 'crashed: CUDA out of memory (2x) · d-0');
      assert.equal(row(rows, 'pod/llm-d/d-0-1').description, 'crashed: CUDA out of memory in rank 0 · d-0-1');
      assert.match(row(rows, 'pod/llm-d/d-0').context ?? '', /\bcrashed\b/);
      assert.match(rows[0]?.description ?? '', /^2 crashed, 0\/2 ready · CUDA out of memory \(2x\) · /);
    });

    it('keep the crash in sight while the next pod loads, and forget it when that is ready', () => {
      const crashes = new Map([['llm-d/d-0', crash(2)]]);
      const phases = new Map<string, LoadingPhase>([['llm-d/d-0', { phase: 'weights', percent: 5, since: 0 }]]);
      const rows = modelServerRows(
        { deployments: [loading({}, { phase: 'Pending' })], warnings: [] },
        { phases, crashes },
      );
      assert.equal(
        row(rows, 'pod/llm-d/d-0').description,
        'weights 5 % · crashed before: CUDA out of memory (2x) · d-0',
      );
      const ready = modelServerRows(
        { deployments: [loading({ ready: true }, { ready: true })], warnings: [] },
        { phases: new Map(), crashes },
      );
      assert.equal(row(ready, 'pod/llm-d/d-0').description, 'ready · d-0');
      assert.doesNotMatch(row(ready, 'pod/llm-d/d-0').context ?? '', /crashed/);
    });
  });
});
