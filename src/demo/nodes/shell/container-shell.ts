import { Readable } from 'node:stream';
import { Bash, getCommandNames, MountableFs, type Command as LibraryCommand } from 'just-bash';
import { isAbort } from '../../../base/errors.ts';
import type { ShellCommand } from '../types.ts';
import { streamingCommand } from './adapter.ts';
import { ownCommandNames } from './commands/index.ts';
import type { ShellRuntime } from './adapter.ts';
import { shellCommandsOf } from './commands/shell-commands.ts';
import { internalCommand, liveScript, stdioMount } from './live-script.ts';
import { liveVariable } from './live-streams.ts';
import { signalExit, type ProcessTable } from './processes.ts';
import { quote, type ScriptResult, type ScriptRun, type ShellContainer, type Stdio } from './script.ts';
import { parseScript, readsInput } from './script-facts.ts';
import { StdioDevice } from './stdio-device.ts';
import { readAll, writeText } from './streams.ts';

const interrupted = 2;

/** Far beyond what a script in a container does; the library's defaults would end a waiting loop. */
const limits = {
  maxCommandCount: 1e9,
  maxLoopIterations: 1e9,
  maxWorkUnits: Number.MAX_SAFE_INTEGER,
  maxExecutionTimeMs: 2 ** 31 - 1,
  maxOutputSize: 1 << 30,
  maxInputBytes: 2 ** 31,
  maxLiveBytes: 2 ** 32,
  maxStringLength: 1 << 30,
  maxFileSystemBytes: 2 ** 36,
};

/** Programs that the shell library keeps to itself because it has them as builtins, but which every image has as files too. */
const builtinPrograms = ['[', 'echo', 'env', 'false', 'printf', 'pwd', 'test', 'true'];

/**
 * The shell of one container: a virtual bash over the container's own files. Nothing that it runs is a process of the
 * machine. Output streams as the script runs (see live-script.ts).
 */
export class ContainerShell {
  readonly container: ShellContainer;
  readonly processes: ProcessTable;
  /** Lines typed at its terminals, the newest last. */
  readonly history: string[] = [];
  readonly #commands: ReadonlyMap<string, ShellCommand>;
  readonly #names: ReadonlySet<string>;
  readonly #longRunning: ReadonlySet<string>;

  constructor(container: ShellContainer, processes: ProcessTable, commands: readonly ShellCommand[]) {
    this.container = container;
    this.processes = processes;
    this.#commands = new Map(commands.map((command) => [command.name, command]));
    const common = new Set(ownCommandNames);
    this.#longRunning = new Set(['nohup', ...commands.map(({ name }) => name).filter((name) => !common.has(name))]);
    this.#names = new Set([
      ...getCommandNames(),
      ...builtinPrograms,
      'bash',
      'sh',
      'zsh',
      'timeout',
      'nohup',
      ...this.#commands.keys(),
    ]);
  }

  /** Names of the programs that the container's PATH has. */
  programs(): ReadonlySet<string> {
    return this.#names;
  }

  /** Whether `exec` could start this file: a program by name or path, or an executable file of the container. */
  async canStart(file: string): Promise<boolean> {
    if (!file.includes('/')) return this.#names.has(file);
    const program = /^(?:\/usr)?(?:\/local)?\/s?bin\/([^/]+)$/.exec(file)?.[1];
    if (program !== undefined && this.#names.has(program)) return true;
    const path = this.container.fs.resolvePath('/', file);
    if (!(await this.container.fs.exists(path))) return false;
    const stat = await this.container.fs.stat(path);
    return stat.isFile && (stat.mode & 0o111) !== 0;
  }

  /** Runs a script to its end. Never rejects: a broken script says so on stderr and has an exit code. */
  async run(script: ScriptRun): Promise<ScriptResult> {
    const abort = new AbortController();
    let killedBy = interrupted;
    const process = this.processes.start(
      [script.name, ...(script.args ?? [])].join(' '),
      script.parentPid,
      this.container.time.now(),
      (signal) => {
        killedBy = signal;
        abort.abort();
      },
    );
    const signal = AbortSignal.any([script.signal, abort.signal]);
    try {
      return await this.#run(script, process.pid, signal, () => signalExit(killedBy));
    } finally {
      process.ended();
    }
  }

  async #run(
    script: ScriptRun,
    pid: number,
    signal: AbortSignal,
    interruptedCode: () => number,
  ): Promise<ScriptResult> {
    const exit: { code: number | undefined } = { code: undefined };
    const unchanged = { env: script.env, cwd: script.cwd, exited: false };
    const streaming = new Set([...this.#commands.keys(), ...shellCommandNames]);
    const tree = parseScript(script.source);
    const collects = tree !== undefined && readsInput(tree, streaming);
    const input = collects ? await untilAborted(readAll(script.stdio.stdin), signal) : Buffer.alloc(0);
    if (input === undefined) return { ...unchanged, exitCode: interruptedCode() };
    const stdio: Stdio = collects ? { ...script.stdio, stdin: Readable.from([input]) } : script.stdio;

    const bash = new Bash({
      fs: new MountableFs({
        base: this.container.fs,
        mounts: [{ mountPoint: stdioMount, filesystem: new StdioDevice(stdio.stdout, stdio.stderr) }],
      }),
      cwd: script.cwd,
      // The library guards its host by patching globals; here that host is this process with all its other pods.
      defenseInDepth: false,
      executionLimits: limits,
      processInfo: { pid, ppid: script.parentPid, uid: 0, gid: 0 },
      customCommands: this.#libraryCommands(stdio, pid, signal, exit),
    });
    let isScript = true;
    bash.registerTransformPlugin({
      name: 'live-output',
      transform: ({ ast }) => {
        // Only the script itself speaks to its streams: what its commands run (xargs, timeout) gives its output to them.
        const live = isScript ? liveScript(ast, { streaming, longRunning: this.#longRunning }) : ast;
        isScript = false;
        return { ast: live };
      },
    });
    try {
      const result = await untilAborted(
        bash.exec(withArguments(script), {
          env: { ...script.env },
          replaceEnv: true,
          cwd: script.cwd,
          stdin: input.toString('latin1'),
          stdinKind: 'bytes',
          rawScript: true,
          signal,
        }),
        signal,
      );
      if (result === undefined) return { ...unchanged, exitCode: interruptedCode() };
      // What is left here had no place in the rewritten script: messages of the shell itself, such as a syntax error.
      await writeText(stdio.stdout, result.stdout);
      await writeText(stdio.stderr, result.stderr);
      const cwd = result.env['PWD'] ?? script.cwd;
      return {
        exitCode: exit.code ?? result.exitCode,
        env: exportable(result.env),
        cwd,
        exited: exit.code !== undefined,
      };
    } catch (error) {
      if (isAbort(error) || signal.aborted) return { ...unchanged, exitCode: interruptedCode() };
      await writeText(stdio.stderr, `${script.name}: ${error instanceof Error ? error.message : String(error)}\n`);
      return { ...unchanged, exitCode: 2 };
    }
  }

  #libraryCommands(
    stdio: Stdio,
    pid: number,
    signal: AbortSignal,
    exit: { code: number | undefined },
  ): LibraryCommand[] {
    const run = (nested: Omit<ScriptRun, 'parentPid'>): Promise<ScriptResult> =>
      this.run({ ...nested, parentPid: pid });
    const host: ShellRuntime = {
      stdio,
      signal,
      run,
      pid,
      processes: this.processes,
      commands: this.#commands,
      container: this.container,
      onExit: (code) => {
        exit.code = code;
      },
    };
    return [...this.#commands.values().map((command) => streamingCommand(command, host)), ...shellCommandsOf(host)];
  }
}

const shellCommandNames = [
  'bash',
  'sh',
  'zsh',
  'timeout',
  'nohup',
  'env',
  internalCommand.pipe,
  internalCommand.background,
];

/** `$1`, `$2`… of a script. */
function withArguments(script: ScriptRun): string {
  return script.args === undefined || script.args.length === 0
    ? script.source
    : `set -- ${script.args.map(quote).join(' ')}\n${script.source}`;
}

/** Variables worth carrying on: not the shell's special parameters, nor our own marker. */
function exportable(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => /^[A-Za-z_]\w*$/.test(name) && name !== liveVariable && name !== 'SHELLOPTS' && name !== 'BASHOPTS',
    ),
  );
}

/** Undefined as soon as the signal fires: the library notices an abort only between two commands. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve(undefined);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
