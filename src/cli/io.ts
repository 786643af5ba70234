import { printedLine, printedText } from '../base/terminal-text.ts';

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

/** The same with everything that goes out fit for a terminal or a pipe, whatever a command has put into it. */
export function printing(io: Io): Io {
  return { ...io, out: (text) => io.out(printedText(text)), err: (text) => io.err(printedText(text)) };
}

/** A line of output: what is filled in cannot end it or begin another. */
export function line(fixed: TemplateStringsArray, ...filled: readonly (string | number)[]): string {
  return `${String.raw({ raw: fixed }, ...filled.map((value) => printedLine(String(value))))}\n`;
}

/** Exit codes of every command. */
export const exit = { ok: 0, failed: 1, usage: 2 } as const;
