// oxlint-disable-next-line import/no-unassigned-import -- first, so that what follows gets the recorder as `vscode`
import '../../support/recorded-window.ts';
import assert from 'node:assert/strict';
import { sleep, systemClock } from '../../../src/base/clock.ts';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { LeapClock } from '../../support/leap-clock.ts';

describe('a window that closes', () => {
  it('waits until its jobs have ended what they began', async () => {
    const { JobCenter } = await import('../../../src/host/jobs.ts');
    const jobs = new JobCenter(systemClock);
    const cleared = Promise.withResolvers<void>();
    const ended: string[] = [];
    const job = jobs.run('Profile', async ({ signal }) => {
      await sleep(systemClock, 3_600_000, signal).catch(() => undefined);
      await cleared.promise;
      ended.push('profiler is off');
      if (signal.aborted) throw signal.reason;
    });
    const closed = jobs.close().then(() => ended.push('closed'));
    cleared.resolve();
    await assert.rejects(job, (error) => isWorkbenchError(error, 'aborted') && /was closed/.test(error.message));
    await closed;
    assert.deepEqual(ended, ['profiler is off', 'closed']);
  });

  it('does not wait for ever for one that cannot end', async () => {
    const { JobCenter } = await import('../../../src/host/jobs.ts');
    const clock = new LeapClock();
    const jobs = new JobCenter(clock);
    void jobs.run('Deploy', () => new Promise(() => {}));
    const closed = jobs.close();
    clock.leap(5000);
    await closed;
  });

  it('does not cancel a benchmark, which the next window follows; a cancelled job does', async () => {
    const { JobCenter } = await import('../../../src/host/jobs.ts');
    const cancelled: string[] = [];
    const request = { cluster: { context: 'c', namespace: 'n', server: 's' }, recipe: 'r', parameters: {} };
    for (const end of ['close', 'cancel'] as const) {
      const jobs = new JobCenter(systemClock);
      const waiting = Promise.withResolvers<void>();
      const host = {
        jobs,
        runProgress: { report() {}, ended() {} },
        workbench: {
          benchmarks: {
            start: () => Promise.resolve('run1'),
            async wait(_id: string, signal: AbortSignal) {
              waiting.resolve();
              await sleep(systemClock, 3_600_000, signal);
            },
            cancel: () => Promise.resolve(void cancelled.push(end)),
          },
        },
      };
      const { runAndTell } = await import('../../../src/host/commands/benchmarks.ts');
      const job = assert.rejects(runAndTell(host as never, request));
      await waiting.promise;
      if (end === 'close') await jobs.close();
      else jobs.list()[0]?.cancel();
      await job;
    }
    assert.deepEqual(cancelled, ['cancel']);
  });
});
