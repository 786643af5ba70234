import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { WorkspaceFiles } from '../../../src/base/workspace-files.ts';
import { locked, type LockOptions } from '../../../src/base/file-lock.ts';
import { LeapClock } from '../../support/leap-clock.ts';

describe('lock of a file', () => {
  let folder: string;
  let files: WorkspaceFiles;
  let clock: LeapClock;
  let options: LockOptions;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-lock-'));
    files = new WorkspaceFiles(folder);
    clock = new LeapClock();
    options = {
      clock,
      signal: new AbortController().signal,
      pollMs: 10,
      who: 'window',
      leftBehind: (_holder, unchangedMs) => unchangedMs >= 5000,
    };
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('lets one work at a time, and is gone afterwards, also after a failure', async () => {
    let working = 0;
    const work = async (): Promise<void> => {
      working += 1;
      assert.equal(working, 1);
      await delay(5);
      working -= 1;
    };
    await Promise.all(Array.from({ length: 10 }, () => locked(files, 'lock', options, work)));
    await assert.rejects(
      locked(files, 'lock', options, () => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.deepEqual(await readdir(folder), []);
  });

  it('is taken over from a window that died with it', async () => {
    await mkdir(join(folder, 'lock', 'dead'), { recursive: true });
    const done = { yet: false };
    const waiting = locked(files, 'lock', options, () => Promise.resolve()).finally(() => {
      done.yet = true;
    });
    while (!done.yet) {
      clock.leap(10);
      await delay(1);
    }
    await waiting;
    assert.deepEqual(await readdir(folder), []);
  });

  it('is taken over by one of two that find out at the same time', async () => {
    await mkdir(join(folder, 'lock', 'dead'), { recursive: true });
    let working = 0;
    let most = 0;
    const done = { count: 0 };
    const work = async (): Promise<void> => {
      most = Math.max(most, ++working);
      await delay(20);
      working -= 1;
    };
    const waiting = Promise.all(
      [1, 2, 3].map(() =>
        locked(files, 'lock', options, work).finally(() => {
          done.count += 1;
        }),
      ),
    );
    while (done.count < 3) {
      clock.leap(10);
      await delay(1);
    }
    await waiting;
    assert.equal(most, 1);
    assert.deepEqual(await readdir(folder), []);
  });

  it('of a window that was only slow is not given back by it when another has it', async () => {
    const slow = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const first = locked(files, 'lock', options, () => {
      begun.resolve();
      return slow.promise;
    });
    await begun.promise;
    const quick = Promise.withResolvers<void>();
    const second = { inside: false };
    const taking = locked(files, 'lock', options, () => {
      second.inside = true;
      return quick.promise;
    });
    while (!second.inside) {
      clock.leap(10);
      await delay(1);
    }
    slow.resolve();
    await first;
    assert.equal((await readdir(join(folder, 'lock'))).length, 1);
    quick.resolve();
    await taking;
    assert.deepEqual(await readdir(folder), []);
  });

  it('is taken over at once from a holder that is known to be dead, and from no other; who waits can leave', async () => {
    const ask = { ...options, who: 'me', leftBehind: (holder: string) => holder.startsWith('dead.') };
    await mkdir(join(folder, 'lock', 'dead.1'), { recursive: true });
    const leaving = new AbortController();
    const taken = Promise.withResolvers<void>();
    await Promise.all([
      locked(files, 'lock', ask, async () => {
        const [holder] = await readdir(join(folder, 'lock'));
        assert.match(holder ?? '', /^me\./);
        const waiting = locked(files, 'lock', { ...ask, signal: leaving.signal }, () =>
          assert.fail('it was not its turn'),
        );
        leaving.abort(new Error('no longer wanted'));
        await assert.rejects(waiting, (error) => isWorkbenchError(error, 'aborted'));
        assert.deepEqual(await readdir(join(folder, 'lock')), [holder]);
        taken.resolve();
      }),
      (async () => {
        await delay(0);
        for (let done = false; !done; await delay(1)) {
          clock.leap(10);
          done = await Promise.race([taken.promise.then(() => true), delay(0).then(() => false)]);
        }
      })(),
    ]);
    assert.deepEqual(await readdir(folder), []);
  });
});
