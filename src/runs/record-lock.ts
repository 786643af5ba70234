import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { sleep, type Clock } from '../base/clock.ts';
import { isWorkbenchError, systemCode } from '../base/errors.ts';
import type { WorkspaceFiles } from '../base/workspace-files.ts';

const POLL_MS = 10;
/** A record is changed in milliseconds: who holds it longer is a window that died over it. */
const LEFT_BEHIND_MS = 5000;

/**
 * Does the work while no other window does its own under this name. The lock is a folder that holds the name of its holder,
 * and a folder can be moved only to where none is, or an empty one. To take it from a holder is to delete that very holder's name:
 * it can't hit whoever took the lock meanwhile, also if two find out at once that a window died.
 */
export async function locked<T>(files: WorkspaceFiles, lock: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  const holder = randomUUID();
  await acquire(files, lock, holder, clock);
  try {
    return await work();
  } finally {
    await release(files, lock, holder);
  }
}

async function acquire(files: WorkspaceFiles, lock: string, holder: string, clock: Clock): Promise<void> {
  const never = new AbortController().signal;
  const draft = `${lock}.${holder}`;
  await files.makeFolder(`${draft}/${holder}`);
  try {
    let other: string | undefined;
    let waitedMs = 0;
    while (!(await moved(files, draft, lock))) {
      const now = await holderOf(files, lock);
      waitedMs = now === other ? waitedMs + POLL_MS : 0;
      other = now;
      if (now === undefined) await files.removeEmpty(lock);
      else if (waitedMs >= LEFT_BEHIND_MS) await release(files, lock, now);
      await sleep(clock, POLL_MS, never);
    }
  } catch (error) {
    await files.remove(draft);
    throw error;
  }
}

async function release(files: WorkspaceFiles, lock: string, holder: string): Promise<void> {
  await files.remove(`${lock}/${holder}`);
  await files.removeEmpty(lock);
}

/** Windows says EPERM where a folder is in the way. */
async function moved(files: WorkspaceFiles, draft: string, lock: string): Promise<boolean> {
  try {
    await files.rename(draft, lock);
    return true;
  } catch (error) {
    const code = isWorkbenchError(error) ? systemCode(error.cause) : undefined;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'EPERM') throw error;
    return false;
  }
}

/** Undefined when it has been given back meanwhile. */
async function holderOf(files: WorkspaceFiles, lock: string): Promise<string | undefined> {
  try {
    return (await readdir(files.path(lock)))[0];
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
