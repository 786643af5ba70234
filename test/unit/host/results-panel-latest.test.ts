// oxlint-disable-next-line import/no-unassigned-import -- first, so that what follows gets the recorder as `vscode`
import '../../support/recorded-window.ts';
import assert from 'node:assert/strict';
import { poll, systemClock, timeLimit } from '../../../src/base/clock.ts';
import { Emitter } from '../../../src/base/events.ts';
import type { ToResults } from '../../../src/protocol/results.ts';

describe('the results panel, asked for more than it can read', () => {
  let visible: boolean;
  let posted: ToResults[];
  let changed: Emitter<void>;
  let shown: Emitter<void>;
  let fromPage: Emitter<unknown>;
  /** Readings that are under way, by the runs that are read. */
  let readings: { readonly ids: string; readonly end: () => void }[];

  beforeEach(() => {
    visible = true;
    posted = [];
    [changed, shown, fromPage] = [new Emitter(), new Emitter(), new Emitter()];
    readings = [];
  });

  async function open(): Promise<{ choose(ids: readonly string[]): Promise<void>; dispose(): void }> {
    const { ResultsPanel } = await import('../../../src/host/webviews/results-panel.ts');
    const run = (id: string): object => ({ id, kind: 'benchmark', state: 'succeeded', label: id });
    const panel = new ResultsPanel({
      workbench: {
        runs: { onDidChange: changed.event, list: () => Promise.resolve([run('large'), run('small')]) },
        benchmarks: {
          results: (ids: readonly string[]) =>
            new Promise((end) => readings.push({ ids: ids.join(), end: () => end([]) })),
        },
      },
      dist: { path: '/dist', with: () => ({}) },
      panel: {
        get visible() {
          return visible;
        },
        onDidChangeViewState: shown.event,
        title: 'Benchmark Results',
        onDidDispose: () => ({ dispose() {} }),
        reveal() {},
        dispose() {},
        webview: {
          onDidReceiveMessage: fromPage.event,
          asWebviewUri: () => ({ toString: () => '' }),
          postMessage: (message: ToResults) => Promise.resolve(void posted.push(message)),
        },
      },
      chosen: [],
      onError: (error: unknown) => assert.fail(String(error)),
    } as never);
    fromPage.fire({ type: 'ready' });
    return panel;
  }

  const reading = (count: number): Promise<true> =>
    poll(systemClock, 2, timeLimit(5000, 'read'), () => Promise.resolve(readings.length >= count || undefined));
  const choices = (): readonly string[] =>
    posted.flatMap((each) => (each.type === 'state' ? [each.chosen.join()] : []));

  it('shows the latest choice, never an older one that took longer to read', async () => {
    const panel = await open();
    await reading(1);
    readings[0]?.end();
    const large = panel.choose(['large']);
    await reading(2);
    const small = panel.choose(['small']);
    await reading(3);
    readings[2]?.end();
    readings[1]?.end();
    await Promise.all([large, small]);
    assert.equal(choices().at(-1), 'small');
    assert.ok(!choices().includes('large'));
    panel.dispose();
  });

  it('reads nothing while it is hidden, and once when it is seen again', async () => {
    const panel = await open();
    await reading(1);
    readings[0]?.end();
    visible = false;
    shown.fire();
    for (let change = 0; change < 10; change += 1) changed.fire();
    visible = true;
    shown.fire();
    await reading(2);
    readings[1]?.end();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(readings.length, 2);
    panel.dispose();
  });
});
