import type { IncomingMessage } from 'node:http';
import { isAbort, systemCode, errorText } from '../../../../base/errors.ts';
import { arrayAt, numberAt, stringAt } from '../../../../base/json.ts';
import type { PodNetwork } from '../../../nodes/types.ts';
import { bodyText, podRequest } from './pod-http.ts';

export interface LoadTarget {
  readonly network: PodNetwork;
  readonly namespace: string;
  readonly url: URL;
}

/** One streamed completion as a client saw it. Times are monotonic ms, latencies ms. */
export interface MeasuredRequest {
  readonly ok: boolean;
  /** Cut by the caller before its end. */
  readonly cancelled: boolean;
  readonly error: string;
  readonly status: number | undefined;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Arrival of every chunk that carried text. */
  readonly chunkTimes: readonly number[];
  /** Server-sent events in all, usage and empty ones included. */
  readonly events: number;
  readonly promptTokens: number | undefined;
  readonly outputTokens: number;
  readonly text: string;
  readonly responseId: string | undefined;
}

/** Sends one streaming request and times its chunks. Never rejects: a failure is part of what is measured. */
export async function measureCompletion(
  target: LoadTarget,
  body: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<MeasuredRequest> {
  const reader = new StreamReader();
  const startedAt = performance.now();
  let status: number | undefined;
  let error = '';
  let cancelled = false;
  try {
    const response = await podRequest(target.network, target.namespace, {
      method: 'POST',
      url: target.url,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
      signal,
    });
    status = response.statusCode;
    if (status === 200) await reader.read(response);
    else error = httpError(response, await bodyText(response));
    if (error === '' && !reader.done) error = 'the stream ended before [DONE]';
  } catch (failure) {
    cancelled = signal.aborted || isAbort(failure);
    error = cancelled ? 'cancelled' : connectionError(failure, target.url);
  }
  return {
    ok: error === '',
    cancelled,
    error,
    status,
    startedAt,
    endedAt: performance.now(),
    chunkTimes: reader.chunkTimes,
    events: reader.events,
    promptTokens: reader.promptTokens,
    outputTokens: reader.outputTokens ?? reader.chunkTimes.length,
    text: reader.text,
    responseId: reader.responseId,
  };
}

function httpError(response: IncomingMessage, body: string): string {
  return body.trim() === '' ? (response.statusMessage ?? `HTTP ${response.statusCode ?? 0}`) : body.trim();
}

function connectionError(failure: unknown, url: URL): string {
  const port = url.port === '' ? '80' : url.port;
  const code = systemCode(failure);
  if (code === 'ECONNREFUSED')
    return `Cannot connect to host ${url.hostname}:${port} ssl:default [Connect call failed ('${url.hostname}', ${port})]`;
  if (code === 'ENOTFOUND')
    return `Cannot connect to host ${url.hostname}:${port} ssl:default [Name or service not known]`;
  if (code === 'ECONNRESET') return 'Server disconnected';
  return errorText(failure);
}

/** Reads server-sent events of the two completion APIs. */
class StreamReader {
  readonly chunkTimes: number[] = [];
  events = 0;
  done = false;
  text = '';
  promptTokens: number | undefined;
  outputTokens: number | undefined;
  responseId: string | undefined;
  #rest = '';

  async read(response: IncomingMessage): Promise<void> {
    response.setEncoding('utf8');
    for await (const chunk of response) this.#take(String(chunk), performance.now());
  }

  #take(chunk: string, now: number): void {
    const parts = (this.#rest + chunk).split('\n\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) {
      if (!part.startsWith('data:')) continue;
      const data = part.slice(5).trim();
      if (data === '[DONE]') this.done = true;
      else this.#event(JSON.parse(data), now);
    }
  }

  #event(event: unknown, now: number): void {
    this.events += 1;
    this.responseId ??= stringAt(event, 'id');
    const choice = arrayAt(event, 'choices')[0];
    const text = stringAt(choice, 'text') ?? stringAt(choice, 'delta', 'content') ?? '';
    if (text !== '') {
      this.chunkTimes.push(now);
      this.text += text;
    }
    this.promptTokens = numberAt(event, 'usage', 'prompt_tokens') ?? this.promptTokens;
    this.outputTokens = numberAt(event, 'usage', 'completion_tokens') ?? this.outputTokens;
  }
}
