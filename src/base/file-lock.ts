import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { sleep, type Clock } from './clock.ts';
import { isWorkbenchError, systemCode } from './errors.ts';
import type { WorkspaceFiles } from './workspace-files.ts';

export interface LockOptions {
  readonly clock: Clock;
  /** Ends the wait for the lock, not the work. */
  readonly signal: AbortSignal;
  readonly pollMs: number;
  /** Begins the name of the holder; of letters, digits and `-`. */
  readonly who: string;
  /** Whether that holder, `who` and something of its own, can be taken for dead. It has not changed for so long. */
  readonly leftBehind: (holder: string, unchangedMs: number) => boolean | Promise<boolean>;
}

/**
 * Does the work while no other window does its own under this name. The lock is a folder that holds the name of its holder,
 * and a folder can be moved only to where none is, or an empty one. To take it from a holder is to delete that very holder's name:
 * it can't hit whoever took the lock meanwhile, also if two find out at once that a window died.
 */
export async function locked<T>(
  files: WorkspaceFiles,
  lock: string,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const holder = `${options.who}.${randomUUID()}`;
  await acquire(files, lock, holder, options);
  try {
    return await work();
  } finally {
    await release(files, lock, holder);
  }
}

async function acquire(
  files: WorkspaceFiles,
  lock: string,
  holder: string,
  { clock, signal, pollMs, leftBehind }: LockOptions,
): Promise<void> {
  const draft = `${lock}.${holder}`;
  await files.makeFolder(`${draft}/${holder}`);
  try {
    let other: string | undefined;
    let unchangedMs = 0;
    while (!(await moved(files, draft, lock))) {
      const now = await holderOf(files, lock);
      unchangedMs = now === other ? unchangedMs + pollMs : 0;
      other = now;
      if (now === undefined) await files.removeEmpty(lock);
      else if (await leftBehind(now, unchangedMs)) await release(files, lock, now);
      await sleep(clock, pollMs, signal);
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
