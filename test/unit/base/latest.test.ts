import assert from 'node:assert/strict';
import { Latest, whileVisible } from '../../../src/base/latest.ts';

describe('the latest of what was asked for', () => {
  /** Work that ends when the test says so. */
  function scripted(): {
    readonly latest: Latest<string>;
    readonly shown: string[];
    readonly begun: {
      readonly signal: AbortSignal;
      readonly end: (result: string) => void;
      readonly fail: (error: Error) => void;
    }[];
  } {
    const shown: string[] = [];
    const begun: ReturnType<typeof scripted>['begun'] = [];
    const latest = new Latest<string>(
      (signal) => new Promise((end, fail) => begun.push({ signal, end, fail })),
      (result) => shown.push(result),
    );
    return { latest, shown, begun };
  }

  it('is shown, and what it overtook is not, however late that comes', async () => {
    const { latest, shown, begun } = scripted();
    const [first, second] = [latest.ask(), latest.ask()];
    assert.equal(begun.length, 1, 'one at a time');
    assert.equal(begun[0]?.signal.aborted, true);
    begun[0]?.end('old');
    await Promise.resolve();
    while (begun.length < 2) await Promise.resolve();
    begun[1]?.end('new');
    await Promise.all([first, second]);
    assert.deepEqual(shown, ['new']);
  });

  it('counts once for all who asked while another was done', async () => {
    const { latest, shown, begun } = scripted();
    const asked = Array.from({ length: 20 }, () => latest.ask());
    begun[0]?.end('1');
    while (begun.length < 2) await Promise.resolve();
    begun[1]?.end('2');
    await Promise.all(asked);
    assert.equal(begun.length, 2);
    assert.deepEqual(shown, ['2']);
  });

  it('that fails fails for those who asked for it, and not for the next', async () => {
    const { latest, shown, begun } = scripted();
    const first = latest.ask();
    begun[0]?.fail(new Error('disk full'));
    await assert.rejects(first, /disk full/);
    const second = latest.ask();
    begun[1]?.end('saved');
    await second;
    assert.deepEqual(shown, ['saved']);
  });

  it('makes good what failed before it, for those who asked for both', async () => {
    const { latest, begun } = scripted();
    const asked = [latest.ask(), latest.ask()];
    begun[0]?.fail(new Error('disk full'));
    while (begun.length < 2) await Promise.resolve();
    begun[1]?.end('saved');
    await Promise.all(asked);
  });

  it('is not shown, nor begun, once nobody is there', async () => {
    const { latest, shown, begun } = scripted();
    const asked = [latest.ask(), latest.ask()];
    latest.dispose();
    begun[0]?.fail(new Error('too late'));
    await Promise.all([...asked, latest.ask()]);
    assert.equal(begun.length, 1);
    assert.deepEqual(shown, []);
  });
});

describe('work while visible', () => {
  it('goes on as long as the view can be seen, each time anew', () => {
    const listeners = new Set<() => void>();
    const view = {
      visible: false,
      onDidChangeViewState: (listener: () => void) => {
        listeners.add(listener);
        return { dispose: () => listeners.delete(listener) };
      },
    };
    const set = (visible: boolean): void => {
      view.visible = visible;
      for (const listener of listeners) listener();
    };
    const told: string[] = [];
    const watching = whileVisible(view, () => {
      told.push('begun');
      return { dispose: () => told.push('ended') };
    });
    assert.deepEqual(told, []);
    set(true);
    set(true);
    set(false);
    set(true);
    assert.deepEqual(told, ['begun', 'ended', 'begun']);
    watching.dispose();
    assert.deepEqual(told, ['begun', 'ended', 'begun', 'ended']);
    assert.equal(listeners.size, 0);
  });
});
