import { PassThrough, type Readable, type Writable } from 'node:stream';
import type { ContainerContext } from '../types.ts';

/** What the shell needs of its container. */
export type ShellContainer = Omit<ContainerContext, 'signal' | 'log'>;

export interface Stdio {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly tty: boolean;
}

export interface ScriptRun {
  readonly source: string;
  /** `$0` of messages and `ps`. */
  readonly name: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdio: Stdio;
  readonly signal: AbortSignal;
  readonly parentPid: number;
}

export interface ScriptResult {
  readonly exitCode: number;
  /** Variables and directory at the end, for an interactive session's next line. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** True when the script called `exit`. */
  readonly exited: boolean;
}

/** A word as the shell reads it back unchanged. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A stdin that has nothing to say. */
export function emptyInput(): Readable {
  return new PassThrough().end();
}
