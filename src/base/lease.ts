import { randomUUID } from 'node:crypto';
import { aborted, sleep, throwIfAborted, type Clock } from './clock.ts';
import type { Disposable } from './disposables.ts';
import { isWorkbenchError, systemCode, WorkbenchError } from './errors.ts';
import type { WorkspaceFiles } from './workspace-files.ts';

/** A process, told from any other that has its id later or on another machine. */
export interface ProcessName {
  /** The machine, and what of it counts process ids by itself, such as a container. */
  readonly host: string;
  readonly pid: number;
  /** When it began; the same text as long as it lives. Null where the system does not tell. */
  readonly started: string | null;
}

/** What a system tells of processes. */
export interface Processes {
  self(): Promise<ProcessName>;
  /** True only when it is known for certain; of another machine's process nothing is known here. */
  hasEnded(process: ProcessName): Promise<boolean>;
}

export interface LeasesOptions {
  /** The folder in which leases are. */
  readonly files: WorkspaceFiles;
  readonly clock: Clock;
  readonly processes: Processes;
}

/** What one process has alone, until it gives it back, dies or says nothing for long. */
export interface Lease {
  /** Fires when another has taken it over: whatever it stands for is that one's now. */
  readonly lost: AbortSignal;
  /** To be called before what must not be done beside another holder. Rejects with `aborted` when the lease is lost. */
  confirm(): Promise<void>;
  release(): Promise<void>;
}

/** How often a holder shows that it lives. */
const BEAT_MS = 3000;
/** A holder that was seen to say nothing for so long is taken for dead. */
const SILENT_MS = 15_000;

interface Holder {
  readonly id: string;
  /** Undefined where it cannot be read. */
  readonly process: ProcessName | undefined;
  /** Another one after each beat. By the holder's clock, so that it is never compared with ours. */
  readonly beat: number;
}

/**
 * Who owns what, among processes that share a folder. A lease is a folder that holds one file, named by nobody else's id, that
 * tells the process which holds it. A folder can be moved only to where none is, or an empty one; and to take a lease from a
 * dead holder is to delete that very holder's file, which cannot hit whoever took it meanwhile. So of several that find out at
 * once that a holder died one takes it over, and a holder that was only slow finds its file gone.
 */
export class Leases {
  readonly #files: WorkspaceFiles;
  readonly #clock: Clock;
  readonly #processes: Processes;

  constructor({ files, clock, processes }: LeasesOptions) {
    this.#files = files;
    this.#clock = clock;
    this.#processes = processes;
  }

  /** Undefined while another holds it that is not known to have ended. */
  async take(name: string): Promise<Lease | undefined> {
    const holder = await this.#holder(name);
    return holder && !(await this.#hasEnded(holder)) ? undefined : this.#replace(name, holder);
  }

  /** Waits until it is free, or its holder dead or silent for long. */
  async wait(name: string, pollMs: number, signal: AbortSignal): Promise<Lease> {
    let seen: Holder | undefined;
    let silentMs = 0;
    for (;;) {
      throwIfAborted(signal);
      const holder = await this.#holder(name);
      // Looks are counted, not time: a machine that slept has not looked meanwhile.
      silentMs = holder?.id === seen?.id && holder?.beat === seen?.beat ? silentMs + pollMs : 0;
      seen = holder;
      if (!holder || silentMs >= SILENT_MS || (await this.#hasEnded(holder))) {
        const lease = await this.#replace(name, holder);
        if (lease) return lease;
      }
      await sleep(this.#clock, pollMs, signal);
    }
  }

  /** Does the work while no other process does its own under this name. The signal ends the wait, not the work. */
  async during<T>(name: string, pollMs: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const lease = await this.wait(name, pollMs, signal);
    try {
      return await work();
    } finally {
      await lease.release();
    }
  }

  async #hasEnded({ process }: Holder): Promise<boolean> {
    return process !== undefined && this.#processes.hasEnded(process);
  }

  async #replace(name: string, dead: Holder | undefined): Promise<Lease | undefined> {
    if (dead) await this.#files.remove(`${name}/${dead.id}`);
    // Windows moves no folder over an empty one.
    await this.#files.removeEmpty(name);
    const id = randomUUID();
    const draft = `${name}.${id}`;
    try {
      await this.#files.create(`${draft}/${id}`, JSON.stringify(await this.#processes.self()));
      await this.#move(draft, name);
      // A network's file system may say of what it did that it failed, or the other way round.
      if ((await this.#holder(name))?.id !== id) return undefined;
    } finally {
      await this.#files.remove(draft);
    }
    return new HeldLease(this.#files, this.#clock, name, id);
  }

  async #move(draft: string, name: string): Promise<void> {
    try {
      await this.#files.rename(draft, name);
    } catch (error) {
      const code = isWorkbenchError(error) ? systemCode(error.cause) : undefined;
      // Windows says EPERM where a folder is in the way.
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'EPERM') throw error;
    }
  }

  /** Undefined when nobody holds it, or it is just being given back. */
  async #holder(name: string): Promise<Holder | undefined> {
    const [id] = await this.#files.list(name);
    if (id === undefined) return undefined;
    try {
      const file = `${name}/${id}`;
      const [text, beat] = [await this.#files.read(file), await this.#files.changedAt(file)];
      return text === undefined || beat === undefined ? undefined : { id, process: processOf(text), beat };
    } catch (error) {
      // Something else in its place shows no life either.
      if (isWorkbenchError(error, 'file-unreadable')) return { id, process: undefined, beat: 0 };
      throw error;
    }
  }
}

class HeldLease implements Lease {
  readonly #files: WorkspaceFiles;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #file: string;
  readonly #lost = new AbortController();
  readonly lost = this.#lost.signal;
  #beating: Disposable | undefined;
  #released = false;

  constructor(files: WorkspaceFiles, clock: Clock, name: string, id: string) {
    this.#files = files;
    this.#clock = clock;
    this.#name = name;
    this.#file = `${name}/${id}`;
    this.#beatLater();
  }

  async confirm(): Promise<void> {
    if (!this.#released && !this.lost.aborted && !(await this.#files.touch(this.#file, this.#clock.now())))
      this.#lose();
    if (this.lost.aborted) throw aborted(this.lost);
  }

  async release(): Promise<void> {
    this.#released = true;
    this.#beating?.dispose();
    await this.#files.remove(this.#file);
    await this.#files.removeEmpty(this.#name);
  }

  #lose(): void {
    this.#beating?.dispose();
    this.#lost.abort(
      new WorkbenchError({
        code: 'aborted',
        message: `another process has taken over ${this.#files.path(this.#name)}`,
        hint: 'It goes on there.',
      }),
    );
  }

  #beatLater(): void {
    this.#beating = this.#clock.setTimer(BEAT_MS, () => void this.#beat());
  }

  /** A disk that cannot be written for the moment takes nothing from anybody: `confirm` tells it to whoever writes. */
  async #beat(): Promise<void> {
    await this.confirm().catch(() => undefined);
    if (!this.#released && !this.lost.aborted) this.#beatLater();
  }
}

function processOf(text: string): ProcessName | undefined {
  try {
    const { host, pid, started } = JSON.parse(text) as Partial<Record<string, unknown>>;
    return typeof host === 'string' &&
      Number.isSafeInteger(pid) &&
      Number(pid) > 0 &&
      (started === null || typeof started === 'string')
      ? { host, pid: Number(pid), started }
      : undefined;
  } catch {
    return undefined;
  }
}
