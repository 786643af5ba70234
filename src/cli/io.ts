/** Where a command writes; tests hand in their own. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
}

export function systemIo(): Io {
  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt.abort());
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    env: process.env,
    cwd: process.cwd(),
    signal: interrupt.signal,
  };
}

/** Exit codes of every command. */
export const exit = { ok: 0, failed: 1, usage: 2 } as const;
