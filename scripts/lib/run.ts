import { execa } from 'execa';
import { told, type Tell } from './step.ts';
import { which } from './system.ts';

const shownLines = 15;

/** Runs a command with its output on the terminal; a non-zero exit is an error that names the command. */
export async function run(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const subprocess = execa(file, args, { ...options, stdout: 'inherit', stderr: 'inherit', stdin: 'ignore' });
  await subprocess;
}

export interface QuietOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Whether the command sees the environment of this process beside `env`; it does by default. */
  readonly extendEnv?: boolean;
  readonly timeoutMs?: number;
  /** Takes each line of its output. */
  readonly tell: Tell;
}

/**
 * Runs a command whose output is of use only when it fails: then the error ends with its last lines. It runs behind whatever else the
 * machine does. Returns what it wrote to stdout.
 */
export async function runQuietly(
  file: string,
  args: readonly string[],
  { timeoutMs, tell, ...options }: QuietOptions,
): Promise<string> {
  const lines = told(tell);
  const nice = await which('nice');
  const [first, rest] = nice === undefined ? [file, args] : [nice, ['-n', '19', file, ...args]];
  const result = await execa(first, rest, {
    ...options,
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    stdin: 'ignore',
    stdout: lines,
    stderr: lines,
    all: true,
    reject: false,
  });
  if (result.failed)
    throw new Error(`${result.shortMessage}\n${result.all.trimEnd().split('\n').slice(-shownLines).join('\n')}`);
  return result.stdout;
}
