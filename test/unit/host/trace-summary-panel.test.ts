// oxlint-disable-next-line import/no-unassigned-import -- first, so that what follows gets the recorder as `vscode`
import '../../support/recorded-window.ts';
import assert from 'node:assert/strict';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { ToTraceSummary } from '../../../src/protocol/trace-summary.ts';
import type { TraceSummary } from '../../../src/traces/types.ts';
import { Asked } from '../../support/asked.ts';
import { RecordedPanel, settled } from '../../support/recorded-panel.ts';
import { until } from '../../support/until.ts';

const newest = (panel: RecordedPanel): ToTraceSummary => panel.posted.at(-1) as ToTraceSummary;

const SUMMARY = {
  path: '/w/traces/1/a.json',
  meta: { rank: 0, world_size: 1, device0: null },
  steps: { gpu_user_annotation: [], user_annotation: [] },
  devices: {},
  kernels: [],
  warnings: [],
} as unknown as TraceSummary;

describe('the trace summary panel', () => {
  const path = SUMMARY.path;
  let panel: RecordedPanel;
  let asked: Asked<string, TraceSummary>;

  beforeEach(async () => {
    const { TraceSummaryPanel } = await import('../../../src/host/webviews/trace-summary-panel.ts');
    panel = new RecordedPanel();
    asked = new Asked();
    const made = new TraceSummaryPanel({
      workbench: { logger: silentLogger, traces: { summary: asked.call } } as never,
      dist: { path: '/dist' } as never,
      panel: panel.asPanel,
      path,
      onError: (error) => assert.fail(String(error)),
    });
    made.onDidDispose(() => undefined);
  });
  afterEach(() => panel.dispose());

  it('says that it reads, then shows the summary, also to a page that starts late or anew', async () => {
    panel.says({ type: 'ready' });
    assert.deepEqual(newest(panel), { type: 'reading', path, name: 'a.json' });
    asked.answer(0, SUMMARY);
    await until(() => newest(panel).type === 'summary');
    panel.hide();
    panel.reveal();
    assert.equal(newest(panel).type, 'summary');
    assert.deepEqual(asked.inputs, [path], 'nothing was read again');
  });

  it('shows a failure with what to do, and reads again when it is told to', async () => {
    panel.says({ type: 'ready' });
    asked.fail(0, new WorkbenchError({ code: 'invalid', message: 'It ends in the middle', hint: 'Copy it again.' }));
    await until(() => newest(panel).type === 'failed');
    assert.deepEqual(newest(panel), { type: 'failed', path, message: 'It ends in the middle', hint: 'Copy it again.' });
    panel.says({ type: 'again' });
    assert.equal(newest(panel).type, 'reading');
    asked.answer(1, SUMMARY);
    await until(() => newest(panel).type === 'summary');
  });

  it('gives up the reading that it begins anew, and the one that nobody waits for once it is closed', async () => {
    panel.says({ type: 'ready' });
    panel.says({ type: 'again' });
    await settled();
    assert.deepEqual(
      asked.calls.map(({ signal }) => signal?.aborted),
      [true, false],
    );
    panel.dispose();
    assert.deepEqual(
      asked.calls.map(({ signal }) => signal?.aborted),
      [true, true],
    );
    for (const { answer } of asked.calls) answer.resolve(SUMMARY);
    await settled();
    assert.deepEqual(panel.tooLate, []);
  });
});
