import { errorText, isAbort, systemCode, toWorkbenchError, WorkbenchError, type ErrorCode } from '../../base/errors.ts';
import type { ClusterRef } from '../types.ts';

const UNREACHABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'EHOSTDOWN',
]);
const TLS: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
  'CERT_REVOKED',
  'EPROTO',
]);

/** Turns whatever a socket, TLS or stream threw while `doing` something into an error with a code and a hint. */
export function networkError(error: unknown, doing: string, cluster: ClusterRef): WorkbenchError {
  if (error instanceof WorkbenchError || isAbort(error)) return toWorkbenchError(error, doing);
  const first = firstOf(error);
  const { code, hint } = classify(systemCode(first), cluster);
  return new WorkbenchError({ code, message: `cannot ${doing}: ${wordsOf(first, cluster)}`, hint, cause: error });
}

/** Node calls a broken connection "aborted", as if somebody had wanted it. */
function wordsOf(error: unknown, cluster: ClusterRef): string {
  switch (systemCode(error)) {
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection broke';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `no address was found for ${new URL(cluster.server).hostname}`;
    default:
      return errorText(error);
  }
}

/** Node tries every address of a host and reports one AggregateError; its first error names the cause. */
function firstOf(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? (error.errors[0] as unknown) : error;
}

function classify(code: string | undefined, cluster: ClusterRef): { readonly code: ErrorCode; readonly hint: string } {
  if (code !== undefined && UNREACHABLE.has(code)) {
    return {
      code: 'cluster-unreachable',
      hint: `Check that ${cluster.server} of context "${cluster.context}" is up, and the VPN or proxy to it.`,
    };
  }
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED') {
    return {
      code: 'tls-failed',
      hint: `Check this machine's clock; if it is right, the certificate of ${cluster.server} has to be renewed.`,
    };
  }
  if (
    code !== undefined &&
    (TLS.has(code) || code.startsWith('ERR_TLS_') || code.startsWith('ERR_SSL_') || code.startsWith('ERR_OSSL_'))
  ) {
    return {
      code: 'tls-failed',
      hint: `Check certificate-authority, tls-server-name and the client certificate of context "${cluster.context}".`,
    };
  }
  return { code: 'connection-lost', hint: 'The connection broke; try again.' };
}

export function timeoutError(doing: string, ms: number, cluster: ClusterRef): WorkbenchError {
  return new WorkbenchError({
    code: 'timeout',
    message: `cannot ${doing}: no answer within ${ms / 1000} s`,
    hint: `Check that ${cluster.server} of context "${cluster.context}" is up, and the VPN or proxy to it.`,
  });
}
