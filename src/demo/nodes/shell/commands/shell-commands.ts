import {
  defineCommand,
  latin1FromBytes,
  type Command as LibraryCommand,
  type ExecResult,
  type ResolvedCommandContext,
} from 'just-bash';
import { environmentOf, streamsOf, type ShellRuntime } from '../adapter.ts';
import { emptyInput, quote, type ScriptResult } from '../script.ts';
import { internalCommand } from '../live-script.ts';
import { liveVariable } from '../live-streams.ts';
import { readShellInvocation } from '../shell-invocation.ts';
import { readAll } from '../streams.ts';
import { parseDuration } from './arguments.ts';
import { pipe } from './pipe.ts';

const done = (exitCode: number, stderr = ''): ExecResult => ({ stdout: '', stderr, exitCode });

/** Commands that run other commands or act on the shell itself, so that they need the library's own context. */
export function shellCommandsOf(runtime: ShellRuntime): LibraryCommand[] {
  const jobs: Promise<unknown>[] = [];
  return [
    ...['bash', 'sh', 'zsh'].map((name) =>
      defineCommand(name, (argv, context) => nestedShell(name, argv, context, runtime)),
    ),
    defineCommand('timeout', (argv, context) => timeout(argv, context)),
    defineCommand('nohup', (argv, context) => passOn(argv, context)),
    defineCommand('env', (argv, context) => environment(argv, context)),
    defineCommand('trap', () => Promise.resolve(done(0))),
    defineCommand(internalCommand.wait, async () => {
      await Promise.allSettled(jobs.splice(0));
      return done(0);
    }),
    defineCommand(internalCommand.exit, (argv, context) => {
      const code = Number(argv[0] ?? context.env.get('?') ?? 0) & 255;
      runtime.onExit(code);
      return Promise.resolve(done(code));
    }),
    defineCommand(internalCommand.background, (argv, context) => {
      jobs.push(background(argv[0] ?? '', context, runtime));
      return Promise.resolve(done(0));
    }),
    defineCommand(internalCommand.pipe, (argv, context) => pipe(argv, context, runtime)),
  ];
}

/** `bash -c script args`, `bash file args`, `bash` with the script on its input. */
async function nestedShell(
  name: string,
  argv: readonly string[],
  context: ResolvedCommandContext,
  runtime: ShellRuntime,
): Promise<ExecResult> {
  const invocation = readShellInvocation(argv);
  const streams = streamsOf(context, runtime.stdio);
  let source: string;
  let args: readonly string[] = invocation.rest;
  if (invocation.command !== undefined) {
    source = invocation.options + invocation.command;
    args = invocation.rest.slice(1);
  } else if (invocation.rest[0] !== undefined) {
    const file = context.fs.resolvePath(context.cwd, invocation.rest[0]);
    if (!(await context.fs.exists(file)))
      return done(127, `${name}: ${invocation.rest[0]}: No such file or directory\n`);
    source = invocation.options + (await context.fs.readFile(file));
    args = invocation.rest.slice(1);
  } else {
    source = invocation.options + (await readAll(streams.stdio.stdin)).toString();
  }
  const result = await runtime.run({
    source,
    name,
    args,
    env: environmentOf(context),
    cwd: context.cwd,
    signal: runtime.signal,
    stdio: streams.stdio,
  });
  return streams.result(result.exitCode);
}

/** Runs a command of this shell with the same live streams: they belong to it as they belonged to its wrapper. */
async function passOn(
  argv: readonly string[],
  context: ResolvedCommandContext,
  extra: { readonly env?: Readonly<Record<string, string>>; readonly signal?: AbortSignal } = {},
): Promise<ExecResult> {
  if (context.exec === undefined) return done(126);
  const live = context.env.get(liveVariable);
  const marker = live === undefined ? {} : { [liveVariable]: live };
  const signal = extra.signal ?? context.signal;
  return context.exec(argv.map(quote).join(' '), {
    cwd: context.cwd,
    env: { ...environmentOf(context), ...extra.env, ...marker },
    stdin: latin1FromBytes(context.stdin),
    stdinKind: 'bytes',
    ...(signal === undefined ? {} : { signal }),
  });
}

async function timeout(argv: readonly string[], context: ResolvedCommandContext): Promise<ExecResult> {
  const rest = [...argv];
  while (rest[0]?.startsWith('-') === true) {
    const option = rest.shift();
    if (option === '-k' || option === '-s') rest.shift();
  }
  const seconds = parseDuration(rest.shift());
  if (seconds === undefined || rest.length === 0)
    return done(125, "timeout: invalid time interval\nTry 'timeout --help' for more information.\n");
  const ends = new AbortController();
  const timer = setTimeout(() => ends.abort(), seconds * 1000);
  try {
    const signal = context.signal === undefined ? ends.signal : AbortSignal.any([ends.signal, context.signal]);
    const result = await passOn(rest, context, { signal });
    return ends.signal.aborted ? { ...result, stderr: '', exitCode: 124 } : result;
  } finally {
    clearTimeout(timer);
  }
}

async function environment(argv: readonly string[], context: ResolvedCommandContext): Promise<ExecResult> {
  const added: Record<string, string> = {};
  const rest = [...argv];
  const removed: string[] = [];
  for (;;) {
    const next = rest[0];
    if (next === undefined) break;
    const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(next);
    if (assignment?.[1] !== undefined) added[assignment[1]] = assignment[2] ?? '';
    else if (next === '-u') removed.push(rest.splice(1, 1)[0] ?? '');
    else break;
    rest.shift();
  }
  if (rest.length > 0) return passOn(rest, context, { env: added });
  const env = Object.entries({ ...environmentOf(context), ...added }).filter(([name]) => !removed.includes(name));
  return { stdout: env.map(([name, value]) => `${name}=${value}\n`).join(''), stderr: '', exitCode: 0 };
}

/** `command &`: runs on beside the script; its output goes where the script's goes, its input is empty. */
function background(source: string, context: ResolvedCommandContext, runtime: ShellRuntime): Promise<ScriptResult> {
  return runtime.run({
    source,
    name: source,
    env: Object.fromEntries(
      context.env
        .entries()
        .filter(([name]) => /^[A-Za-z_]\w*$/.test(name) && name !== liveVariable && !name.endsWith('OPTS')),
    ),
    cwd: context.cwd,
    signal: new AbortController().signal,
    stdio: { ...runtime.stdio, stdin: emptyInput(), tty: false },
  });
}
