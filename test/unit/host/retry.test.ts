// oxlint-disable-next-line import/no-unassigned-import -- first, so that what follows gets the recorder as `vscode`
import '../../support/recorded-window.ts';
import assert from 'node:assert/strict';
import { sleep, systemClock, timeLimit } from '../../../src/base/clock.ts';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { trusted } from '../../../src/base/trust.ts';
import { until } from '../../support/until.ts';
import { answers, commands, shown, workspace } from '../../support/vscode-recorder.ts';

describe('a command that took too long', () => {
  beforeEach(() => {
    Object.assign(workspace, { isTrusted: true });
    shown.splice(0);
  });
  afterEach(() => {
    Reflect.deleteProperty(workspace, 'isTrusted');
    answers.button = undefined;
    shown.splice(0);
  });

  /** Cancels a run whose cluster answers as `answer` does, with Retry for every error; the runs that were asked for. */
  async function cancelRun(answer: (call: number) => Promise<void>, calls: number): Promise<readonly string[]> {
    const { ErrorReporter } = await import('../../../src/host/errors.ts');
    const { registerCommands } = await import('../../../src/host/commands/register.ts');
    const asked: string[] = [];
    const host = {
      errors: new ErrorReporter({ show() {} } as never, silentLogger),
      workbench: {
        workspace: '/w',
        trust: trusted,
        runs: { place: () => Promise.resolve(undefined) },
        benchmarks: { cancel: (id: string) => answer(asked.push(id)) },
      },
    };
    answers.button = 'Retry';
    const registered = registerCommands(host as never);
    try {
      await commands.executeCommand('llmd.cancelRun', { row: { target: { kind: 'run', id: 'run1' } } });
      await until(() => asked.length >= calls);
    } finally {
      registered.dispose();
    }
    return asked;
  }

  it('says what waited for what how long, and does the same again by Retry', async () => {
    const asked = await cancelRun(
      (call) =>
        call > 1 ? Promise.resolve() : sleep(systemClock, 60_000, timeLimit(20, 'find run run1 in dev/llm-d')),
      2,
    );
    assert.deepEqual(asked, ['run1', 'run1']);
    assert.deepEqual(
      shown.filter(({ place }) => place === 'error').map(({ text }) => text),
      [
        'cannot find run run1 in dev/llm-d: not done within 0.02 s. Check the connection to the cluster, and try again.',
        'Retry',
        'Show Details',
      ],
    );
  });

  it('is neither told nor offered again when a person cancelled it', async () => {
    await cancelRun(() => sleep(systemClock, 60_000, AbortSignal.abort()), 1);
    assert.deepEqual(
      shown.map(({ place, text }) => `${place}: ${text}`),
      ['status message: $(circle-slash) cancel the run: cancelled'],
    );
  });

  it('is what Retry is for alone: another failure has its own remedy', async () => {
    await cancelRun(() => Promise.reject(new WorkbenchError({ code: 'not-ready', message: 'not ready' })), 1);
    assert.deepEqual(
      shown.filter(({ place }) => place === 'error').map(({ text }) => text),
      ['not ready', 'Wait Until Ready', 'Show Details'],
    );
  });
});
