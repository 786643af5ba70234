import type { ShellCommand, ShellIo } from '../../types.ts';
import { sleep as passMs, systemClock } from '../../../../base/clock.ts';
import { writeText } from '../streams.ts';
import { signalNumbers, type ProcessTable } from '../processes.ts';
import { parseDuration } from './arguments.ts';
import { systemErrorText } from './system-errors.ts';

/** What the commands about the machine tell: the container's limits and its node. */
export interface MachineFacts {
  readonly hostname: string;
  readonly kernel: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly mounts: readonly MountFacts[];
}

export interface MountFacts {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly sizeBytes: number;
  /** Bytes in use now. */
  used(): Promise<number>;
}

function command(name: string, run: (argv: readonly string[], io: ShellIo) => Promise<number>): ShellCommand {
  return { name, run: (argv, io) => run(argv, io) };
}

async function print(io: ShellIo, text: string): Promise<number> {
  await writeText(io.stdout, text.endsWith('\n') ? text : `${text}\n`);
  return 0;
}

/** Commands about the machine and its processes, which the shell library has not, since it has no machine. */
export function systemCommands(facts: MachineFacts, processes: ProcessTable): readonly ShellCommand[] {
  return [
    command('hostname', (argv, io) => print(io, argv.includes('-f') ? facts.hostname : facts.hostname)),
    command('uname', (argv, io) => print(io, uname(argv, facts))),
    command('nproc', (_argv, io) => print(io, String(facts.cpus))),
    command('free', (argv, io) => print(io, free(argv, facts))),
    command('id', (argv, io) =>
      print(io, argv.includes('-u') || argv.includes('-g') ? '0' : 'uid=0(root) gid=0(root) groups=0(root)'),
    ),
    command('whoami', (_argv, io) => print(io, 'root')),
    command('tty', (_argv, io) => (io.tty ? print(io, '/dev/pts/0') : print(io, 'not a tty').then(() => 1))),
    command('stty', () => Promise.resolve(0)),
    command('sync', () => Promise.resolve(0)),
    command('ulimit', (argv, io) => print(io, argv.includes('-n') ? '1048576' : 'unlimited')),
    command('clear', (_argv, io) => writeText(io.stdout, '\u001b[H\u001b[2J').then(() => 0)),
    command('ps', (argv, io) => print(io, ps(argv, processes))),
    command('kill', (argv, io) => kill(argv, io, processes)),
    command('pkill', (argv, io) => pkill(argv, io, processes)),
    command('sleep', sleep),
    df(facts),
    stat,
  ];
}

function uname(argv: readonly string[], facts: MachineFacts): string {
  const letters = argv.flatMap((argument) => (argument.startsWith('-') ? Array.from(argument.slice(1)) : []));
  const all = letters.includes('a');
  const version = '#1 SMP PREEMPT_DYNAMIC';
  const parts: readonly (readonly [string, string])[] = [
    ['s', 'Linux'],
    ['n', facts.hostname],
    ['r', facts.kernel],
    ['v', version],
    ['m', 'x86_64'],
    ['o', 'GNU/Linux'],
  ];
  const wanted = letters.length === 0 ? ['s'] : letters;
  return parts
    .filter(([letter]) => all || wanted.includes(letter))
    .map(([, text]) => text)
    .join(' ');
}

function free(argv: readonly string[], facts: MachineFacts): string {
  const unit = argv.includes('-g') ? 2 ** 30 : argv.includes('-m') ? 2 ** 20 : argv.includes('-b') ? 1 : 1024;
  const total = Math.floor(facts.memoryBytes / unit);
  const used = Math.floor(total / 5);
  const row = (...cells: readonly (string | number)[]): string =>
    cells.map((cell, index) => (index === 0 ? String(cell).padEnd(7) : String(cell).padStart(12))).join('');
  return [
    row('', 'total', 'used', 'free', 'shared', 'buff/cache', 'available'),
    row('Mem:', total, used, total - used, 0, 0, total - used),
    row('Swap:', 0, 0, 0),
  ].join('\n');
}

function ps(argv: readonly string[], processes: ProcessTable): string {
  const long = argv.some((argument) => /[aef]/.test(argument));
  const rows = processes.list().map(({ pid, parent, command: text, startedAt }) => {
    const at = new Date(startedAt).toISOString().slice(11, 16);
    return long
      ? `root ${String(pid).padStart(8)} ${String(parent).padStart(7)}  0 ${at} ?        00:00:00 ${text}`
      : `${String(pid).padStart(7)} ?        00:00:00 ${text.split(' ')[0] ?? ''}`;
  });
  return [
    long ? 'UID       PID    PPID  C STIME TTY          TIME CMD' : '    PID TTY          TIME CMD',
    ...rows,
  ].join('\n');
}

function signalOf(argument: string): number | undefined {
  const name = argument.replace(/^-(s=?)?/, '').replace(/^SIG/i, '');
  return /^\d+$/.test(name) ? Number(name) : signalNumbers[name.toUpperCase()];
}

async function kill(argv: readonly string[], io: ShellIo, processes: ProcessTable): Promise<number> {
  let signal = 15;
  let code = 0;
  for (const argument of argv) {
    if (argument === '-s') continue;
    const pid = Number(argument);
    if (argument.startsWith('-') || Number.isNaN(pid)) {
      const known = signalOf(argument);
      if (known === undefined) {
        await writeText(io.stderr, `kill: ${argument}: invalid signal specification\n`);
        return 1;
      }
      signal = known;
    } else if (!processes.kill(pid, signal)) {
      code = 1;
      await writeText(io.stderr, `kill: (${pid}) - No such process\n`);
    }
  }
  return code;
}

async function pkill(argv: readonly string[], _io: ShellIo, processes: ProcessTable): Promise<number> {
  const pattern = argv.findLast((argument) => !argument.startsWith('-')) ?? '';
  const signal =
    argv
      .filter((argument) => argument.startsWith('-') && argument !== '-f')
      .map(signalOf)
      .find((number) => number !== undefined) ?? 15;
  const matching = processes
    .list()
    .filter((process) => process.command.includes(pattern) && !process.command.startsWith('pkill'));
  for (const process of matching) processes.kill(process.pid, signal);
  return Promise.resolve(matching.length > 0 ? 0 : 1);
}

/** Timers can't be set further ahead than this. */
const longestTimerMs = 2 ** 31 - 1;

/** Sleeps real time: scripts wait for what happens in real time too. */
async function sleep(argv: readonly string[], io: ShellIo): Promise<number> {
  const durations = argv.map(parseDuration);
  if (durations.length === 0 || durations.includes(undefined)) {
    await writeText(
      io.stderr,
      `sleep: invalid time interval '${argv.join(' ')}'\nTry 'sleep --help' for more information.\n`,
    );
    return 1;
  }
  let left = durations.reduce<number>((sum, seconds) => sum + (seconds ?? 0), 0) * 1000;
  for (; left > 0; left -= longestTimerMs) await passMs(systemClock, Math.min(left, longestTimerMs), io.signal);
  return 0;
}

function df(facts: MachineFacts): ShellCommand {
  return {
    name: 'df',
    async run(argv, io, { fs }) {
      const human = argv.some((argument) => /^-[a-zA-Z]*h/.test(argument));
      const bytes = argv.includes('-B1') || argv.includes('--block-size=1');
      const paths = argv.filter((argument) => !argument.startsWith('-'));
      let shown = facts.mounts;
      if (paths.length > 0) {
        const found: MountFacts[] = [];
        for (const path of paths) {
          const full = fs.resolvePath(io.cwd, path);
          if (!(await fs.exists(full))) {
            await writeText(io.stderr, `df: ${path}: No such file or directory\n`);
            return 1;
          }
          const holds = facts.mounts.filter(
            (mount) => mount.target === '/' || full === mount.target || full.startsWith(`${mount.target}/`),
          );
          const nearest = holds.toSorted((a, b) => b.target.length - a.target.length)[0];
          if (nearest !== undefined) found.push(nearest);
        }
        shown = found;
      }
      const size = (count: number): string =>
        human ? humanSize(count) : String(bytes ? count : Math.ceil(count / 1024));
      const rows = [
        [
          'Filesystem',
          human ? 'Size' : bytes ? '1B-blocks' : '1K-blocks',
          'Used',
          human ? 'Avail' : 'Available',
          'Use%',
          'Mounted on',
        ],
      ];
      for (const mount of shown) {
        const used = await mount.used();
        const percent = mount.sizeBytes === 0 ? 0 : Math.ceil((100 * used) / mount.sizeBytes);
        rows.push([
          mount.source,
          size(mount.sizeBytes),
          size(used),
          size(Math.max(0, mount.sizeBytes - used)),
          `${percent}%`,
          mount.target,
        ]);
      }
      return print(io, table(rows));
    },
  };
}

function humanSize(bytes: number): string {
  const units = ['', 'K', 'M', 'G', 'T', 'P'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  const text = value < 10 && unit > 0 ? (Math.ceil(value * 10) / 10).toFixed(1) : String(Math.ceil(value));
  return `${text}${units[unit] ?? ''}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 || column === row.length - 1
            ? cell.padEnd(widths[column] ?? 0)
            : cell.padStart(widths[column] ?? 0),
        )
        .join(' ')
        .trimEnd(),
    )
    .join('\n');
}

/** `stat -c FORMAT file…` with the fields that scripts ask for, and a plain description without a format. */
const stat: ShellCommand = {
  name: 'stat',
  async run(argv, io, { fs }) {
    let format: string | undefined;
    const files: string[] = [];
    const rest = [...argv];
    for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
      if (argument === '-c' || argument === '--format') format = rest.shift();
      else if (/^(?:-c|--format=|--printf=)./.test(argument))
        format = argument.replace(/^(?:-c|--format=|--printf=)/, '');
      else if (!argument.startsWith('-')) files.push(argument);
    }
    let code = 0;
    for (const file of files) {
      try {
        const found = await fs.lstat(fs.resolvePath(io.cwd, file));
        const kind = found.isDirectory
          ? 'directory'
          : found.isSymbolicLink
            ? 'symbolic link'
            : found.size === 0
              ? 'regular empty file'
              : 'regular file';
        const seconds = Math.floor(found.mtime.getTime() / 1000);
        const date = `${found.mtime.toISOString().replace('T', ' ').slice(0, 23)}000000 +0000`;
        const mode = (found.mode & 0o7777).toString(8);
        const fields: Readonly<Record<string, string>> = {
          n: file,
          N: `'${file}'`,
          s: String(found.size),
          Y: String(seconds),
          X: String(seconds),
          Z: String(seconds),
          W: '0',
          y: date,
          x: date,
          z: date,
          F: kind,
          a: mode,
          U: 'root',
          G: 'root',
          u: '0',
          g: '0',
          b: String(Math.ceil(found.size / 512)),
          B: '512',
          i: String(found.ino ?? 0),
          h: '1',
          '%': '%',
        };
        const text =
          format === undefined
            ? `  File: ${file}\n  Size: ${found.size}\t${kind}\nAccess: (0${mode})  Uid: (0/root)   Gid: (0/root)\nModify: ${date}`
            : format.replaceAll(/%(.)/g, (whole, letter: string) => fields[letter] ?? whole);
        await print(io, text);
      } catch (error) {
        code = 1;
        await writeText(io.stderr, `stat: cannot statx '${file}': ${systemErrorText(error)}\n`);
      }
    }
    return code;
  },
};
