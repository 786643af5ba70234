// oxlint-disable-next-line import/no-unassigned-import -- first, so that what follows gets the recorder as `vscode`
import '../../support/recorded-window.ts';
import assert from 'node:assert/strict';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { Emitter } from '../../../src/base/events.ts';
import type { LiveSnapshot } from '../../../src/inventory/live/types.ts';
import type { ToLiveFigures } from '../../../src/protocol/live-figures.ts';
import { RecordedPanel } from '../../support/recorded-panel.ts';
import { until } from '../../support/until.ts';
import { commands } from '../../support/vscode-recorder.ts';

const newest = (panel: RecordedPanel): ToLiveFigures => panel.posted.at(-1) as ToLiveFigures;

describe('the live figures panel', () => {
  let panel: RecordedPanel;
  let changed: Emitter<void>;
  let sessionChanged: Emitter<void>;
  let leases: number;
  let asked: string[];
  let snapshot: LiveSnapshot;
  let close: () => void;

  beforeEach(async () => {
    const { LiveFiguresPanel } = await import('../../../src/host/webviews/live-figures-panel.ts');
    panel = new RecordedPanel();
    changed = new Emitter<void>();
    sessionChanged = new Emitter<void>();
    leases = 0;
    asked = [];
    snapshot = { state: { kind: 'running', targets: 1, answered: 1 }, pods: new Map() };
    const live = {
      get snapshot() {
        return snapshot;
      },
      onDidChange: changed.event,
      rankCount: 2,
      lease: () => {
        leases += 1;
        return { dispose: () => void (leases -= 1) };
      },
      chart: (lines: string) => {
        asked.push(lines);
        const none: readonly number[] = [];
        const figures = {
          generationRate: [asked.length],
          promptRate: none,
          running: none,
          waiting: none,
          kvCacheUse: none,
          prefixHitRate: none,
          queue: none,
        };
        return { times: [0], gapMs: 15_000, lines: [{ id: 'a', label: 'a', kind: 'rank', figures }] };
      },
    };
    const made = new LiveFiguresPanel({
      workbench: { workspace: '/w', live } as never,
      session: { onDidChange: sessionChanged.event, connection: { kind: 'ready' } } as never,
      dist: { path: '/dist' } as never,
      panel: panel.asPanel,
      lines: undefined,
      onError: (error) => assert.fail(String(error)),
    });
    close = () => made.dispose();
    made.onDidDispose(() => undefined);
  });
  afterEach(() => panel.dispose());

  it('asks the servers while it is seen, and only then', () => {
    panel.says({ type: 'ready' });
    assert.deepEqual([leases, newest(panel).type], [1, 'figures']);
    panel.hide();
    const before = asked.length;
    changed.fire();
    sessionChanged.fire();
    assert.deepEqual([leases, asked.length], [0, before]);
    panel.reveal();
    assert.deepEqual([leases, asked.length], [1, before + 1]);
    changed.fire();
    assert.equal(asked.length, before + 2);
    panel.dispose();
    changed.fire();
    sessionChanged.fire();
    assert.deepEqual([leases, asked.length, panel.tooLate], [0, before + 2, []]);
  });

  it('shows what changed while nobody saw it, also where nothing changes any more', () => {
    panel.says({ type: 'ready' });
    panel.hide();
    snapshot = { state: { kind: 'off' }, pods: new Map() };
    changed.fire();
    panel.reveal();
    assert.equal(newest(panel).type, 'nothing');
  });

  it('draws the lines that the person chose, and follows each round', () => {
    panel.says({ type: 'ready' });
    panel.says({ type: 'lines', lines: 'role' });
    changed.fire();
    assert.deepEqual(asked.slice(-2), ['role', 'role']);
    assert.equal(asked[0], 'rank', 'few ranks have a line each unless one chooses');
  });

  it('says why there is nothing to draw, and hands on what helps', async () => {
    const ran: string[] = [];
    const registered = commands.registerCommand('llmd.toggleLiveFigures', () => ran.push('toggle'));
    panel.says({ type: 'ready' });
    snapshot = {
      state: { kind: 'failed', error: new WorkbenchError({ code: 'forbidden', message: 'Not yours', hint: 'Ask.' }) },
      pods: new Map(),
    };
    changed.fire();
    const failed = newest(panel);
    assert.deepEqual(failed.type === 'figures' && failed.warnings, ['Not yours. Ask.']);
    snapshot = { state: { kind: 'off' }, pods: new Map() };
    changed.fire();
    assert.equal(newest(panel).type, 'nothing');
    panel.says({ type: 'help', help: 'toggle' });
    await until(() => ran.length === 1);
    registered.dispose();
  });

  it('gives its lease back when the window closes it', () => {
    close();
    assert.equal(leases, 0);
  });
});
