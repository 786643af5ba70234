// oxlint-disable-next-line import/no-unassigned-import -- first, so that what follows gets the recorder as `vscode`
import '../../support/recorded-window.ts';
import assert from 'node:assert/strict';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { Emitter } from '../../../src/base/events.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { ResultPoint, RunResults } from '../../../src/benchmarks/types.ts';
import type { Handed } from '../../../src/host/commands/run.ts';
import type { ToResults } from '../../../src/protocol/results.ts';
import type { RunRecord } from '../../../src/runs/types.ts';
import { Asked } from '../../support/asked.ts';
import { RecordedPanel, settled } from '../../support/recorded-panel.ts';
import { until } from '../../support/until.ts';
import { commands, shown } from '../../support/vscode-recorder.ts';

type Picture = Partial<Extract<ToResults, { readonly type: 'state' }>>;

const newest = (panel: RecordedPanel): Picture => panel.posted.at(-1) as Picture;

function record(id: string, more: Partial<RunRecord> = {}): RunRecord {
  return {
    id,
    kind: 'benchmark',
    label: id,
    startedAt: '2026-11-28T09:30:00Z',
    state: 'succeeded',
    ...more,
  } as RunRecord;
}

function resultsOf(ids: readonly string[]): readonly RunResults[] {
  return ids.map((runId) => ({
    runId,
    label: runId,
    report: { files: [], errors: [] },
    points: [{ label: runId } as ResultPoint],
    aggregate: undefined,
    gpus: 8,
  }));
}

describe('the results panel', () => {
  let panel: RecordedPanel;
  let changed: Emitter<void>;
  let records: RunRecord[];
  let lists: number;
  let asked: Asked<readonly string[], readonly RunResults[]>;
  let wrong: unknown[];
  let close: () => void;

  beforeEach(async () => {
    const { ResultsPanel } = await import('../../../src/host/webviews/results-panel.ts');
    panel = new RecordedPanel();
    changed = new Emitter<void>();
    records = ['small', 'large'].map((id) => record(id));
    lists = 0;
    asked = new Asked();
    wrong = [];
    const workbench = {
      workspace: '/w',
      logger: silentLogger,
      runs: {
        onDidChange: changed.event,
        list: () => {
          lists += 1;
          return Promise.resolve(records);
        },
      },
      benchmarks: { results: asked.call },
    };
    const made = new ResultsPanel({
      workbench: workbench as never,
      dist: { path: '/dist' } as never,
      panel: panel.asPanel,
      chosen: ['small', 'gone'],
      onError: (error) => wrong.push(error),
    });
    close = () => made.dispose();
    made.onDidDispose(() => undefined);
  });
  afterEach(() => {
    panel.dispose();
    shown.splice(0);
  });

  /** Answers the n-th question of the panel for figures, which are those of the runs that it asked for. */
  async function answer(nth: number): Promise<void> {
    await until(() => asked.calls.length > nth);
    asked.answer(nth, resultsOf(asked.inputs[nth] ?? []));
    await settled();
  }

  it('shows the finished runs, and the figures of those chosen that are still there, once the page has started', async () => {
    await answer(0);
    records.push(record('running', { state: 'running' }), record('profile', { kind: 'profile' }));
    changed.fire();
    await answer(1);
    assert.deepEqual(panel.posted, []);
    panel.says({ type: 'ready' });
    const { type, turn, chosen, runs, figures } = newest(panel);
    assert.deepEqual([type, turn, chosen, figures?.map(({ id }) => id)], ['state', 0, ['small'], ['small']]);
    assert.deepEqual(
      runs?.map(({ id }) => id),
      ['small', 'large'],
    );
  });

  it('follows the ledger, and what the page chooses, of which it tells the number', async () => {
    panel.says({ type: 'ready' });
    await answer(0);
    records.push(record('new'));
    changed.fire();
    await answer(1);
    assert.deepEqual(
      newest(panel).runs?.map(({ id }) => id),
      ['small', 'large', 'new'],
    );
    panel.says({ type: 'choose', turn: 4, runIds: ['new', 'large'] });
    await answer(2);
    assert.deepEqual([newest(panel).turn, newest(panel).chosen], [4, ['new', 'large']]);
  });

  it('shows a failure with what to do, and asks again when it is told to', async () => {
    panel.says({ type: 'ready' });
    await until(() => asked.calls.length === 1);
    asked.fail(0, new WorkbenchError({ code: 'reader-failed', message: 'The reader ended', hint: 'Try again.' }));
    await until(() => panel.posted.length > 0);
    assert.deepEqual(newest(panel), { type: 'failed', message: 'The reader ended', hint: 'Try again.' });
    panel.says({ type: 'again' });
    await answer(1);
    assert.deepEqual([newest(panel).type, newest(panel).chosen], ['state', ['small']]);
  });

  it('hands on what the page asks for', async () => {
    const ran: unknown[] = [];
    const registered = ['llmd.pinBaseline', 'llmd.runBenchmark'].map((id) =>
      commands.registerCommand(id, (handed) => ran.push([id, (handed as Handed | undefined)?.argument])),
    );
    panel.says({ type: 'pin', runId: 'large' });
    panel.says({ type: 'run' });
    panel.says({ type: 'copy', what: 'CSV', text: 'a,b' });
    panel.says({ type: 'save', name: 'results.csv', encoding: 'text', data: 'a' });
    await until(() => shown.some(({ place }) => place === 'save dialog'));
    for (const each of registered) each.dispose();
    assert.deepEqual(ran, [
      ['llmd.pinBaseline', 'large'],
      ['llmd.runBenchmark', undefined],
    ]);
    assert.deepEqual(shown.find(({ place }) => place === 'clipboard')?.text, 'a,b');
    assert.deepEqual(wrong, []);
  });

  it('does nothing about a message that is none of its page', async () => {
    await answer(0);
    for (const message of [
      { type: 'choose', runIds: ['large'] },
      { type: 'exec' },
      { type: 'save', name: '../x', encoding: 'text', data: '' },
    ])
      panel.says(message);
    await settled();
    assert.deepEqual([wrong.length, asked.calls.length], [3, 1]);
  });

  for (const [who, end] of [
    ['the person', () => panel.dispose()],
    ['the window', () => close()],
  ] as const) {
    it(`asks nothing more once ${who} has closed it`, async () => {
      await answer(0);
      const before = lists;
      end();
      changed.fire();
      await settled();
      assert.deepEqual([lists, wrong], [before, []]);
    });
  }

  it('shows nothing any more of what was being read when it was closed', async () => {
    panel.says({ type: 'ready' });
    await until(() => asked.calls.length === 1);
    panel.dispose();
    asked.fail(0, new Error('too late'));
    await settled();
    assert.deepEqual(panel.tooLate, []);
  });
});
