import type { IFileSystem } from 'just-bash';
import type { ShellIo } from '../../types.ts';
import type { PartialShellCommand } from '../adapter.ts';
import { readAll, writeAll, writeText } from '../streams.ts';
import { parseSize } from './arguments.ts';
import { deviceBytes } from './devices.ts';
import { systemErrorText } from './system-errors.ts';

/** Bytes of a file, or of stdin for `-`. */
export async function readInput(fs: IFileSystem, io: ShellIo, file: string): Promise<Uint8Array> {
  return file === '-' ? readAll(io.stdin) : fs.readFileBuffer(fs.resolvePath(io.cwd, file));
}

/** Runs `each` for every file and reports those that can't be read, as coreutils do. Resolves with the exit code. */
export async function forEachFile(
  name: string,
  files: readonly string[],
  io: ShellIo,
  each: (file: string) => Promise<void>,
): Promise<number> {
  let code = 0;
  for (const file of files.length === 0 ? ['-'] : files) {
    try {
      await each(file);
    } catch (error) {
      code = 1;
      await writeText(io.stderr, `${name}: ${file}: ${systemErrorText(error)}\n`);
    }
  }
  return code;
}

export const cat: PartialShellCommand = {
  name: 'cat',
  handles: (argv) => argv.every((argument) => argument === '-' || !argument.startsWith('-')),
  run: (argv, io, { fs }) =>
    forEachFile('cat', argv, io, async (file) => {
      if (file !== '-') {
        await writeAll(io.stdout, await readInput(fs, io, file));
        return;
      }
      for await (const chunk of io.stdin) await writeAll(io.stdout, chunk as Uint8Array);
    }),
};

export const tee: PartialShellCommand = {
  name: 'tee',
  handles: () => true,
  async run(argv, io, { fs }) {
    const append = argv.includes('-a') || argv.includes('--append');
    const files = argv.filter((argument) => !argument.startsWith('-')).map((file) => fs.resolvePath(io.cwd, file));
    if (!append) for (const file of files) await fs.writeFile(file, '');
    for await (const chunk of io.stdin) {
      for (const file of files) await fs.appendFile(file, chunk as Uint8Array);
      await writeAll(io.stdout, chunk as Uint8Array);
    }
    return 0;
  },
};

interface Cut {
  readonly unit: 'lines' | 'bytes';
  readonly count: number;
  /** `head -n -N` (all but the last) or `tail -n +N` (from the N-th). */
  readonly inverse: boolean;
  readonly follow: boolean;
  readonly quiet: boolean;
  readonly files: readonly string[];
}

/** Arguments of head and tail, in their many spellings: `-5`, `-n5`, `-n 5`, `--lines=5`, `-c +7`, `-f`. */
function readCut(argv: readonly string[], inverseSign: '-' | '+'): Cut | undefined {
  let unit: Cut['unit'] = 'lines';
  let amount = '10';
  let follow = false;
  let quiet = false;
  const files: string[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const argument = argv[index] ?? '';
    const counted = /^(?:-([nc])|--(lines|bytes)(?:=|$))(.*)$/.exec(argument);
    if (counted !== null) {
      unit = counted[1] === 'c' || counted[2] === 'bytes' ? 'bytes' : 'lines';
      if (counted[3] === '' || counted[3] === undefined) {
        index += 1;
        amount = argv[index] ?? '';
      } else {
        amount = counted[3];
      }
    } else if (/^-\d+$/.test(argument)) amount = argument.slice(1);
    else if (/^-[fF]$/.test(argument) || argument === '--follow') follow = true;
    else if (argument === '-q') quiet = true;
    else if (argument.startsWith('-') && argument !== '-') return undefined;
    else files.push(argument);
  }
  const count = parseSize(amount.replace(/^[-+]/, ''));
  return count === undefined
    ? undefined
    : { unit, count, inverse: amount.startsWith(inverseSign), follow, quiet, files };
}

async function withHeaders(
  name: string,
  cut: Cut,
  io: ShellIo,
  each: (file: string) => Promise<void>,
): Promise<number> {
  const headers = cut.files.length > 1 && !cut.quiet;
  let first = true;
  return forEachFile(name, cut.files, io, async (file) => {
    if (headers) await writeText(io.stdout, `${first ? '' : '\n'}==> ${file} <==\n`);
    first = false;
    await each(file);
  });
}

export const head: PartialShellCommand = {
  name: 'head',
  handles: (argv) => readCut(argv, '-') !== undefined,
  async run(argv, io, { fs }) {
    const cut = readCut(argv, '-');
    if (cut === undefined) return 1;
    return withHeaders('head', cut, io, async (file) => {
      if (file === '-' && !cut.inverse) {
        await headOfStream(cut, io);
        return;
      }
      const device = cut.unit === 'bytes' ? deviceBytes(file, cut.count) : undefined;
      const bytes = device ?? (await readInput(fs, io, file));
      const end = cut.inverse ? startOfLast(bytes, cut) : endOfFirst(bytes, cut.unit, cut.count);
      await writeAll(io.stdout, bytes.subarray(0, end));
    });
  },
};

/** Passes on the first part as it comes and leaves the rest unread. */
async function headOfStream(cut: Cut, io: ShellIo): Promise<void> {
  let left = cut.count;
  if (left === 0) return;
  for await (const chunk of io.stdin) {
    const bytes = chunk as Uint8Array;
    const end = endOfFirst(bytes, cut.unit, left);
    await writeAll(io.stdout, bytes.subarray(0, end));
    left -= cut.unit === 'bytes' ? end : countLines(bytes.subarray(0, end));
    if (left <= 0) return;
  }
}

export const tail: PartialShellCommand = {
  name: 'tail',
  handles: (argv) => readCut(argv, '+') !== undefined,
  async run(argv, io, { fs }) {
    const cut = readCut(argv, '+');
    if (cut === undefined) return 1;
    const seen = new Map<string, number>();
    const code = await withHeaders('tail', cut, io, async (file) => {
      if (file === '-' && cut.inverse && cut.unit === 'bytes') {
        await skipStream(cut.count - 1, io);
        return;
      }
      const bytes = await readInput(fs, io, file);
      const start = cut.inverse ? endOfFirst(bytes, cut.unit, Math.max(0, cut.count - 1)) : startOfLast(bytes, cut);
      await writeAll(io.stdout, bytes.subarray(start));
      seen.set(file, bytes.length);
    });
    if (!cut.follow) return code;
    for (;;) {
      await followPause(io.signal);
      if (io.signal.aborted) return 130;
      for (const [file, length] of seen) {
        const path = fs.resolvePath(io.cwd, file);
        if (file === '-' || file === '/dev/null' || !(await fs.exists(path))) continue;
        const bytes = await fs.readFileBuffer(path);
        if (bytes.length > length) await writeAll(io.stdout, bytes.subarray(length));
        seen.set(file, bytes.length);
      }
    }
  },
};

const followEveryMs = 250;

function followPause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(finish, followEveryMs);
    function finish(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    }
    signal.addEventListener('abort', finish);
    if (signal.aborted) finish();
  });
}

async function skipStream(count: number, io: ShellIo): Promise<void> {
  let left = count;
  for await (const chunk of io.stdin) {
    const bytes = chunk as Uint8Array;
    if (left < bytes.length) await writeAll(io.stdout, bytes.subarray(left));
    left = Math.max(0, left - bytes.length);
  }
}

const newline = 10;

function endOfFirst(bytes: Uint8Array, unit: Cut['unit'], count: number): number {
  if (unit === 'bytes') return Math.min(count, bytes.length);
  let end = 0;
  for (let line = 0; line < count && end < bytes.length; line += 1) {
    const next = bytes.indexOf(newline, end);
    end = next < 0 ? bytes.length : next + 1;
  }
  return end;
}

function startOfLast(bytes: Uint8Array, cut: Cut): number {
  if (cut.unit === 'bytes') return Math.max(0, bytes.length - cut.count);
  let start = bytes.length;
  for (let line = 0; line < cut.count && start > 0; line += 1) start = bytes.lastIndexOf(newline, start - 2) + 1;
  return start;
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines += 1;
  return lines;
}
