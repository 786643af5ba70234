import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { errorText, isAbort } from '../../../base/errors.ts';
import { DisposableStore } from '../../../base/disposables.ts';
import { ownCommands } from '../shell/commands/index.ts';
import { readShellInvocation } from '../shell/shell-invocation.ts';
import type { MachineFacts } from '../shell/commands/system.ts';
import { ContainerShell } from '../shell/container-shell.ts';
import { emptyInput, quote, type Stdio } from '../shell/script.ts';
import { ProcessTable, signalExit } from '../shell/processes.ts';
import { Collector } from '../shell/streams.ts';
import { runInTerminal } from '../shell/terminal.ts';
import type { ContainerContext, ContainerProgram, ShellCommand } from '../types.ts';
import { Console, type ConsoleOptions } from './console.ts';
import { ContainerLog } from './container-log.ts';

export interface ContainerExit {
  readonly exitCode: number;
  readonly reason: 'Completed' | 'Error' | 'OOMKilled' | 'StartError';
  readonly message?: string;
  readonly finishedAt: number;
}

export interface ContainerRunOptions {
  readonly context: Omit<ContainerContext, 'signal' | 'log'>;
  readonly workingDir: string;
  readonly console: ConsoleOptions;
  readonly machine: MachineFacts;
  readonly commands: readonly ShellCommand[];
  readonly programs: readonly ContainerProgram[];
  /** Ports that an image without a command listens on. */
  readonly ports: readonly number[];
}

const sigTerm = 15;
const sigKill = 9;

/** One run of a container: from its start to the exit of its main process. A restart is a new run. */
export class ContainerRun {
  readonly id = randomBytes(32).toString('hex');
  readonly startedAt: number;
  readonly log = new ContainerLog();
  readonly shell: ContainerShell;
  readonly console: Console;
  /** Resolves when the main process has ended; never rejects. */
  readonly exited: Promise<ContainerExit>;
  readonly #options: ContainerRunOptions;
  readonly #processes = new ProcessTable();
  readonly #terminate = new AbortController();
  readonly #dead = new AbortController();
  readonly #killed = Promise.withResolvers<Pick<ContainerExit, 'exitCode' | 'reason'>>();
  #exit: ContainerExit | undefined;

  constructor(options: ContainerRunOptions) {
    this.#options = options;
    this.startedAt = options.context.time.now();
    this.console = new Console(options.console, (line, stream) =>
      this.log.append(line, stream, options.context.time.now()),
    );
    this.shell = new ContainerShell(options.context, this.#processes, [
      ...ownCommands(options.machine, this.#processes),
      ...options.commands,
    ]);
    const main = this.#processes.start(
      options.context.command.join(' ') || options.context.image,
      0,
      this.startedAt,
      (signal) => (signal === sigKill ? this.kill() : this.terminate()),
    );
    this.exited = this.#run().then((exit) => {
      main.ended();
      for (const process of this.#processes.list()) this.#processes.kill(process.pid, sigKill);
      this.#exit = exit;
      this.#dead.abort();
      this.#terminate.abort();
      this.log.close();
      return exit;
    });
  }

  get exit(): ContainerExit | undefined {
    return this.#exit;
  }

  /** Fires when the container has ended: what still runs in it ends too. */
  get ended(): AbortSignal {
    return this.#dead.signal;
  }

  /** SIGTERM to the main process. */
  terminate(): void {
    this.#terminate.abort();
  }

  /** SIGKILL to everything in the container. */
  kill(reason: 'Error' | 'OOMKilled' = 'Error'): void {
    this.#killed.resolve({ exitCode: signalExit(sigKill), reason });
    this.#terminate.abort();
  }

  /** Ends the main process with an exit code of its own, as a program that gives up. */
  crash(exitCode: number): void {
    this.#killed.resolve({ exitCode, reason: 'Error' });
    this.#terminate.abort();
  }

  /** Runs a command in the container and collects what it says. */
  async execCollected(
    command: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly exitCode: number; readonly output: string }> {
    const output = new Collector();
    const result = await this.exec(
      command,
      { stdin: emptyInput(), stdout: output, stderr: output, tty: false },
      signal,
    );
    return { exitCode: result, output: output.bytes.toString() };
  }

  /** Runs a command beside the main process. */
  async exec(command: readonly string[], stdio: Stdio, signal: AbortSignal): Promise<number> {
    const { source, name, args } = asScript(command);
    const result = await this.shell.run({
      source,
      name,
      args,
      env: this.#options.context.env,
      cwd: this.workingDir,
      stdio,
      signal: AbortSignal.any([signal, this.ended]),
      parentPid: 0,
    });
    return this.ended.aborted && !signal.aborted ? signalExit(sigKill) : result.exitCode;
  }

  get workingDir(): string {
    return this.#options.workingDir;
  }

  get env(): Readonly<Record<string, string>> {
    return this.#options.context.env;
  }

  async #run(): Promise<ContainerExit> {
    const ended = await Promise.race([this.#main(), this.#killed.promise]);
    const finishedAt = this.#options.context.time.now();
    return { ...ended, finishedAt };
  }

  async #main(): Promise<Omit<ContainerExit, 'finishedAt'>> {
    const { context, programs } = this.#options;
    // The start itself must be over before a program that ends at once is reported.
    await Promise.resolve();
    try {
      const program = programs.find((candidate) => candidate.matches(context));
      const exitCode =
        program === undefined
          ? await this.#generic()
          : await program.run({
              ...context,
              signal: this.#terminate.signal,
              log: (line, stream) => this.console.say(line, stream ?? 'stdout'),
            });
      if (typeof exitCode !== 'number') return exitCode;
      return { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' };
    } catch (error) {
      if (isAbort(error) || this.#terminate.signal.aborted) return { exitCode: signalExit(sigTerm), reason: 'Error' };
      this.console.say(errorText(error), 'stderr');
      return { exitCode: 1, reason: 'Error' };
    }
  }

  /** What no program stands for: a command of the shell, or an image that serves on its ports until it is stopped. */
  async #generic(): Promise<number | Omit<ContainerExit, 'finishedAt'>> {
    const { context } = this.#options;
    const [file] = context.command;
    if (file === undefined) return this.#serveForever();
    if (!(await this.shell.canStart(file)))
      return {
        exitCode: 128,
        reason: 'StartError',
        message: `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${missingExecutable(file)}`,
      };
    const exitCode = this.console.tty
      ? await runInTerminal(this, context.command, this.console.terminal(this.#terminate.signal))
      : await this.#script();
    this.console.flush();
    return this.#terminate.signal.aborted ? signalExit(sigTerm) : exitCode;
  }

  async #script(): Promise<number> {
    const { command, env } = this.#options.context;
    const { stdin, stdout, stderr } = this.console;
    const { source, name, args } = asScript(command);
    const { exitCode } = await this.shell.run({
      source,
      name,
      args,
      env,
      cwd: this.workingDir,
      stdio: { stdin, stdout, stderr, tty: false },
      signal: this.#terminate.signal,
      parentPid: 0,
    });
    return exitCode;
  }

  async #serveForever(): Promise<number> {
    const { context, ports } = this.#options;
    const listening = new DisposableStore();
    try {
      for (const port of ports) {
        const server = createServer((_request, response) =>
          response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok\n'),
        );
        listening.add(context.network.listen(context.podIp, port, server));
      }
      await new Promise<void>((resolve) => {
        if (this.#terminate.signal.aborted) resolve();
        this.#terminate.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      return 0;
    } finally {
      listening.dispose();
    }
  }
}

/** What the container runtime says of an executable that is not there. */
export function missingExecutable(file: string): string {
  return file.includes('/')
    ? `exec: "${file}": stat ${file}: no such file or directory: unknown`
    : `exec: "${file}": executable file not found in $PATH: unknown`;
}

const shells = /^(?:\/usr)?(?:\/bin\/)?(bash|sh|zsh|dash|ash)$/;

/** A command line as a script: that of `sh -c script args`, or the command itself, quoted word by word. */
export function asScript(command: readonly string[]): {
  readonly source: string;
  readonly name: string;
  readonly args: readonly string[];
} {
  const [file = '', ...rest] = command;
  const shell = shells.exec(file)?.[1];
  if (shell !== undefined) {
    const invocation = readShellInvocation(rest);
    if (invocation.command !== undefined)
      return { source: invocation.options + invocation.command, name: shell, args: invocation.rest.slice(1) };
  }
  const program = file.replace(/^(?:\/usr)?(?:\/local)?\/s?bin\//, '');
  return { source: [program, ...rest].map(quote).join(' '), name: shell ?? program, args: [] };
}
