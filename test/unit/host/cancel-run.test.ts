// oxlint-disable-next-line import/no-unassigned-import -- first, so that what follows gets the recorder as `vscode`
import '../../support/recorded-window.ts';
import assert from 'node:assert/strict';
import type { RunPlace } from '../../../src/runs/types.ts';
import { answers, shown, workspace } from '../../support/vscode-recorder.ts';

/** Attack 5: what a run's record says is not where the run is, and a run in production is not ended by one click. */
describe('Cancel Run', () => {
  const { getConfiguration } = workspace;
  let cancelled: string[];

  before(() => {
    workspace.getConfiguration = () =>
      ({
        get: () => undefined,
        inspect: (name?: string) => (name === 'productionContexts' ? { defaultValue: ['prod', 'prod-*'] } : undefined),
      }) as unknown as ReturnType<typeof getConfiguration>;
  });
  after(() => {
    workspace.getConfiguration = getConfiguration;
  });
  beforeEach(() => {
    cancelled = [];
    shown.splice(0);
    answers.button = undefined;
  });

  /** The command on a run that was started there; its record is not asked. */
  async function cancel(place: RunPlace | undefined, button?: string): Promise<readonly string[]> {
    const { DEFINITIONS } = await import('../../../src/host/commands/definitions.ts');
    answers.button = button;
    const workbench = {
      workspace: '/w',
      runs: { place: () => Promise.resolve(place) },
      benchmarks: { cancel: (id: string) => Promise.resolve(void cancelled.push(id)) },
    };
    await DEFINITIONS['llmd.cancelRun'].execute({ workbench } as never, 'run1');
    return shown.filter(({ place: where }) => where === 'question').map(({ text }) => text);
  }

  const at = (context: string): RunPlace => ({
    context,
    server: 'https://10.0.0.1:6443',
    namespace: 'llm-d',
    runsIn: null,
  });

  it('asks where the run is in a production context, whatever its record says, and does nothing without a yes', async () => {
    assert.deepEqual(await cancel(at('prod-eu')), ['Cancel Run in prod-eu/llm-d?', 'Cancel Run']);
    assert.deepEqual(cancelled, []);
    await cancel(at('prod-eu'), 'Cancel Run');
    assert.deepEqual(cancelled, ['run1']);
  });

  it('asks nothing elsewhere', async () => {
    assert.deepEqual(await cancel(at('dev')), []);
    assert.deepEqual(cancelled, ['run1']);
  });
});
