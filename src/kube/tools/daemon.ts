import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errorText, systemCode, WorkbenchError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';

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

/** Asks a process to end as Ctrl-C would; false when it is not there. */
export function endProcess(pid: number): boolean {
  try {
    process.kill(pid, 'SIGINT');
    return true;
  } catch {
    return false;
  }
}

/** Whether a process of this pid is there. After a restart of the machine, or much later, it may be another one: `processStart` tells. */
export function processAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/**
 * When the process of this pid began: the same text as long as it lives, and another one for whatever has its pid later.
 * Undefined when there is none, and on Windows, where it would take a second to ask.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined;
  if (process.platform === 'linux') return linuxStart(pid);
  return posixStart(pid);
}

/** `ps` ends with 1 when there is none of that pid. */
async function posixStart(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], {
      env: { LC_ALL: 'C', TZ: 'UTC0' },
    });
    return stdout.trim() || undefined;
  } catch (error) {
    if (isObject(error) && error['code'] === 1) return undefined;
    throw error;
  }
}

/** In ticks since the machine's own start, which is told along. */
async function linuxStart(pid: number): Promise<string | undefined> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    // The second field is the program's name, in brackets; it may hold anything. The start is the 22nd.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return ticks === undefined ? undefined : `${boot.trim()} ${ticks}`;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ESRCH') return undefined;
    throw error;
  }
}
