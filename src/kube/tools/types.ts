export interface ToolEnvironment {
  readonly env: Readonly<Record<string, string>>;
  readonly context: string;
  readonly namespace: string;
}

/** A command as data: what to run and how to read it. Never a shell string. */
export interface Command<T> {
  readonly tool: 'kubectl' | 'helm' | 'node';
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  readonly parse: (stdout: string) => T;
}

/** Runs commands. Cancelling ends the whole process tree. Missing tool: `tool-missing`; non-zero exit: `tool-failed` with the last stderr line. */
export interface CommandRunner {
  run<T>(command: Command<T>, signal: AbortSignal): Promise<T>;
  /** Path of a tool, or undefined when it is not on the PATH nor in the settings. */
  find(tool: 'kubectl' | 'helm'): Promise<string | undefined>;
}
