import { Readable, type Writable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import type { IFileSystem } from 'just-bash';
import { extract, pack, type Pack } from 'tar-stream';
import type { PartialShellCommand } from '../adapter.ts';
import type { ShellIo } from '../../types.ts';
import { readAll, writeAll, writeText } from '../streams.ts';
import { systemErrorText } from './system-errors.ts';

interface TarOptions {
  readonly mode: 'create' | 'extract' | 'list';
  readonly archive: string;
  readonly gzip: boolean;
  readonly directory: string;
  readonly verbose: boolean;
  /** `m`: do not restore times. */
  readonly ignoreTimes: boolean;
  readonly members: readonly string[];
}

const modes: Readonly<Record<string, TarOptions['mode']>> = { c: 'create', x: 'extract', t: 'list' };

/** Reads the options that streaming copies use (`cf - path`, `xmf - -C dir`, with z and v); undefined for any other. */
function readOptions(argv: readonly string[]): TarOptions | undefined {
  let mode: TarOptions['mode'] | undefined;
  let archive = '-';
  let gzip = false;
  let directory = '.';
  let verbose = false;
  let ignoreTimes = false;
  const members: string[] = [];
  const rest = [...argv];
  let first = true;
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    const bundled = first && !argument.startsWith('-');
    first = false;
    if (
      argument === '--no-same-permissions' ||
      argument === '--no-same-owner' ||
      argument === '--warning=no-file-changed'
    ) {
      first = mode === undefined;
    } else if (argument === '-C' || argument === '--directory') directory = rest.shift() ?? '.';
    else if (argument.startsWith('--')) return undefined;
    else if (bundled || (argument.startsWith('-') && argument !== '-')) {
      for (const letter of argument.replace(/^-/, '')) {
        if (letter in modes) mode = modes[letter];
        else if (letter === 'f') archive = rest.shift() ?? '-';
        else if (letter === 'z') gzip = true;
        else if (letter === 'v') verbose = true;
        else if (letter === 'm') ignoreTimes = true;
        else if (letter !== 'p' && letter !== 'h') return undefined;
      }
    } else members.push(argument);
  }
  return mode === undefined ? undefined : { mode, archive, gzip, directory, verbose, ignoreTimes, members };
}

export const tar: PartialShellCommand = {
  name: 'tar',
  handles: (argv) => readOptions(argv) !== undefined,
  async run(argv, io, { fs }) {
    const options = readOptions(argv);
    if (options === undefined) return 64;
    const directory = fs.resolvePath(io.cwd, options.directory);
    if (!(await fs.exists(directory))) {
      await writeText(
        io.stderr,
        `tar: ${options.directory}: Cannot open: No such file or directory\ntar: Error is not recoverable: exiting now\n`,
      );
      return 2;
    }
    return options.mode === 'create' ? create(options, directory, fs, io) : read(options, directory, fs, io);
  },
};

async function create(options: TarOptions, directory: string, fs: IFileSystem, io: ShellIo): Promise<number> {
  const archive = pack();
  const output = options.gzip ? Readable.from(archive).pipe(createGzip()) : Readable.from(archive);
  const target = options.archive === '-' ? undefined : fs.resolvePath(io.cwd, options.archive);
  const written =
    target === undefined ? copyOut(output, io.stdout) : readAll(output).then((bytes) => fs.writeFile(target, bytes));
  let code = 0;
  let warned = false;
  for (const member of options.members) {
    const name = member.replace(/^\/+/, '');
    if (name !== member && !warned) {
      warned = true;
      await writeText(io.stderr, "tar: Removing leading `/' from member names\n");
    }
    const path = fs.resolvePath(directory, member);
    if (!(await fs.exists(path))) {
      code = 2;
      await writeText(io.stderr, `tar: ${member}: Cannot stat: No such file or directory\n`);
      continue;
    }
    await addMember(archive, fs, path, name === '' ? '.' : name, options, io);
  }
  archive.finalize();
  await written;
  if (code !== 0) await writeText(io.stderr, 'tar: Exiting with failure status due to previous errors\n');
  return code;
}

async function addMember(
  archive: Pack,
  fs: IFileSystem,
  path: string,
  name: string,
  options: TarOptions,
  io: ShellIo,
): Promise<void> {
  const stat = await fs.lstat(path);
  const header = { mode: stat.mode & 0o7777, mtime: stat.mtime, uname: 'root', gname: 'root' };
  if (options.verbose) await writeText(io.stderr, `${name}${stat.isDirectory ? '/' : ''}\n`);
  if (stat.isSymbolicLink) {
    archive.entry({ ...header, name, type: 'symlink', linkname: await fs.readlink(path) });
    return;
  }
  if (stat.isDirectory) {
    archive.entry({ ...header, name: name.endsWith('/') ? name : `${name}/`, type: 'directory' });
    for (const child of await fs.readdir(path))
      await addMember(archive, fs, fs.resolvePath(path, child), `${name.replace(/\/$/, '')}/${child}`, options, io);
    return;
  }
  const bytes = await fs.readFileBuffer(path);
  await new Promise<void>((resolve, reject) => {
    archive.entry(
      { ...header, name, size: bytes.length },
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      (error) => (error ? reject(error) : resolve()),
    );
  });
}

async function copyOut(from: Readable, to: Writable): Promise<void> {
  for await (const chunk of from) await writeAll(to, chunk as Uint8Array);
}

async function read(options: TarOptions, directory: string, fs: IFileSystem, io: ShellIo): Promise<number> {
  const source =
    options.archive === '-'
      ? io.stdin
      : Readable.from([await fs.readFileBuffer(fs.resolvePath(io.cwd, options.archive))]);
  const entries = extract();
  const input = options.gzip ? source.pipe(createGunzip()) : source;
  input.on('error', (error: Error) => entries.destroy(error));
  input.pipe(entries);
  let code = 0;
  try {
    for await (const entry of entries) {
      const { name, type, mode, mtime, linkname } = entry.header;
      const wanted =
        options.members.length === 0 ||
        options.members.some((member) => name === member || name.startsWith(`${member}/`));
      if (wanted && (options.mode === 'list' || options.verbose))
        await writeText(options.mode === 'list' ? io.stdout : io.stderr, `${name}\n`);
      if (!wanted || options.mode === 'list') {
        entry.resume();
        continue;
      }
      const path = fs.resolvePath(directory, name);
      try {
        if (type === 'directory') {
          await fs.mkdir(path, { recursive: true });
          entry.resume();
        } else {
          const bytes = await readAll(entry);
          await fs.mkdir(fs.resolvePath(path, '..'), { recursive: true });
          if (type === 'symlink') await fs.symlink(linkname ?? '', path);
          else await fs.writeFile(path, bytes);
        }
        if (type !== 'symlink' && mode !== undefined) await fs.chmod(path, mode & 0o7777);
        if (type !== 'symlink' && mtime !== undefined && !options.ignoreTimes) await fs.utimes(path, mtime, mtime);
      } catch (error) {
        code = 2;
        entry.resume();
        await writeText(io.stderr, `tar: ${name}: Cannot open: ${systemErrorText(error)}\n`);
      }
    }
  } catch (error) {
    await writeText(
      io.stderr,
      `tar: ${error instanceof Error ? error.message : 'unexpected end of archive'}\ntar: Error is not recoverable: exiting now\n`,
    );
    return 2;
  } finally {
    // The archive may end before its stream does (padding): whoever writes it must not wait for us.
    input.unpipe(entries);
    input.resume();
  }
  if (code !== 0) await writeText(io.stderr, 'tar: Exiting with failure status due to previous errors\n');
  return code;
}
