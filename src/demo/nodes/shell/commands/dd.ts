import type { IFileSystem } from 'just-bash';
import type { ShellCommand, ShellIo } from '../../types.ts';
import { readAll, writeAll, writeText } from '../streams.ts';
import { parseSize } from './arguments.ts';
import { deviceBytes } from './devices.ts';
import { systemErrorText } from './system-errors.ts';

interface DdOptions {
  readonly input: string | undefined;
  readonly output: string | undefined;
  readonly blockSize: number;
  readonly skipBytes: number;
  readonly seekBytes: number;
  readonly limit: number | undefined;
  readonly keepOutput: boolean;
  readonly quiet: boolean;
}

function readOptions(argv: readonly string[]): DdOptions | undefined {
  const given = new Map(
    argv.map((argument) => [argument.slice(0, argument.indexOf('=')), argument.slice(argument.indexOf('=') + 1)]),
  );
  const size = (name: string, fallback: number): number =>
    given.has(name) ? (parseSize(given.get(name)) ?? Number.NaN) : fallback;
  const flags = `${given.get('iflag') ?? ''},${given.get('oflag') ?? ''}`.split(',');
  const blockSize = size('bs', size('ibs', 512));
  const unit = (flag: string): number => (flags.includes(flag) ? 1 : blockSize);
  const count = given.has('count') ? size('count', 0) * unit('count_bytes') : undefined;
  const options: DdOptions = {
    input: given.get('if'),
    output: given.get('of'),
    blockSize,
    skipBytes: size('skip', 0) * unit('skip_bytes'),
    seekBytes: size('seek', 0) * unit('seek_bytes'),
    limit: count,
    keepOutput: (given.get('conv') ?? '').split(',').includes('notrunc'),
    quiet: given.get('status') === 'none',
  };
  return [options.blockSize, options.skipBytes, options.seekBytes, options.limit ?? 0].some(Number.isNaN)
    ? undefined
    : options;
}

/** Copies bytes from and to any place in a file; streams from a file to stdout in blocks. */
export const dd: ShellCommand = {
  name: 'dd',
  async run(argv, io, { fs, time }) {
    const options = readOptions(argv);
    if (options === undefined) {
      await writeText(io.stderr, 'dd: invalid number\n');
      return 1;
    }
    const started = time.now();
    let copied: number;
    try {
      const bytes = await inputBytes(options, io, fs);
      if (options.output === undefined) await writeAll(io.stdout, bytes);
      else await writeAt(fs, fs.resolvePath(io.cwd, options.output), bytes, options);
      copied = bytes.length;
    } catch (error) {
      await writeText(
        io.stderr,
        `dd: failed to open '${options.input ?? options.output ?? 'standard input'}': ${systemErrorText(error)}\n`,
      );
      return 1;
    }
    if (!options.quiet) await writeText(io.stderr, report(copied, options.blockSize, (time.now() - started) / 1000));
    return 0;
  },
};

async function inputBytes(options: DdOptions, io: ShellIo, fs: IFileSystem): Promise<Uint8Array> {
  const device = deviceBytes(options.input, options.limit ?? 0);
  if (device !== undefined) return device;
  const all =
    options.input === undefined
      ? await readAll(io.stdin)
      : await fs.readFileBuffer(fs.resolvePath(io.cwd, options.input));
  const end = options.limit === undefined ? all.length : options.skipBytes + options.limit;
  return all.subarray(options.skipBytes, end);
}

async function writeAt(fs: IFileSystem, path: string, bytes: Uint8Array, options: DdOptions): Promise<void> {
  if (path === '/dev/null') return;
  const before = (await fs.exists(path)) ? await fs.readFileBuffer(path) : new Uint8Array();
  if (options.seekBytes === before.length) {
    await fs.appendFile(path, bytes);
    return;
  }
  const kept = options.keepOutput ? before : before.subarray(0, options.seekBytes);
  const result = new Uint8Array(Math.max(kept.length, options.seekBytes + bytes.length));
  result.set(kept);
  result.set(bytes, options.seekBytes);
  await fs.writeFile(path, result);
}

function report(bytes: number, blockSize: number, seconds: number): string {
  const records = `${Math.floor(bytes / blockSize)}+${bytes % blockSize === 0 ? 0 : 1}`;
  const rate = bytes / Math.max(seconds, 1e-6) / 1e6;
  return `${records} records in\n${records} records out\n${bytes} bytes copied, ${seconds.toPrecision(6)} s, ${rate.toFixed(1)} MB/s\n`;
}
