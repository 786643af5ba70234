import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { errorText, systemCode, WorkbenchError } from '../base/errors.ts';

export interface DaemonOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its output goes here, so that it outlives the window that started it. */
  readonly logFile: string;
}

/** Starts a process that outlives its parent and answers its pid. execa is for commands that we wait for; nobody waits for this one. */
export async function startDaemon(options: DaemonOptions): Promise<number> {
  const log = openSync(options.logFile, 'a', 0o600);
  try {
    const child = spawn(options.file, options.args, { detached: true, stdio: ['ignore', log, log], env: options.env });
    await once(child, 'spawn');
    child.unref();
    if (child.pid === undefined) throw new Error('it has no process id');
    return child.pid;
  } catch (error) {
    throw new WorkbenchError({ code: 'tool-failed', message: `${options.file} did not start: ${errorText(error)}`, hint: `Read ${options.logFile}.`, cause: error });
  } finally {
    closeSync(log);
  }
}

/** Asks a process to end as Ctrl-C would; false when it is not there. */
export function endProcess(pid: number): boolean {
  try {
    process.kill(pid, 'SIGINT');
    return true;
  } catch {
    return false;
  }
}

/** Whether a process of this pid is there. It may be another one after a restart of the machine: compare what it serves, too. */
export function processAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
