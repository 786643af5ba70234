import type { ShellIo } from '../../nodes/types.ts';

/** What flags a tool takes, and how many values each. `many` takes all up to the next flag. */
export type FlagKinds = Readonly<Record<string, 'none' | 'one' | 'many'>>;

export class UsageError extends Error {}

/** Arguments as Python's argparse reads them: `--x y`, `--x=y`, positional. Values are kept as text. */
export class ParsedArguments {
  readonly positional: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(argv: readonly string[], kinds: FlagKinds) {
    const positional: string[] = [];
    const values = new Map<string, string[]>();
    for (let index = 0; index < argv.length; index += 1) {
      const arg = argv[index] ?? '';
      if (!arg.startsWith('-') || arg === '-' || /^-\d/.test(arg)) {
        positional.push(arg);
        continue;
      }
      const equals = arg.indexOf('=');
      const flag = equals < 0 ? arg : arg.slice(0, equals);
      const kind = kinds[flag];
      if (kind === undefined) throw new UsageError(`unrecognized arguments: ${arg}`);
      const given = values.get(flag) ?? [];
      values.set(flag, given);
      if (equals >= 0) given.push(arg.slice(equals + 1));
      else if (kind !== 'none') {
        const taken = takeValues(argv, index, kind);
        if (taken.length === 0) throw new UsageError(`argument ${flag}: expected one argument`);
        given.push(...taken);
        index += taken.length;
      }
    }
    this.positional = positional;
    this.#values = values;
  }

  has(...flags: readonly string[]): boolean {
    return flags.some((flag) => this.#values.has(flag));
  }

  all(flag: string): readonly string[] {
    return this.#values.get(flag) ?? [];
  }

  /** The last value given, as argparse keeps it. */
  text(...flags: readonly string[]): string | undefined {
    return flags.flatMap((flag) => this.all(flag)).at(-1);
  }

  number(flag: string): number | undefined {
    const value = this.text(flag);
    if (value === undefined) return undefined;
    const number = /^inf(inity)?$/i.test(value) ? Infinity : Number(value);
    if (value.trim() === '' || Number.isNaN(number))
      throw new UsageError(`argument ${flag}: invalid float value: '${value}'`);
    return number;
  }
}

function takeValues(argv: readonly string[], index: number, kind: 'one' | 'many'): readonly string[] {
  const rest = argv.slice(index + 1);
  if (kind === 'one') return rest.slice(0, 1);
  const end = rest.findIndex((arg) => arg.startsWith('--'));
  return end < 0 ? rest : rest.slice(0, end);
}

/** Writes text, waiting where the reader is slow. A closed reader is not an error: the tool ends by its signal. */
export async function print(io: ShellIo, text: string, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
  const target = io[stream];
  if (text === '' || target.destroyed || target.write(text)) return;
  await drained(io, stream);
}

/** Waits until a stream takes more, or is closed. */
export async function drained(io: ShellIo, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
  const target = io[stream];
  await new Promise<void>((resolve) => {
    const done = (): void => {
      target.off('drain', done);
      target.off('close', done);
      resolve();
    };
    target.on('drain', done);
    target.on('close', done);
  });
}
