import { WorkbenchError, type ErrorCode } from '../../../base/errors.ts';

interface StatusCause {
  readonly reason?: string;
  readonly message: string;
  readonly field?: string;
}

interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** metav1.Status as a failed request answers it. */
export interface StatusBody {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: { readonly continue?: string };
  readonly status: 'Failure';
  readonly message: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

/** What a message says of a resource: its plural, with the group behind a dot outside the core group. */
interface Subject {
  readonly group: string;
  readonly plural: string;
}

export function qualified(subject: Subject): string {
  return subject.group === '' ? subject.plural : `${subject.plural}.${subject.group}`;
}

/** A refusal with the Status that the HTTP answer carries. It stays inside the server; `toWorkbenchError` is how it leaves. */
export class ApiError extends Error {
  readonly body: StatusBody;

  constructor(
    code: number,
    reason: string | undefined,
    message: string,
    details?: StatusDetails,
    continueToken?: string,
  ) {
    super(message);
    this.name = 'ApiError';
    this.body = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: continueToken === undefined ? {} : { continue: continueToken },
      status: 'Failure',
      message,
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

function detailsOf(subject: Subject, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(subject.group === '' ? {} : { group: subject.group }),
    kind: subject.plural,
  };
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

export function unauthorized(): ApiError {
  return new ApiError(401, 'Unauthorized', 'Unauthorized');
}

/** `what` continues the sentence `pods "x" is forbidden: …`. */
export function forbidden(subject: Subject, name: string, what: string, causes?: readonly StatusCause[]): ApiError {
  const whom = name === '' ? `${qualified(subject)} is forbidden` : `${qualified(subject)} "${name}" is forbidden`;
  return new ApiError(403, 'Forbidden', `${whom}: ${what}`, {
    ...detailsOf(subject, name),
    ...(causes ? { causes } : {}),
  });
}

export function notFound(subject: Subject, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${qualified(subject)} "${name}" not found`, detailsOf(subject, name));
}

/** The path names a resource or group that is not served. */
export function pathNotFound(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function methodNotAllowed(): ApiError {
  return new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

export function notAcceptable(accepted: readonly string[]): ApiError {
  return new ApiError(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`, {});
}

export function alreadyExists(subject: Subject, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${qualified(subject)} "${name}" already exists`, detailsOf(subject, name));
}

/** A validating webhook says no. */
export function webhookDenied(webhook: string, why: string): ApiError {
  return new ApiError(403, 'Forbidden', `admission webhook "${webhook}" denied the request: ${why}`);
}

/** A mutating webhook cannot read the object. */
export function webhookFailed(webhook: string, why: string): ApiError {
  return new ApiError(400, undefined, `admission webhook "${webhook}" denied the request: ${why}`);
}

/** A patch was well-formed, but what it makes of the object cannot be decoded; `why` says so. */
export function patchRefused(patched: unknown, why: string): ApiError {
  return invalid({ group: '', kind: '' }, '', [
    {
      path: 'patch',
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(JSON.stringify(patched))}: ${why}`,
    },
  ]);
}

/** The real server has no word for some faults of a request: a 500 without a reason. */
export function untypedError(message: string): ApiError {
  return new ApiError(500, undefined, message);
}

/** The object is another one than the client of a delete or update had in mind. */
export function preconditionFailed(
  resource: { readonly group: string; readonly kind: string },
  name: string,
  what: string,
): ApiError {
  return conflict({ group: resource.group, plural: resource.kind }, name, `Precondition failed: ${what}`);
}

export function conflict(subject: Subject, name: string, what: string, causes?: readonly StatusCause[]): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(subject)} "${name}": ${what}`;
  return new ApiError(409, 'Conflict', message, { ...detailsOf(subject, name), ...(causes ? { causes } : {}) });
}

export const modifiedMeanwhile =
  'the object has been modified; please apply your changes to the latest version and try again';

/** Server-side apply met fields of other managers. */
export function applyConflict(causes: readonly StatusCause[], message: string): ApiError {
  return new ApiError(409, 'Conflict', message, { causes });
}

export function expired(message: string, continueToken?: string): ApiError {
  return new ApiError(410, 'Expired', message, undefined, continueToken);
}

export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  return new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

/** The router of native kinds turns an unknown type of patch away before their handlers see it. */
export function unroutedMediaType(): ApiError {
  return new ApiError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
}

/** A field error of validation; its message is what Kubernetes' field.Error prints after the path. */
export interface FieldError {
  readonly path: string;
  readonly reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueTypeInvalid'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueNotFound';
  readonly message: string;
}

/** 422. `kind` is the object's kind with its group, as in `Deployment.apps "x" is invalid`. */
export function invalid(
  kind: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): ApiError {
  const lines = errors.map((error) => `${error.path}: ${error.message}`);
  const text = lines.length === 1 ? lines.join('') : `[${lines.join(', ')}]`;
  const label = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return new ApiError(422, 'Invalid', `${label} "${name}" is invalid: ${text}`, {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    ...(kind.kind === '' ? {} : { kind: kind.kind }),
    causes: errors.map((error) => ({ reason: error.reason, message: error.message, field: error.path })),
  });
}

export function tooManyRequests(message: string, causes: readonly StatusCause[], retryAfterSeconds?: number): ApiError {
  return new ApiError(429, 'TooManyRequests', message, {
    causes,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

export function internalError(message: string): ApiError {
  return new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
}

export function serviceUnavailable(message: string): ApiError {
  return new ApiError(503, 'ServiceUnavailable', message, {});
}

/** A list or watch from a version that this server has not reached yet. */
export function tooLargeResourceVersion(wanted: string, current: string): ApiError {
  return new ApiError(504, 'Timeout', `Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

const codeOfReason: Readonly<Record<string, ErrorCode>> = {
  Unauthorized: 'unauthorized',
  Forbidden: 'forbidden',
  NotFound: 'not-found',
  AlreadyExists: 'already-exists',
  Conflict: 'conflict',
  Expired: 'expired',
  Invalid: 'invalid',
  BadRequest: 'invalid',
  TooManyRequests: 'too-many-requests',
  Timeout: 'timeout',
};

/** The error as the controllers meet it, with the same code as a client gets from the HTTP answer. */
export function toWorkbenchError(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  return new WorkbenchError({
    code: codeOfReason[error.body.reason ?? ''] ?? 'server-error',
    message: error.message,
    cause: error,
  });
}
