import assert from 'node:assert/strict';
import { modelServerHeadline, modelServerRows } from '../../../src/host/trees/model-server-rows.ts';
import type { Row } from '../../../src/host/trees/row.ts';
import type { ModelServerDeployment, ModelServerPod } from '../../../src/inventory/types.ts';

function pod(name: string, change: Partial<ModelServerPod> = {}): ModelServerPod {
  return { name, namespace: 'llm-d', ip: null, node: null, rank: null, ports: [], phase: 'Running', ready: true, restarts: 0, reason: null, ...change };
}

function deployment(change: Partial<ModelServerDeployment> = {}): ModelServerDeployment {
  return {
    name: 'wide-ep', kind: 'LeaderWorkerSet', namespace: 'llm-d', owner: 'ann', mine: true, model: 'deepseek-ai/DeepSeek-R1', release: null, gpus: 24,
    roles: [
      { role: 'decode', groups: [{ index: 0, pods: [pod('d-0', { rank: 0 }), pod('d-0-1', { rank: 1, ready: false, phase: 'Running', restarts: 2, reason: 'CUDA out of memory' })] }] },
      { role: 'prefill', groups: [{ index: 0, pods: [pod('p-0', { rank: 0 })] }] },
      { role: 'routing', groups: [{ index: 0, pods: [pod('epp', { ready: false, phase: 'Pending' })] }] },
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
    const healthy = deployment({ roles: [{ role: 'decode', groups: [{ index: 0, pods: [pod('d-0')] }] }, { role: 'routing', groups: [{ index: 0, pods: [pod('epp', { ready: false })] }] }] });
    assert.match(modelServerRows({ deployments: [healthy], warnings: [] })[0]?.description ?? '', /^ready · /);
  });

  it("keep other people's deployments folded away and without actions that change them", () => {
    const rows = modelServerRows({ deployments: [deployment(), deployment({ name: 'sweep', mine: false, owner: 'bo' })], warnings: [] });
    const others = row(rows, 'others');
    assert.equal(others.expand, 'collapsed');
    assert.equal(others.description, '1 deployment · 24 GPUs');
    for (const other of flatten(others.children ?? [])) assert.doesNotMatch(other.context ?? '', /\bmine\b/);
  });

  it('leave out the level of groups where every group is one pod', () => {
    const rows = modelServerRows({ deployments: [deployment()], warnings: [] });
    assert.deepEqual(row(rows, 'deployment/llm-d/wide-ep/prefill').children?.map((child) => child.label), ['group 0']);
    assert.deepEqual(row(rows, 'deployment/llm-d/wide-ep/decode').children?.map((child) => child.children?.length), [2]);
  });

  it('offer to profile model servers only', () => {
    const rows = modelServerRows({ deployments: [deployment()], warnings: [] });
    assert.equal(row(rows, 'pod/llm-d/d-0').context, 'pod mine server');
    assert.equal(row(rows, 'pod/llm-d/epp').context, 'pod mine');
  });
});
