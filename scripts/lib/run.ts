import { execa, ExecaError } from 'execa';

/** Runs a command with its output on the terminal; a non-zero exit is an error that names the command. */
export async function run(file: string, args: readonly string[], options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {}): Promise<void> {
  const subprocess = execa(file, args, { ...options, stdout: 'inherit', stderr: 'inherit', stdin: 'ignore' });
  await subprocess;
}

/** Runs a command and answers its output, or undefined when it is missing or fails. */
export async function tryOutput(file: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await execa(file, args);
    return stdout;
  } catch (error) {
    if (error instanceof ExecaError) return undefined;
    throw error;
  }
}
