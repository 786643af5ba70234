import { execa } from 'execa';

/** Runs a command with its output on the terminal; a non-zero exit is an error that names the command. */
export async function run(file: string, args: readonly string[], options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {}): Promise<void> {
  const subprocess = execa(file, args, { ...options, stdout: 'inherit', stderr: 'inherit', stdin: 'ignore' });
  await subprocess;
}
