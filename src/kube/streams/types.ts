import type { Duplex, Readable, Writable } from 'node:stream';
import type { Disposable } from '../../base/disposables.ts';
import type { WorkbenchError } from '../../base/errors.ts';

export interface ExecOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
  readonly command: readonly string[];
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** How long the command may run; absent: as long as it likes. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** A short command: its output is collected up to a limit (`too-large`), and it has two minutes if nothing else is said (`timeout`). */
export type ExecOutputOptions = Omit<ExecOptions, 'stdout' | 'stderr'>;

export interface ExecOutput {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface LogOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly tailLines?: number;
  readonly sinceTime?: string;
  readonly signal: AbortSignal;
}

export interface LogLine {
  /** The kubelet's time stamp of the line (RFC 3339, ns). */
  readonly time: string;
  readonly text: string;
  /**
   * Set on a marker, which is no line of the container: lines may be missing before the next one, because the log was
   * rotated, the container restarted or its pod is gone. `text` says so in words.
   */
  readonly gap?: 'rotated' | 'restarted' | 'pod-gone';
}

/** Where a port-forward leads: to the pod of a name, or to a ready pod of a selector or Service. */
export type ForwardTarget =
  | { readonly pod: string }
  | { readonly labelSelector: string }
  | { readonly service: string };

/** Whether a new connection reaches a pod, as of the last look. */
export type ForwardState =
  | { readonly kind: 'open'; readonly pod: string; readonly uid: string }
  | { readonly kind: 'lost'; readonly error: WorkbenchError };

export interface PortForward extends Disposable {
  /**
   * A new connection to the pod's port, for an HTTP request's `createConnection`; it may be written to at once. A stream of
   * this process: nothing listens that other users of the machine could reach. What breaks is an error, never an end.
   */
  connect(): Duplex;
  readonly state: ForwardState;
  /** Told when the forward goes on to another pod, loses its pod or finds one again. */
  onDidChange(listener: (state: ForwardState) => void): Disposable;
  /** Told why a connection could not be made or broke; it fails with the same error. */
  onDidFail(listener: (error: WorkbenchError) => void): Disposable;
}
