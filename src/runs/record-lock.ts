import { mkdir, rmdir } from 'node:fs/promises';
import { sleep, type Clock } from '../base/clock.ts';
import { systemCode } from '../base/errors.ts';

const POLL_MS = 10;
/** A record is changed in milliseconds: what stands longer was left by a window that died over it. */
const LEFT_BEHIND_MS = 5000;

/** Does the work while no other window does its own under this path: a folder that only one of them can make. */
export async function locked<T>(path: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  await acquire(path, clock);
  try {
    return await work();
  } finally {
    await release(path);
  }
}

async function acquire(path: string, clock: Clock): Promise<void> {
  const never = new AbortController().signal;
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    try {
      await mkdir(path);
      return;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    if (waitedMs >= LEFT_BEHIND_MS) {
      await release(path);
      waitedMs = 0;
    }
    await sleep(clock, POLL_MS, never);
  }
}

/** Somebody who took it for left behind may have been faster. */
async function release(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
