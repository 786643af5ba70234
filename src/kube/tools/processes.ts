import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { systemCode } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import type { ProcessName, Processes } from '../../base/lease.ts';

let own: Promise<ProcessName> | undefined;

/** This system's processes. */
export const processes: Processes = {
  self: () => (own ??= processName(process.pid)),
  async hasEnded({ host, pid, started }) {
    const { host: here } = await processes.self();
    return host === here && !(isThere(pid) && (await startOf(pid)) === started);
  },
};

/** The process of this pid, whichever has it now. */
export async function processName(pid: number): Promise<ProcessName> {
  return { host: await host(), pid, started: await startOf(pid) };
}

/** Asks a process to end as Ctrl-C would; nothing happens when it has ended. */
export async function interrupt(name: ProcessName): Promise<void> {
  const { host: here } = await processes.self();
  if (name.host !== here || (await processes.hasEnded(name))) return;
  try {
    process.kill(name.pid, 'SIGINT');
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}

/** Containers of one machine may have one name and yet count processes each by itself. */
async function host(): Promise<string> {
  if (process.platform !== 'linux') return hostname();
  return `${hostname()} ${await readlink('/proc/self/ns/pid').catch(() => '')}`.trim();
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/** Null when there is none, and on Windows, where it would take a second to ask. */
async function startOf(pid: number): Promise<string | null> {
  if (process.platform === 'win32') return null;
  if (process.platform === 'linux') return linuxStart(pid);
  return posixStart(pid);
}

/** `ps` ends with 1 when there is none of that pid. */
async function posixStart(pid: number): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], {
      env: { LC_ALL: 'C', TZ: 'UTC0' },
    });
    return stdout.trim() || null;
  } catch (error) {
    if (isObject(error) && error['code'] === 1) return null;
    throw error;
  }
}

/** In ticks since the machine's own start, which is told along. Of a process that only waits for its parent to notice its end there is none. */
async function linuxStart(pid: number): Promise<string | null> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    // The second field is the program's name, in brackets; it may hold anything. The state is the third, the start the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, ticks] = [fields[0], fields[19]];
    return ticks === undefined || state === 'Z' || state === 'X' ? null : `${boot.trim()} ${ticks}`;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ESRCH') return null;
    throw error;
  }
}
