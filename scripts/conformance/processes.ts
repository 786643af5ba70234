import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

const killDelayMs = 10_000;
const tailBytes = 1500;

interface Process {
  readonly name: string;
  readonly terminate: () => void;
  readonly ended: Promise<void>;
}

/** The processes of a control plane, each with a log file. They end with this process at the latest. */
export class Processes {
  readonly #logs: string;
  readonly #started: Process[] = [];
  readonly #failure = new AbortController();
  #stopping = false;

  constructor(logs: string) {
    this.#logs = logs;
  }

  /** Fires when a process ends that was not stopped. */
  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  /** Runs a command to its end. */
  async run(name: string, file: string, args: readonly string[]): Promise<void> {
    await execa(file, args, this.#options(name));
  }

  start(name: string, file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
    const child = execa(file, args, { ...this.#options(name), env, reject: false, forceKillAfterDelay: killDelayMs });
    const ended = (async (): Promise<void> => {
      const { exitCode } = await child;
      if (!this.#stopping) this.#failure.abort(new Error(`${name} ended with ${exitCode ?? 'a signal'}`));
    })();
    this.#started.push({ name, terminate: () => child.kill('SIGTERM'), ended });
  }

  /** Ends them in the reverse order of their start: who writes goes before who stores. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { terminate, ended } of this.#started.splice(0).toReversed()) {
      terminate();
      await ended;
    }
  }

  /** The last words of each. */
  async tails(): Promise<string> {
    const texts = await Promise.all(
      this.#started.map(
        async ({ name }) =>
          `--- ${name}\n${(await readFile(join(this.#logs, `${name}.log`), 'utf8')).slice(-tailBytes)}`,
      ),
    );
    return texts.join('\n');
  }

  #options(name: string): {
    readonly stdin: 'ignore';
    readonly stdout: { readonly file: string };
    readonly stderr: { readonly file: string };
    readonly buffer: false;
  } {
    const file = join(this.#logs, `${name}.log`);
    return { stdin: 'ignore', stdout: { file }, stderr: { file }, buffer: false };
  }
}
