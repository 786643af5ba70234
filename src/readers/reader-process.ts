import { fork, type ChildProcess } from 'node:child_process';
import { aborted } from '../base/clock.ts';
import { errorText, toWorkbenchError, WorkbenchError } from '../base/errors.ts';
import type { OwnNode } from '../base/own-node.ts';
import type { ReaderLimits } from './limits.ts';
import type { FromReader, ToReader } from './messages.ts';
import type { ReaderCall, TaskInput } from './types.ts';

export interface ReaderOptions {
  /** The module that calls `serveTasks`. */
  readonly entry: string;
  readonly node: OwnNode;
  readonly limits: ReaderLimits;
}

interface Job {
  readonly onChunk: ReaderCall['onChunk'];
  readonly path: string;
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (error: WorkbenchError) => void;
}

/** Of what a dying process writes, V8's reason comes last. */
const LAST_WORDS = 2048;

/** One process that reads files, one at a time, until it is ended or dies. */
export class ReaderProcess {
  readonly #child: ChildProcess;
  #job: Job | undefined;
  #alive = true;
  #lastWords = '';

  constructor({ entry, node, limits }: ReaderOptions) {
    this.#child = fork(entry, [String(limits.residentBytes)], {
      execPath: node.file,
      execArgv: [`--max-old-space-size=${limits.heapMegabytes}`],
      env: node.env,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr
      ?.setEncoding('utf8')
      .on('data', (text: string) => (this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS)));
    this.#child.on('message', (message: FromReader) => this.#receive(message));
    this.#child.on('error', (error) => this.#died(errorText(error)));
    // Unlike `exit` it comes after the last message.
    this.#child.once('close', (code, signal) => this.#died(signal === null ? `with code ${code}` : `by ${signal}`));
  }

  /** Whether it takes a job. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Answers what `serialize` of `node:v8` made of the outcome. */
  run(name: string, input: TaskInput, { signal, onChunk }: ReaderCall): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.end();
        this.#settle()?.reject(aborted(signal));
      };
      const settled = (): void => signal.removeEventListener('abort', onAbort);
      this.#job = {
        path: input.path,
        onChunk,
        resolve: (answer) => (settled(), resolve(answer)),
        reject: (error) => (settled(), reject(error)),
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#send({ type: 'job', name, input });
    });
  }

  end(): void {
    this.#alive = false;
    this.#child.kill('SIGKILL');
  }

  /** What cannot be sent is told by `close`, which comes then. */
  #send(message: ToReader): void {
    this.#child.send(message, () => {});
  }

  #receive(message: FromReader): void {
    if (message.type === 'chunk') {
      void this.#pass(message.bytes);
      return;
    }
    if (!message.again) this.end();
    const job = this.#settle();
    if (message.type === 'done') job?.resolve(message.answer);
    else
      job?.reject(
        new WorkbenchError({
          code: message.code,
          message: message.message,
          ...(message.hint !== undefined && { hint: message.hint }),
        }),
      );
  }

  async #pass(bytes: Uint8Array): Promise<void> {
    const job = this.#job;
    try {
      await job?.onChunk?.(bytes);
      this.#send({ type: 'more' });
    } catch (error) {
      this.end();
      if (job && this.#job === job) this.#settle()?.reject(toWorkbenchError(error, `reading ${job.path}`));
    }
  }

  #died(how: string): void {
    this.#alive = false;
    const job = this.#settle();
    if (!job) return;
    job.reject(
      new WorkbenchError({
        code: 'reader-failed',
        message: `reading ${job.path}: the process that read it ended ${how}`,
        hint: 'Read it again. If it ends again, the file needs more memory than there is, or is damaged.',
        cause: this.#lastWords === '' ? undefined : new Error(this.#lastWords),
      }),
    );
  }

  #settle(): Job | undefined {
    const job = this.#job;
    this.#job = undefined;
    return job;
  }
}
