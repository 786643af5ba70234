import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { locked } from '../../../src/runs/record-lock.ts';
import { LeapClock } from '../../support/leap-clock.ts';

describe('lock of a run record', () => {
  let folder: string;
  let clock: LeapClock;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-lock-'));
    clock = new LeapClock();
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
    await Promise.all(Array.from({ length: 10 }, () => locked(join(folder, 'lock'), clock, work)));
    await assert.rejects(locked(join(folder, 'lock'), clock, () => Promise.reject(new Error('no'))), /no/);
    assert.deepEqual(await readdir(folder), []);
  });

  it('is taken over from a window that died with it', async () => {
    await mkdir(join(folder, 'lock'));
    const done = { yet: false };
    const waiting = locked(join(folder, 'lock'), clock, () => Promise.resolve()).finally(() => { done.yet = true; });
    while (!done.yet) {
      clock.leap(10);
      await delay(1);
    }
    await waiting;
    assert.deepEqual(await readdir(folder), []);
  });
});
