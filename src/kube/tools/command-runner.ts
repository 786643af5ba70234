import { execa } from 'execa';
import { homedir } from 'node:os';
import { aborted, throwIfAborted } from '../../base/clock.ts';
import { errorText, WorkbenchError } from '../../base/errors.ts';
import { lastLine } from '../../base/last-line.ts';
import type { Logger } from '../../base/logger.ts';
import { childEnvironment, findOnPath, isExecutable, type Environment } from './tool-path.ts';
import { isTooOld, OLDEST, versionCommand, type Tool } from './tool-versions.ts';
import type { Command, CommandRunner } from './types.ts';

export interface CommandRunnerOptions {
  readonly env: Environment;
  readonly home?: string;
  /** Paths from the settings, read each time; empty counts as not set. */
  readonly toolPaths?: () => { readonly kubectl?: string | undefined; readonly helm?: string | undefined };
  readonly logger: Logger;
}

export function createCommandRunner(options: CommandRunnerOptions): CommandRunner {
  return new ToolRunner(options);
}

class ToolRunner implements CommandRunner {
  readonly #options: CommandRunnerOptions;
  readonly #home: string;
  /** Paths whose version was found good enough. */
  readonly #checked = new Set<string>();

  constructor(options: CommandRunnerOptions) {
    this.#options = options;
    this.#home = options.home ?? homedir();
  }

  async run<T>(command: Command<T>, signal: AbortSignal): Promise<T> {
    throwIfAborted(signal);
    const file = command.tool === 'node' ? process.execPath : await this.#usable(command.tool, signal);
    return this.#execute(file, command, signal);
  }

  async find(tool: Tool): Promise<string | undefined> {
    const set = this.#options.toolPaths?.()[tool];
    if (set) return (await isExecutable(set)) ? set : undefined;
    return findOnPath(tool, this.#options.env, this.#home);
  }

  async #usable(tool: Tool, signal: AbortSignal): Promise<string> {
    const file = await this.find(tool);
    if (file === undefined) throw this.#missing(tool);
    if (this.#checked.has(file)) return file;
    const version = await this.#execute(file, versionCommand(tool), signal);
    if (version && isTooOld(tool, version)) {
      throw new WorkbenchError({
        code: 'tool-too-old',
        message: `${tool} ${version.text} (${file}) is too old`,
        hint: `Install ${tool} ${OLDEST[tool].major}.${OLDEST[tool].minor} or newer, or set the path of another one in the settings.`,
      });
    }
    this.#checked.add(file);
    return file;
  }

  async #execute<T>(file: string, command: Command<T>, signal: AbortSignal): Promise<T> {
    this.#options.logger.debug(`run ${command.tool} ${command.args[0] ?? ''}`);
    const result = await execa(file, command.args, {
      env: childEnvironment(this.#options.env, this.#home, command.env),
      extendEnv: false,
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      ...(command.stdin === undefined ? { stdin: 'ignore' as const } : { input: command.stdin }),
      reject: false,
      cancelSignal: signal,
      killDescendants: true,
      maxBuffer: 256 * 1024 * 1024,
    });
    if (signal.aborted) throw aborted(signal);
    if (result.failed) {
      throw new WorkbenchError({
        code: 'tool-failed',
        message: `${command.tool} ${command.args[0] ?? ''} failed${result.exitCode === undefined ? '' : ` with exit code ${result.exitCode}`}: ${lastLine(result.stderr) || errorText(result.cause ?? 'no reason given')}`,
        hint: `Run it in a terminal to see all of its output.`,
        cause: result.cause,
      });
    }
    return parseOutput(command, result.stdout);
  }

  #missing(tool: Tool): WorkbenchError {
    const set = this.#options.toolPaths?.()[tool];
    return new WorkbenchError({
      code: 'tool-missing',
      message: set ? `${tool} is not at ${set}, which the settings name` : `${tool} is not on the PATH`,
      hint: `Install ${tool}, or set its path in the settings.`,
    });
  }
}

function parseOutput<T>(command: Command<T>, stdout: string): T {
  try {
    return command.parse(stdout);
  } catch (cause) {
    if (cause instanceof WorkbenchError) throw cause;
    throw new WorkbenchError({
      code: 'tool-failed',
      message: `cannot read what ${command.tool} ${command.args[0] ?? ''} printed: ${errorText(cause)}`,
      hint: `Check the version of ${command.tool}.`,
      cause,
    });
  }
}
