import { parseArgs } from 'node:util';
import { errorText, WorkbenchError } from '../base/errors.ts';
import type { Io } from './io.ts';

export interface Option {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  /** Name of the value in the usage line. */
  readonly value?: string;
  readonly description: string;
}

export interface Invocation {
  readonly positionals: readonly string[];
  text(option: string): string | undefined;
  texts(option: string): readonly string[];
  flag(option: string): boolean;
  /** A whole number, 0 or more; anything else is bad usage. */
  integer(option: string): number | undefined;
}

/** One command of `llmdw`. `run` is loaded only when it is called, so that `--help` stays quick. */
export interface Command {
  readonly words: readonly string[];
  readonly arguments: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly load: () => Promise<(invocation: Invocation, io: Io) => Promise<number>>;
}

export function badUsage(message: string, hint: string): WorkbenchError {
  return new WorkbenchError({ code: 'bad-usage', message, hint });
}

export function parseInvocation(command: Command, args: readonly string[]): Invocation {
  const name = `llmdw ${command.words.join(' ')}`;
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(command.options).map(([key, option]) => [
          key,
          { type: option.type, multiple: option.multiple ?? false },
        ]),
      ),
    });
  } catch (error) {
    throw badUsage(`${name}: ${errorText(error)}`, `Run "${name} --help".`);
  }
  const { values, positionals } = parsed;
  const text = (option: string): string | undefined => {
    const value = values[option];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    positionals,
    text,
    texts(option) {
      const value = values[option];
      return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
    },
    flag: (option) => values[option] === true,
    integer(option) {
      const value = text(option);
      if (value === undefined) return undefined;
      if (!/^\d+$/.test(value))
        throw badUsage(`${name}: --${option} takes a whole number, not "${value}"`, `Run "${name} --help".`);
      return Number(value);
    },
  };
}

export function help(command: Command): string {
  const rows = Object.entries(command.options).map(
    ([name, option]) =>
      [`--${name}${option.value === undefined ? '' : ` ${option.value}`}`, option.description] as const,
  );
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
  return `${command.summary}\n\nUsage: llmdw ${command.words.join(' ')} ${command.arguments}\n${lines.length > 0 ? `\nOptions:\n${lines.join('\n')}\n` : ''}`;
}
