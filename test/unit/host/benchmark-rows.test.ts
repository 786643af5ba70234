import assert from 'node:assert/strict';
import { benchmarkRows } from '../../../src/host/trees/benchmark-rows.ts';
import type { RunRecord } from '../../../src/runs/types.ts';

const now = new Date(2026, 4, 12, 15, 0).getTime();

function run(id: string, hoursAgo: number, change: Partial<RunRecord> = {}): RunRecord {
  return {
    id,
    kind: 'benchmark',
    recipe: 'vllm-bench',
    label: 'sweep',
    parameters: {},
    context: 'c',
    namespace: 'n',
    deployment: 'wide-ep',
    model: null,
    gpus: null,
    command: [],
    pod: null,
    job: null,
    state: 'succeeded',
    startedAt: new Date(now - hoursAgo * 3_600_000).toISOString(),
    endedAt: null,
    summary: '1,842 tok/s',
    files: [],
    baseline: false,
    ...change,
  };
}

const rows = (
  runs: readonly RunRecord[],
  progress: Readonly<Record<string, string>> = {},
): ReturnType<typeof benchmarkRows> =>
  benchmarkRows(
    runs,
    (id) => `/results/${id}`,
    (id) => progress[id],
    now,
  );

describe('rows of the Benchmarks view', () => {
  it('group by day, today opened', () => {
    const days = rows([run('a', 1), run('b', 2), run('c', 20), run('d', 24 * 9)]);
    assert.deepEqual(
      days.map((day) => [day.label, day.description, day.expand]),
      [
        ['today', '2 runs', 'expanded'],
        ['yesterday', '1 run', 'collapsed'],
        ['2026-05-03', '1 run', 'collapsed'],
      ],
    );
  });

  it('put the figures before the name', () => {
    assert.equal(rows([run('a', 1)])[0]?.children?.[0]?.description, '1,842 tok/s · sweep');
    assert.equal(
      rows([run('a', 1, { baseline: true })])[0]?.children?.[0]?.description,
      'baseline · 1,842 tok/s · sweep',
    );
  });

  it('show the latest word of a run that goes on, and offer to cancel it instead of opening it', () => {
    const active = rows([run('a', 1, { state: 'running', summary: null })], { a: '61 % · 2,410 req' })[0]
      ?.children?.[0];
    assert.equal(active?.description, '61 % · 2,410 req · sweep');
    assert.equal(active?.context, 'run active benchmark candidate');
    assert.equal(active?.opens, undefined);
  });

  it('open a finished run by a click', () => {
    assert.equal(rows([run('a', 1)])[0]?.children?.[0]?.opens, 'llmd.showResults');
  });
});
