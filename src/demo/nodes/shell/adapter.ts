import { Readable } from 'node:stream';
import {
  defineCommand,
  latin1FromBytes,
  type Command as LibraryCommand,
  type ExecResult,
  type ResolvedCommandContext,
} from 'just-bash';
import { errorText, isAbort } from '../../../base/errors.ts';
import type { ShellCommand, ShellIo } from '../types.ts';
import type { ScriptResult, ScriptRun, ShellContainer, Stdio } from './script.ts';
import { liveVariable, readLiveStreams } from './live-streams.ts';
import { signalExit, type ProcessTable } from './processes.ts';
import { Collector, writeText } from './streams.ts';

/** A command that streams some uses of itself and leaves the others to the shell library's command of the same name. */
export interface PartialShellCommand extends ShellCommand {
  handles(argv: readonly string[]): boolean;
}

function isPartial(command: ShellCommand): command is PartialShellCommand {
  return 'handles' in command;
}

/** What a streaming command runs in: its container, the streams of the script, and a way to run further scripts. */
export interface CommandHost {
  readonly container: ShellContainer;
  readonly stdio: Stdio;
  readonly signal: AbortSignal;
  readonly processes: ProcessTable;
  /** The script's own process. */
  readonly pid: number;
  run(nested: Omit<ScriptRun, 'parentPid'>): Promise<ScriptResult>;
}

/** What the commands that start other commands need of the running script. */
export interface ShellRuntime extends CommandHost {
  readonly commands: ReadonlyMap<string, ShellCommand>;
  onExit(code: number): void;
}

/** Brings a streaming command into the shell library: live where its output is the script's own, collected in pipes and substitutions. */
export function streamingCommand(command: ShellCommand, host: CommandHost): LibraryCommand {
  return defineCommand(command.name, async (argv, context) => {
    if (isPartial(command) && !command.handles(argv) && context.origCommand !== undefined)
      return context.origCommand(argv);
    const streams = streamsOf(context, host.stdio);
    const signal = context.signal === undefined ? host.signal : AbortSignal.any([host.signal, context.signal]);
    const exitCode = await runCommand(
      command,
      argv,
      { stdio: streams.stdio, env: environmentOf(context), cwd: context.cwd, signal },
      host,
    );
    return streams.result(exitCode);
  });
}

/** The streams of a command by its marker: the script's own where they are live, else collected for the library. */
export function streamsOf(
  context: ResolvedCommandContext,
  own: Stdio,
): { readonly stdio: Stdio; result(exitCode: number): ExecResult } {
  const live = readLiveStreams(context.env.get(liveVariable));
  const stdout = new Collector();
  const stderr = new Collector();
  return {
    stdio: {
      stdin: live.stdin ? own.stdin : Readable.from([Buffer.from(latin1FromBytes(context.stdin), 'latin1')]),
      stdout: live.stdout ? own.stdout : stdout,
      stderr: live.merged ? own.stdout : live.stderr ? own.stderr : stderr,
      tty: own.tty && live.stdout,
    },
    result: (exitCode) => ({
      stdout: stdout.bytes.toString('latin1'),
      stdoutKind: 'bytes',
      stderr: stderr.bytes.toString(),
      exitCode,
    }),
  };
}

export interface CommandSetting {
  readonly stdio: Stdio;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly signal: AbortSignal;
}

/** Runs a command as a process of the container; what it throws becomes a message and an exit code, as of a program that died. */
export async function runCommand(
  command: ShellCommand,
  argv: readonly string[],
  setting: CommandSetting,
  host: CommandHost,
): Promise<number> {
  const killed = new AbortController();
  let killedBy = 2;
  const process = host.processes.start(
    [command.name, ...argv].join(' '),
    host.pid,
    host.container.time.now(),
    (signal) => {
      killedBy = signal;
      killed.abort();
    },
  );
  const io: ShellIo = {
    ...setting.stdio,
    env: setting.env,
    cwd: setting.cwd,
    signal: AbortSignal.any([setting.signal, killed.signal]),
    async runScript(source, options) {
      const result = await host.run({
        source,
        name: 'bash',
        env: options.env,
        cwd: options.cwd,
        stdio: setting.stdio,
        signal: options.signal,
      });
      return result.exitCode;
    },
  };
  try {
    return await command.run(argv, io, host.container);
  } catch (error) {
    if (isAbort(error) || io.signal.aborted) return signalExit(killedBy);
    await writeText(io.stderr, `${command.name}: ${errorText(error)}\n`);
    return 1;
  } finally {
    process.ended();
  }
}

/** The exported variables, without our own marker. */
export function environmentOf(context: ResolvedCommandContext): Readonly<Record<string, string>> {
  const { [liveVariable]: _marker, ...env } = context.exportedEnv ?? {};
  return env;
}
