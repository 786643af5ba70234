import { sleep, throwIfAborted, type Clock } from '../../base/clock.ts';
import { isWorkbenchError, systemCode, WorkbenchError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { inflated, readStart, readWhole } from './bounded.ts';
import { JSON_ANSWER, REFUSAL_BYTES } from '../limits.ts';
import { NotJson, readPage, type RawPage } from './list-page.ts';
import { networkError } from './network-errors.ts';
import { describeSubject, errorFromStatus, retryAfterMs, statusOf, subjectOf, type RequestSubject } from './status.ts';
import type { Transport } from './transport.ts';
import type { ClusterRef } from '../types.ts';
import type { KubeRequest, KubeResponse } from './types.ts';

const ATTEMPTS = 4;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 30_000;
const TIMEOUT_MS = 60_000;

/** Requests with a JSON answer: errors become `WorkbenchError`s, and what may be repeated is repeated. */
export class JsonCalls {
  readonly #cluster: ClusterRef;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(cluster: ClusterRef, transport: Transport, clock: Clock, logger: Logger) {
    this.#cluster = cluster;
    this.#transport = transport;
    this.#clock = clock;
    this.#logger = logger;
  }

  call(request: KubeRequest): Promise<unknown> {
    return this.#repeated(request, async (response, doing) => parseJson(await readText(response, doing)));
  }

  /** One page of a list, read item by item; see readPage. */
  page<T>(request: KubeRequest, read: (item: unknown) => T): Promise<RawPage<T>> {
    return this.#repeated(request, (response, doing) => readPage(response, this.#clock, doing, read));
  }

  async #repeated<T>(request: KubeRequest, read: (response: KubeResponse, doing: string) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#once(request, read);
      if (outcome.ok) return outcome.value;
      if (attempt >= ATTEMPTS || !mayRepeat(request, outcome.error)) throw outcome.error;
      const delayMs = statusOf(outcome.error)?.retryAfterMs ?? backOff(attempt);
      if (delayMs > LONGEST_DELAY_MS) throw outcome.error;
      this.#logger.debug(`${outcome.error.message}; attempt ${attempt + 1} in ${Math.round(delayMs)} ms`);
      await sleep(this.#clock, delayMs, request.signal);
    }
  }

  async #once<T>(
    request: KubeRequest,
    read: (response: KubeResponse, doing: string) => Promise<T>,
  ): Promise<Outcome<T>> {
    const subject = subjectOf(request.method ?? 'GET', request.path);
    const doing = describeSubject(subject, this.#cluster);
    try {
      const response = await this.#transport.send({ ...request, timeoutMs: request.timeoutMs ?? TIMEOUT_MS });
      if (response.status < 200 || response.status >= 300)
        return { ok: false, error: await refusal(response, subject, this.#cluster) };
      return { ok: true, value: await read(response, doing) };
    } catch (error) {
      throwIfAborted(request.signal);
      return {
        ok: false,
        error:
          error instanceof NotJson
            ? unreadable(error, doing, this.#cluster)
            : networkError(error, doing, this.#cluster),
      };
    }
  }
}

type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: WorkbenchError };

/** The error of an answer that is not 2xx, read from its head and as much of its body as a Status needs. */
export async function refusal(
  response: KubeResponse,
  subject: RequestSubject,
  cluster: ClusterRef,
): Promise<WorkbenchError> {
  const status = jsonOrText((await readStart(inflated(response), REFUSAL_BYTES)).toString('utf8'));
  return errorFromStatus(response.status, status, subject, cluster, retryAfterMs(response.headers, status));
}

/** The whole body as text. */
export async function readText(response: KubeResponse, doing: string): Promise<string> {
  return (await readWhole(inflated(response), JSON_ANSWER, doing)).toString('utf8');
}

/** What should be JSON, such as the Status of a failed answer; its text when it is none (a proxy's page). */
export function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The parser's message quotes the answer, and that may hold a secret: it is not kept. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new NotJson(text.startsWith('{'));
  }
}

function unreadable({ begins }: NotJson, doing: string, cluster: ClusterRef): WorkbenchError {
  if (begins)
    return new WorkbenchError({
      code: 'connection-lost',
      message: `cannot ${doing}: only a part of the answer came`,
      hint: 'The connection broke; try again.',
    });
  return new WorkbenchError({
    code: 'server-error',
    message: `cannot ${doing}: the answer is not JSON`,
    hint: `Check that ${cluster.server} is a Kubernetes API server and not a proxy's page.`,
  });
}

/** 429 was refused before anything was done, so any call may be repeated; after all else only what is idempotent. */
function mayRepeat(request: KubeRequest, error: WorkbenchError): boolean {
  if (error.code === 'too-many-requests') return true;
  const method = request.method ?? 'GET';
  const idempotent = method === 'GET' || (method === 'PATCH' && request.contentType === 'application/apply-patch+yaml');
  if (!idempotent) return false;
  if (error.code === 'cluster-unreachable') return systemCode(error.cause) === 'ECONNREFUSED';
  return isWorkbenchError(error, 'connection-lost') || (statusOf(error)?.httpStatus ?? 0) >= 500;
}

/** Doubles from `FIRST_DELAY_MS`, spread by half so that many clients do not come back at once. */
function backOff(attempt: number): number {
  return FIRST_DELAY_MS * 2 ** (attempt - 1) * (0.75 + Math.random() * 0.5);
}
