import { PassThrough, Writable, type Readable } from 'node:stream';
import { Emitter } from '../../../base/events.ts';
import { emptyInput } from '../shell/script.ts';
import { LineWriter } from '../shell/streams.ts';
import type { RemoteCommandSession, TerminalSize } from '../streaming/remote-command.ts';

type Output = 'stdout' | 'stderr';

/** As the container's spec has it. */
export interface ConsoleOptions {
  readonly stdin: boolean;
  /** The input ends with the first client that gave some; else it stays open for the next. */
  readonly stdinOnce: boolean;
  readonly tty: boolean;
}

/** The standard streams of a container's main process: what it says goes to the log and to those who are attached. */
export class Console {
  readonly tty: boolean;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly #input: PassThrough | undefined;
  readonly #stdinOnce: boolean;
  readonly #line: (line: string, stream: Output) => void;
  readonly #said = new Emitter<{ readonly stream: Output; readonly bytes: Buffer }>();
  readonly #resized = new Emitter<TerminalSize>();
  readonly #lines: Readonly<Record<Output, LineWriter>>;

  constructor({ stdin, stdinOnce, tty }: ConsoleOptions, line: (line: string, stream: Output) => void) {
    this.tty = tty;
    this.#line = line;
    this.#stdinOnce = stdinOnce;
    this.#input = stdin ? new PassThrough() : undefined;
    this.stdin = this.#input ?? emptyInput();
    this.#lines = {
      stdout: new LineWriter((text) => line(text, 'stdout')),
      stderr: new LineWriter((text) => line(text, 'stderr')),
    };
    this.stdout = this.#writable('stdout');
    this.stderr = this.#writable('stderr');
  }

  /** One line of a program that knows no streams. */
  say(line: string, stream: Output): void {
    this.#line(line, stream);
    this.#said.fire({ stream, bytes: Buffer.from(`${line}\n`) });
  }

  /** A last line without an end is logged, too. */
  flush(): void {
    for (const writer of Object.values(this.#lines)) writer.flush();
  }

  /** The process's own terminal, whoever is attached to it. */
  terminal(signal: AbortSignal): RemoteCommandSession {
    return {
      stdin: this.stdin,
      stdout: this.stdout,
      stderr: this.stdout,
      hasStdin: this.#input !== undefined,
      tty: true,
      onResize: this.#resized.event,
      signal,
      cut() {},
    };
  }

  /** Carries output to the client and the client's input to the process, until the client goes or the process has ended. */
  async attach(client: RemoteCommandSession, ended: AbortSignal): Promise<void> {
    const input = client.hasStdin ? this.#input : undefined;
    const subscriptions = [
      this.#said.event(({ stream, bytes }) => {
        if (client[stream].writable) client[stream].write(bytes);
      }),
      client.onResize((size) => this.#resized.fire(size)),
    ];
    if (input === undefined) client.stdin.resume();
    else client.stdin.pipe(input, { end: this.#stdinOnce });
    await fired(AbortSignal.any([client.signal, ended]));
    for (const subscription of subscriptions) subscription.dispose();
    if (input === undefined) return;
    client.stdin.unpipe(input);
    if (this.#stdinOnce) input.end();
  }

  #writable(stream: Output): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.#lines[stream].write(chunk);
        this.#said.fire({ stream, bytes: chunk });
        done();
      },
    });
  }
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
