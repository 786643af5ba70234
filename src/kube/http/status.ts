import { arrayAt, numberAt, stringAt } from '../../base/json.ts';
import { WorkbenchError, type ErrorCode } from '../../base/errors.ts';
import type { Status } from '../model/kinds.ts';
import type { ClusterRef } from '../types.ts';

/** What a request was about, read from its path, for messages. */
export interface RequestSubject {
  readonly verb: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** A field that another manager owns, as a server-side apply conflict tells it. */
export interface ApplyConflict {
  readonly field: string;
  readonly manager: string;
}

/** The API server's own words, kept as the `cause` of the error. */
export class StatusError extends Error {
  readonly httpStatus: number;
  readonly reason: string | undefined;
  /** The decoded Status object, or the text of an answer that was none. */
  readonly status: Status | string;
  /** How long the server asks to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(httpStatus: number, status: unknown, retryAfterMs?: number) {
    super(wordsOf(httpStatus, status));
    this.name = 'StatusError';
    this.httpStatus = httpStatus;
    this.status = status as Status | string;
    this.reason = stringAt(this.status, 'reason');
    this.retryAfterMs = retryAfterMs;
  }

  /** A web page: what answered is a proxy, a load balancer or a login portal, whatever number it chose. */
  get isPage(): boolean {
    return isPage(this.status);
  }
}

/** One line, whatever came. */
function wordsOf(httpStatus: number, status: unknown): string {
  if (isPage(status)) {
    const title = oneLine(/<title[^>]*>([^<]*)</i.exec(status)?.[1] ?? '');
    return `HTTP ${httpStatus} with a web page${title === '' ? '' : ` "${title}"`} in place of the API server's answer`;
  }
  const words = oneLine(
    stringAt(status as Status, 'message') ?? (typeof status === 'string' ? status.slice(0, 300) : ''),
  );
  return words === '' ? `HTTP ${httpStatus}` : words;
}

function isPage(status: unknown): status is string {
  return typeof status === 'string' && /^\s*</.test(status);
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}

/** The server's Status behind an error, if there is one. */
export function statusOf(error: unknown): StatusError | undefined {
  if (error instanceof StatusError) return error;
  return error instanceof Error && error.cause instanceof StatusError ? error.cause : undefined;
}

/** The fields and managers that a server-side apply collided with; empty for any other error. */
export function applyConflicts(error: unknown): readonly ApplyConflict[] {
  return arrayAt(statusOf(error)?.status, 'details', 'causes')
    .filter((cause) => stringAt(cause, 'reason') === 'FieldManagerConflict')
    .map((cause) => ({
      field: stringAt(cause, 'field') ?? '',
      manager: /conflict with "([^"]*)"/.exec(stringAt(cause, 'message') ?? '')?.[1] ?? 'unknown',
    }));
}

const VERBS: Readonly<Record<string, string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Reads verb, kind, namespace and name from a request's method and path. */
export function subjectOf(method: string, path: string, watching = false): RequestSubject {
  const parts =
    path
      .split('?')[0]
      ?.split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent) ?? [];
  const rest = parts[0] === 'api' ? parts.slice(2) : parts[0] === 'apis' ? parts.slice(3) : [];
  if (rest.length === 0)
    return {
      verb: 'read',
      plural: `/${parts.join('/')}`,
      namespace: undefined,
      name: undefined,
      subresource: undefined,
    };
  const scoped = rest[0] === 'namespaces' && rest.length > 2;
  const namespace = scoped ? rest[1] : undefined;
  const [plural = '', name, ...subresource] = scoped ? rest.slice(2) : rest;
  const verb = watching
    ? 'watch'
    : method === 'GET' && name === undefined
      ? 'list'
      : (VERBS[method] ?? method.toLowerCase());
  return { verb, plural, namespace, name, subresource: subresource.length > 0 ? subresource.join('/') : undefined };
}

/** `get pods "p" in namespace "n" (context "c")`: what failed, for a message. */
export function describeSubject(subject: RequestSubject, cluster: ClusterRef): string {
  const what = subject.subresource === undefined ? subject.plural : `${subject.plural}/${subject.subresource}`;
  const name = subject.name === undefined ? '' : ` "${subject.name}"`;
  const namespace = subject.namespace === undefined ? '' : ` in namespace "${subject.namespace}"`;
  return `${subject.verb} ${what}${name}${namespace} (context "${cluster.context}")`;
}

/** The error of an answer that is not 2xx. */
export function errorFromStatus(
  httpStatus: number,
  status: unknown,
  subject: RequestSubject,
  cluster: ClusterRef,
  retryAfterMs?: number,
): WorkbenchError {
  const cause = new StatusError(httpStatus, status, retryAfterMs);
  const code = codeOf(cause, subject);
  return new WorkbenchError({
    code,
    message: `cannot ${describeSubject(subject, cluster)}: ${cause.message}`,
    hint: cause.isPage
      ? `Something on the way answered in the place of ${cluster.server}: check the VPN, the proxy and the server's address.`
      : hintOf(code, subject, cluster),
    cause,
  });
}

const BY_REASON: Readonly<Record<string, ErrorCode>> = {
  Unauthorized: 'unauthorized',
  Forbidden: 'forbidden',
  AlreadyExists: 'already-exists',
  Conflict: 'conflict',
  Gone: 'expired',
  Expired: 'expired',
  Invalid: 'invalid',
  BadRequest: 'invalid',
  RequestEntityTooLarge: 'invalid',
  TooManyRequests: 'too-many-requests',
  Timeout: 'timeout',
  ServerTimeout: 'server-error',
  InternalError: 'server-error',
  ServiceUnavailable: 'server-error',
  MethodNotAllowed: 'not-supported',
  NotAcceptable: 'not-supported',
  UnsupportedMediaType: 'not-supported',
};

const BY_HTTP: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  405: 'not-supported',
  406: 'not-supported',
  408: 'timeout',
  409: 'conflict',
  410: 'expired',
  413: 'invalid',
  415: 'not-supported',
  422: 'invalid',
  429: 'too-many-requests',
  504: 'timeout',
};

function codeOf(error: StatusError, subject: RequestSubject): ErrorCode {
  if (error.isPage) return 'server-error';
  if (error.httpStatus === 404) return notFoundCode(error, subject);
  // A version of a history that the server no longer has: it came back from an older state.
  if (
    arrayAt(error.status, 'details', 'causes').some((cause) => stringAt(cause, 'reason') === 'ResourceVersionTooLarge')
  )
    return 'expired';
  const byReason = error.reason === undefined ? undefined : BY_REASON[error.reason];
  return byReason ?? BY_HTTP[error.httpStatus] ?? (error.httpStatus >= 500 ? 'server-error' : 'invalid');
}

/** A 404 means a missing object, a missing namespace or a kind that is not served; only the Status's details tell them apart. */
function notFoundCode(error: StatusError, subject: RequestSubject): ErrorCode {
  const name = stringAt(error.status, 'details', 'name');
  const kind = stringAt(error.status, 'details', 'kind');
  if (name === undefined || name === '') return 'resource-absent';
  return kind === 'namespaces' && subject.plural !== 'namespaces' ? 'namespace-missing' : 'not-found';
}

function hintOf(code: ErrorCode, subject: RequestSubject, cluster: ClusterRef): string {
  switch (code) {
    case 'unauthorized':
      return 'Log in to the cluster again, or check the user of this context in the kubeconfig.';
    case 'forbidden':
      return `Where the server names no quota or policy, the verb "${subject.verb}" on ${subject.subresource === undefined ? subject.plural : `${subject.plural}/${subject.subresource}`} is missing: ask the cluster's administrator for it, or choose another namespace.`;
    case 'not-found':
      return 'It may have been deleted meanwhile; refresh and try again.';
    case 'namespace-missing':
      return `Create the namespace, or choose another one for context "${cluster.context}".`;
    case 'resource-absent':
      return `The server does not serve ${subject.plural}; its CRD or API group may not be installed.`;
    case 'conflict':
      return 'Somebody else changed the object; read it again, then repeat.';
    case 'already-exists':
      return 'Choose another name, or delete the object that is there.';
    case 'expired':
      return 'The version asked for is too old; list again.';
    case 'too-many-requests':
      return 'The server is busy; try again in a moment.';
    case 'timeout':
    case 'server-error':
      return 'The server failed; try again, and look at its state if it stays so.';
    default:
      return 'Correct the request as the server says.';
  }
}

/** Milliseconds that the server asks to wait, by `Retry-After` (seconds or a date) or the Status; undefined: it does not say. */
export function retryAfterMs(
  headers: Readonly<Record<string, string | undefined>>,
  status: unknown,
): number | undefined {
  const header = headers['retry-after'];
  const ms =
    header === undefined
      ? 1000 * (numberAt(status as Status, 'details', 'retryAfterSeconds') ?? Number.NaN)
      : headerMs(header, headers['date']);
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** A date counts by the clock of the server that says it; ours may be an hour off. */
function headerMs(header: string, answeredAt: string | undefined): number {
  return /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.parse(answeredAt ?? '');
}
