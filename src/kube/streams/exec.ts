import type { Writable } from 'node:stream';
import { WebSocket } from 'ws';
import { aborted, throwIfAborted, type Clock } from '../../base/clock.ts';
import { DisposableStore, disposable } from '../../base/disposables.ts';
import { toWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import { arrayAt, stringAt } from '../../base/json.ts';
import { Collector } from '../http/bounded.ts';
import { jsonOrText } from '../http/json-calls.ts';
import { EXEC_OUTPUT, EXEC_OUTPUT_MS, STATUS_BYTES } from '../limits.ts';
import type { Status } from '../model/kinds.ts';
import { Pods, resourcePath } from '../resources.ts';
import type { Transport } from '../http/transport.ts';
import type { ClusterRef } from '../types.ts';
import type { ExecOptions, ExecOutput, ExecOutputOptions } from './types.ts';
import { keepAlive, messageBytes, openWebSocket } from './websocket.ts';

const V5 = 'v5.channel.k8s.io';
const V4 = 'v4.channel.k8s.io';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
/** Followed by a channel's number: that channel is closed (v5 only). */
const CLOSE = 255;

/** Runs a command in a container; see `KubeClient.exec`. The given streams are written to, never ended. */
export async function execInPod(
  transport: Transport,
  cluster: ClusterRef,
  clock: Clock,
  options: ExecOptions,
): Promise<number> {
  throwIfAborted(options.signal);
  const socket = await openWebSocket(transport, cluster, clock, {
    path: resourcePath(Pods, options.namespace, options.pod, 'exec'),
    query: {
      command: options.command,
      container: options.container,
      stdin: options.stdin === undefined ? undefined : true,
      stdout: true,
      stderr: true,
    },
    protocols: [V5, V4],
    signal: options.signal,
  });
  const where = `exec "${options.command[0] ?? ''}" in pod "${options.pod}" in namespace "${options.namespace}" (context "${cluster.context}")`;
  if (options.stdin !== undefined && socket.protocol !== V5) {
    socket.terminate();
    throw new WorkbenchError({
      code: 'not-supported',
      message: `cannot ${where}: the API server cannot close stdin over a WebSocket`,
      hint: 'Kubernetes 1.30 or newer is needed for commands that read stdin.',
    });
  }
  return new ExecSession(socket, where, options).run(clock);
}

/** One running command over an open socket. */
class ExecSession {
  readonly #socket: WebSocket;
  readonly #where: string;
  readonly #options: ExecOptions;
  readonly #owned = new DisposableStore();
  #status: Status | undefined;
  #blocked = 0;

  constructor(socket: WebSocket, where: string, options: ExecOptions) {
    this.#socket = socket;
    this.#where = where;
    this.#options = options;
  }

  async run(clock: Clock): Promise<number> {
    const ended = Promise.withResolvers<number>();
    const { signal, stdin, timeoutMs } = this.#options;
    const onAbort = (): void => ended.reject(aborted(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    this.#owned.add(disposable(() => signal.removeEventListener('abort', onAbort)));
    this.#owned.add(keepAlive(this.#socket, clock));
    if (timeoutMs !== undefined) this.#owned.add(clock.setTimer(timeoutMs, () => ended.reject(this.#late(timeoutMs))));
    for (const output of [this.#options.stdout, this.#options.stderr]) this.#failWith(output, ended.reject);
    this.#socket.on('message', (data) => {
      this.#receive(messageBytes(data));
      if (this.#status !== undefined) this.#settle(ended);
    });
    this.#socket.once('close', () => this.#settle(ended));
    this.#socket.resume();
    if (signal.aborted) onAbort();
    if (stdin !== undefined)
      this.#pump(stdin).catch((error: unknown) => ended.reject(toWorkbenchError(error, this.#where)));
    try {
      return await ended.promise;
    } finally {
      this.#owned.dispose();
      if (this.#status === undefined) this.#socket.terminate();
      else this.#socket.close(1000);
    }
  }

  #late(ms: number): WorkbenchError {
    return new WorkbenchError({
      code: 'timeout',
      message: `cannot finish ${this.#where}: the command still runs after ${ms / 1000} s`,
      hint: 'Look at the pod: what the command reads may hang.',
    });
  }

  #failWith(output: Writable | undefined, reject: (error: Error) => void): void {
    if (output === undefined) return;
    const onError = (error: Error): void => reject(toWorkbenchError(error, `cannot keep the output of ${this.#where}`));
    output.once('error', onError);
    this.#owned.add(disposable(() => output.off('error', onError)));
  }

  #receive(message: Buffer): void {
    const bytes = message.subarray(1);
    switch (message[0]) {
      case STDOUT:
        this.#write(this.#options.stdout, bytes);
        break;
      case STDERR:
        this.#write(this.#options.stderr, bytes);
        break;
      case STATUS:
        if (bytes.length > 0) this.#status = jsonOrText(bytes.toString('utf8', 0, STATUS_BYTES)) as Status;
        break;
      default:
        break;
    }
  }

  /** Stops reading the socket while a receiver is full, so that the server waits instead of our memory filling. */
  #write(output: Writable | undefined, bytes: Buffer): void {
    if (output === undefined || bytes.length === 0 || output.destroyed || output.write(bytes)) return;
    this.#blocked += 1;
    this.#socket.pause();
    const release = (): void => {
      output.off('drain', release).off('close', release);
      this.#blocked -= 1;
      if (this.#blocked === 0) this.#socket.resume();
    };
    output.once('drain', release).once('close', release);
  }

  async #pump(stdin: AsyncIterable<unknown>): Promise<void> {
    for await (const chunk of stdin) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
      if (!(await this.#send(Buffer.concat([Buffer.of(STDIN), bytes])))) return;
    }
    await this.#send(Buffer.of(CLOSE, STDIN));
  }

  /** False once the command no longer listens: what it does not read is no error of ours. */
  #send(message: Buffer): Promise<boolean> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.resolve(false);
    return new Promise((resolve) => this.#socket.send(message, (error) => resolve(error == null)));
  }

  #settle(ended: PromiseWithResolvers<number>): void {
    try {
      ended.resolve(exitCodeOf(this.#status, this.#where));
    } catch (error) {
      ended.reject(error);
    }
  }
}

/** The exit code that a status frame tells. Without one the connection broke and what came may be cut. */
function exitCodeOf(status: Status | undefined, where: string): number {
  if (status === undefined) {
    throw new WorkbenchError({
      code: 'connection-lost',
      message: `cannot finish ${where}: the connection ended without a status`,
      hint: 'The output may be cut; run it again.',
    });
  }
  if (stringAt(status, 'status') === 'Success') return 0;
  const code = arrayAt(status, 'details', 'causes').find((cause) => stringAt(cause, 'reason') === 'ExitCode');
  const exitCode = Number(stringAt(code, 'message'));
  if (stringAt(status, 'reason') === 'NonZeroExitCode' && Number.isInteger(exitCode)) return exitCode;
  throw new WorkbenchError({
    code: 'exec-failed',
    message: `cannot ${where}: ${stringAt(status, 'message') ?? 'the server gave no reason'}`,
    hint: 'Check that the container runs and holds the command.',
    cause: status,
  });
}

/** Runs a short command and collects what it writes. */
export async function collectExec(
  run: (options: ExecOptions) => Promise<number>,
  options: ExecOutputOptions,
): Promise<ExecOutput> {
  const doing = `collect the output of "${options.command[0] ?? ''}" in pod "${options.pod}" in namespace "${options.namespace}"`;
  const stdout = new Collector(EXEC_OUTPUT, doing);
  const stderr = new Collector(EXEC_OUTPUT, doing);
  const exitCode = await run({ ...options, timeoutMs: options.timeoutMs ?? EXEC_OUTPUT_MS, stdout, stderr });
  return { exitCode, stdout: stdout.bytes, stderr: stderr.bytes.toString('utf8') };
}
