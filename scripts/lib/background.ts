import { execa } from 'execa';

export interface Background {
  readonly pid: number;
  /** Everything it printed so far. */
  output(): string;
  /** Resolves with the first match in what it printed; rejects when it ends before, or after `timeoutMs`. */
  printed(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray>;
  /** Ends it and its children and waits for that. */
  stop(): Promise<void>;
}

/** A server of a script, ended with the script. */
export function background(
  file: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string; readonly input?: string } = {},
): Background {
  const subprocess = execa(file, args, {
    ...options,
    all: true,
    buffer: false,
    reject: false,
    forceKillAfterDelay: 5000,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : {}),
  });
  let text = '';
  let ended = false;
  const listeners = new Set<() => void>();
  subprocess.all.setEncoding('utf8');
  subprocess.all.on('data', (chunk: string) => {
    text += chunk;
    for (const listener of listeners) listener();
  });
  const done = (async (): Promise<void> => {
    await subprocess;
    ended = true;
    for (const listener of listeners) listener();
  })();
  return {
    pid: subprocess.pid ?? 0,
    output: () => text,
    printed(pattern, timeoutMs) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () =>
            finish(() =>
              reject(
                new Error(
                  `${file} did not print ${String(pattern)} within ${timeoutMs / 1000} s:\n${text.slice(-2000)}`,
                ),
              ),
            ),
          timeoutMs,
        );
        const finish = (settle: () => void): void => {
          clearTimeout(timer);
          listeners.delete(look);
          settle();
        };
        const look = (): void => {
          const match = pattern.exec(text);
          if (match) finish(() => resolve(match));
          else if (ended)
            finish(() =>
              reject(new Error(`${file} ended before it printed ${String(pattern)}:\n${text.slice(-2000)}`)),
            );
        };
        listeners.add(look);
        look();
      });
    },
    async stop() {
      subprocess.kill('SIGINT');
      const timer = setTimeout(() => subprocess.kill('SIGKILL'), 8000);
      await done;
      clearTimeout(timer);
    },
  };
}
