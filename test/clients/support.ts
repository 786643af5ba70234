import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Logger } from '../../src/base/logger.ts';
import { startDemoCluster, type DemoCluster } from '../../src/demo/cluster.ts';

/** The clients of the suite, by the variables that hold their paths. */
export const kubectls = ['KUBECTL_OLD', 'KUBECTL_NEW'] as const;
export const helms = ['HELM_OLD', 'HELM_NEW'] as const;
export type Tool = (typeof kubectls)[number] | (typeof helms)[number];

/** Ends a command that hangs, so that the suite says which one it was. */
const commandLimitMs = 30_000;

/** Fails when the variable is not set: a suite that skips its clients proves nothing. */
export function toolPath(tool: Tool): string {
  const path = process.env[tool];
  if (path === undefined || path === '')
    throw new Error(
      `${tool} is not set: it must hold the path of a ${tool.startsWith('HELM') ? 'helm' : 'kubectl'} binary`,
    );
  return path;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A demo cluster and a folder of its own for one client. */
export class Bench {
  readonly cluster: DemoCluster;
  readonly directory: string;
  /** What the cluster logged as an error: a green run leaves it empty. */
  readonly failures: readonly string[];
  readonly #path: string;
  readonly #running = new Set<ChildProcess>();

  private constructor(cluster: DemoCluster, directory: string, failures: readonly string[], path: string) {
    this.cluster = cluster;
    this.directory = directory;
    this.failures = failures;
    this.#path = path;
  }

  static async start(tool: Tool): Promise<Bench> {
    const path = toolPath(tool);
    const directory = await mkdtemp(join(tmpdir(), 'demo-clients-'));
    const failures: string[] = [];
    const logger: Logger = {
      debug() {},
      info() {},
      warn() {},
      error: (message, cause) => failures.push(`${message} ${String(cause)}`),
    };
    const cluster = await startDemoCluster({
      port: 0,
      kubeconfigPath: join(directory, 'kubeconfig'),
      speed: 20,
      faults: [],
      logger,
      signal: new AbortController().signal,
    });
    return new Bench(cluster, directory, failures, path);
  }

  async stop(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL');
    await this.cluster.stop();
    await rm(this.directory, { recursive: true });
  }

  get path(): string {
    return this.#path;
  }

  get env(): NodeJS.ProcessEnv {
    return {
      HOME: this.directory,
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      KUBECONFIG: this.cluster.kubeconfigPath,
      TERM: 'xterm',
    };
  }

  /** Runs the client to its end. */
  run(args: readonly string[], stdin?: string): Promise<Outcome> {
    return this.runCommand(this.#path, args, stdin);
  }

  runCommand(command: string, args: readonly string[], stdin?: string): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const child = execFile(
        command,
        [...args],
        {
          env: this.env,
          cwd: this.directory,
          timeout: commandLimitMs,
          killSignal: 'SIGKILL',
          maxBuffer: 64 * 1024 * 1024,
        },
        (error, stdout, stderr) => {
          if (error?.killed)
            reject(
              new Error(`${args.join(' ')} did not end within ${commandLimitMs} ms; it wrote: ${stdout}${stderr}`),
            );
          else resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
        },
      );
      child.stdin?.end(stdin ?? '');
    });
  }

  /** Runs a command that must succeed; gives what it wrote. */
  async ok(args: readonly string[], stdin?: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, stdin);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  /** Starts a command that runs until it is stopped. */
  start(args: readonly string[]): Running {
    const child = spawn(this.#path, [...args], { env: this.env, cwd: this.directory, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#running.add(child);
    child.on('close', () => this.#running.delete(child));
    return new Running(child);
  }

  async file(name: string, text: string): Promise<string> {
    const path = join(this.directory, name);
    await writeFile(path, text);
    return path;
  }
}

/** A command that runs on: what it wrote so far, and waiting for more. */
export class Running {
  readonly #child: ChildProcess;
  #text = '';
  readonly #listeners = new Set<() => void>();
  readonly ended: Promise<number | null>;

  constructor(child: ChildProcess) {
    this.#child = child;
    const collect = (data: Buffer): void => {
      this.#text += data.toString();
      for (const listener of this.#listeners) listener();
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    this.ended = new Promise((resolve) =>
      child.on('close', (code) => {
        for (const listener of this.#listeners) listener();
        resolve(code);
      }),
    );
  }

  get text(): string {
    return this.#text;
  }

  /** Resolves with the match once the output holds it; rejects when the command ends without. */
  until(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this.#text);
        if (match === null && this.#child.exitCode === null) return;
        this.#listeners.delete(look);
        if (match) resolve(match);
        else
          reject(
            new Error(
              `the command ended with ${this.#child.exitCode} and without ${String(pattern)}; it wrote: ${this.#text}`,
            ),
          );
      };
      this.#listeners.add(look);
      look();
    });
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGINT');
    await this.ended;
  }
}

/** Rows of a table by the names of their columns. */
export function rows(table: string): readonly Readonly<Record<string, string>>[] {
  const [head = '', ...lines] = table.trimEnd().split('\n');
  const columns = [...head.matchAll(/\S+(?: \S+)*/g)].map((match) => ({ name: match[0], at: match.index }));
  return lines.map((line) =>
    Object.fromEntries(columns.map(({ name, at }, index) => [name, line.slice(at, columns[index + 1]?.at).trim()])),
  );
}
