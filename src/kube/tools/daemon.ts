import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { errorText, WorkbenchError } from '../../base/errors.ts';

export interface DaemonOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its output goes here, so that it outlives the window that started it. */
  readonly logFile: string;
}

/** Windows has no such flag. */
const NO_FOLLOW = (constants.O_NOFOLLOW as number | undefined) ?? 0;

/** Starts a process that outlives its parent and answers its pid. execa is for commands that we wait for; nobody waits for this one. */
export async function startDaemon(options: DaemonOptions): Promise<number> {
  const log = openSync(options.logFile, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | NO_FOLLOW, 0o600);
  try {
    const child = spawn(options.file, options.args, { detached: true, stdio: ['ignore', log, log], env: options.env });
    await once(child, 'spawn');
    child.unref();
    if (child.pid === undefined) throw new Error('it has no process id');
    return child.pid;
  } catch (error) {
    throw new WorkbenchError({
      code: 'tool-failed',
      message: `${options.file} did not start: ${errorText(error)}`,
      hint: `Read ${options.logFile}.`,
      cause: error,
    });
  } finally {
    closeSync(log);
  }
}
