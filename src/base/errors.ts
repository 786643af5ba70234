/**
 * What can go wrong, as a closed list of codes. Code that reacts to a failure compares `code`, never text.
 * The list grows where a new reaction is needed; a message alone needs no code of its own.
 */
export type ErrorCode =
  | 'aborted'
  | 'bad-usage'
  | 'internal'
  | 'not-supported'
  | 'untrusted'
  // the cluster's door
  | 'kubeconfig-missing'
  | 'kubeconfig-invalid'
  | 'context-unknown'
  | 'cluster-unreachable'
  | 'tls-failed'
  | 'auth-plugin-missing'
  | 'auth-plugin-failed'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'namespace-missing'
  | 'resource-absent'
  | 'conflict'
  | 'already-exists'
  /** The object is somebody else's, or another tool's: it is left as it is. */
  | 'not-yours'
  | 'invalid'
  | 'expired'
  | 'too-many-requests'
  | 'server-error'
  | 'timeout'
  | 'connection-lost'
  | 'exec-failed'
  | 'tool-missing'
  | 'tool-too-old'
  | 'tool-failed'
  // features
  | 'env-missing'
  | 'env-incomplete'
  | 'guide-invalid'
  | 'capacity-missing'
  | 'deployment-failed'
  | 'not-ready'
  | 'pod-gone'
  | 'profiling-disabled'
  | 'no-traces'
  | 'disk-full'
  | 'port-taken'
  // files
  | 'file-missing'
  | 'file-empty'
  | 'file-is-directory'
  | 'file-unreadable'
  | 'gzip-cut'
  | 'gzip-invalid'
  | 'json-invalid'
  | 'json-cut'
  | 'format-unknown'
  | 'version-unknown'
  | 'too-large'
  | 'reader-failed'
  | 'no-result';

export interface WorkbenchErrorOptions {
  readonly code: ErrorCode;
  /** What failed, on which object, in which context and namespace. One line. */
  readonly message: string;
  /** What the reader can do next. One line. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The one error class that crosses a folder's border. Never carries a secret in its message or hint. */
export class WorkbenchError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(options: WorkbenchErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WorkbenchError';
    this.code = options.code;
    this.hint = options.hint;
  }
}

export function isWorkbenchError(error: unknown, ...codes: readonly ErrorCode[]): error is WorkbenchError {
  return error instanceof WorkbenchError && (codes.length === 0 || codes.includes(error.code));
}

/** True for our own `aborted` and for the AbortError that Node's APIs throw when an AbortSignal fires; a time limit is neither. */
export function isAbort(error: unknown): boolean {
  const reason = reasonOf(error);
  return isWorkbenchError(reason, 'aborted') || (reason instanceof Error && reason.name === 'AbortError');
}

/** Node hides the reason of a signal in an AbortError of its own. */
function reasonOf(error: unknown): unknown {
  return error instanceof Error && error.name === 'AbortError' && error.cause instanceof WorkbenchError
    ? error.cause
    : error;
}

/** Wraps whatever was thrown so that a caller can rely on `code`, `message` and `hint`. */
export function toWorkbenchError(error: unknown, doing: string): WorkbenchError {
  const reason = reasonOf(error);
  if (reason instanceof WorkbenchError) return reason;
  if (isAbort(error)) return new WorkbenchError({ code: 'aborted', message: `${doing}: cancelled`, cause: error });
  return new WorkbenchError({ code: 'internal', message: `${doing}: ${errorText(error)}`, cause: error });
}

/** The text of anything that was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Node's `code` of a system error (`ENOENT`, `ECONNREFUSED`…), else undefined. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
