/** One process of a container, as `ps` and `kill` see it. */
export interface ContainerProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** Wall ms. */
  readonly startedAt: number;
}

interface Entry extends ContainerProcess {
  readonly kill: (signal: number) => void;
}

/** Exit code of a process ended by a signal. */
export const signalExit = (signal: number): number => 128 + signal;

/** Signals that `kill` knows, by number. */
export const signalNumbers: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  KILL: 9,
  USR1: 10,
  USR2: 12,
  TERM: 15,
  CONT: 18,
  STOP: 19,
};

/** The process table of one container; its main process is 1. */
export class ProcessTable {
  readonly #entries = new Map<number, Entry>();
  #next = 1;

  /** Registers a process until `ended` is called. */
  start(
    command: string,
    parent: number,
    now: number,
    kill: (signal: number) => void,
  ): { readonly pid: number; ended(): void } {
    const pid = this.#next;
    this.#next += 1;
    this.#entries.set(pid, { pid, parent, command, startedAt: now, kill });
    return { pid, ended: () => void this.#entries.delete(pid) };
  }

  list(): readonly ContainerProcess[] {
    return this.#entries.values().toArray();
  }

  /** False when there is no such process. */
  kill(pid: number, signal: number): boolean {
    const entry = this.#entries.get(pid);
    if (entry === undefined) return false;
    if (signal !== 0) entry.kill(signal);
    return true;
  }
}
