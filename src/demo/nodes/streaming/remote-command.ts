import { Writable, type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Emitter, type Event } from '../../../base/events.ts';
import type { CommandOutcome } from './status.ts';

/** Which streams the client asked for. With a terminal there is no stderr: it comes through stdout, as on a real one. */
export interface StreamSelection {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A remote command as its handler sees it, whatever transport carries it. Streams not asked for are empty or discard. */
export interface RemoteCommandSession {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Whether the client sends input at all. */
  readonly hasStdin: boolean;
  readonly tty: boolean;
  readonly onResize: Event<TerminalSize>;
  /** Fires when the client has gone. */
  readonly signal: AbortSignal;
  /** Cuts the connection without a status, as a broken network would. */
  cut(): void;
}

/** Runs a command until it ends or the session's signal fires. */
export type RemoteCommandHandler = (session: RemoteCommandSession) => Promise<CommandOutcome>;

/** Resize messages, `{"Width":…,"Height":…}`: kept until someone listens, since the first comes before the command starts. */
export class ResizeEvents {
  readonly #emitter = new Emitter<TerminalSize>();
  #last: TerminalSize | undefined;

  readonly event: Event<TerminalSize> = (listener) => {
    const subscription = this.#emitter.event(listener);
    if (this.#last !== undefined) listener(this.#last);
    return subscription;
  };

  receive(message: string): void {
    const parsed: unknown = safeJson(message);
    if (typeof parsed !== 'object' || parsed === null || !('Width' in parsed) || !('Height' in parsed)) return;
    if (typeof parsed.Width !== 'number' || typeof parsed.Height !== 'number') return;
    this.#last = { columns: parsed.Width, rows: parsed.Height };
    this.#emitter.fire(this.#last);
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads the stream selection from either spelling: the kubelet's `input=1` or the API server's `stdin=true`. */
export function streamSelection(query: URLSearchParams): StreamSelection {
  const asked = (...names: readonly string[]): boolean =>
    names.some((name) => ['1', 'true'].includes(query.get(name) ?? ''));
  const tty = asked('tty');
  return {
    stdin: asked('input', 'stdin'),
    stdout: asked('output', 'stdout'),
    stderr: !tty && asked('error', 'stderr'),
    tty,
  };
}

export const noStreams: CommandOutcome = {
  kind: 'error',
  message: 'you must specify at least 1 of stdin, stdout, stderr',
};

export function anyStream(selection: StreamSelection): boolean {
  return selection.stdin || selection.stdout || selection.stderr;
}

export function discard(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/**
 * Ends a stream to the client and waits until its last byte was handed to the transport: the status must come after it.
 * A stream that broke because the client left has nothing to wait for.
 */
export async function endOf(stream: Writable): Promise<void> {
  if (stream.destroyed) return;
  stream.end();
  await finished(stream, { readable: false }).catch(() => {});
}
