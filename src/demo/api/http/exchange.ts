import type { IncomingMessage, ServerResponse } from 'node:http';
import { stringify as toYaml } from 'yaml';
import type { ProtobufDecoder } from '../protobuf/decode.ts';
import type { User } from '../base/requests.ts';
import { ApiError, badRequest, internalError, type StatusBody } from '../base/status.ts';
import { readBody, type Body } from './body.ts';
import { negotiate, type Negotiated } from './negotiation.ts';

/** One request with its answer. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly user: User;
  /** The content type of JSON answers; discovery names its form in it. */
  contentType = 'application/json';
  readonly #protobuf: ProtobufDecoder;
  #warnings: readonly string[] = [];

  constructor(request: IncomingMessage, response: ServerResponse, user: User, protobuf: ProtobufDecoder) {
    this.#protobuf = protobuf;
    const url = new URL(request.url ?? '/', 'http://server');
    this.request = request;
    this.response = response;
    this.path = url.pathname;
    this.query = url.searchParams;
    this.user = user;
  }

  get method(): string {
    return this.request.method ?? 'GET';
  }

  negotiated(): Negotiated {
    return negotiate(this.request.headers.accept);
  }

  body(): Promise<Body | undefined> {
    return readBody(this.request, this.#protobuf);
  }

  /** A parameter that is a whole number; undefined when absent. */
  number(name: string): number | undefined {
    const text = this.query.get(name);
    if (text === null || text === '') return undefined;
    const value = Number(text);
    if (!Number.isInteger(value)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
    return value;
  }

  flag(name: string): boolean | undefined {
    const text = this.query.get(name);
    return text === null ? undefined : text === 'true' || text === '1' || text === '';
  }

  text(name: string): string | undefined {
    return this.query.get(name) ?? undefined;
  }

  warn(message: string): void {
    this.#warnings = [...this.#warnings, message];
  }

  send(status: number, body: unknown, yaml = false): void {
    const text = yaml ? toYaml(body) : JSON.stringify(body);
    this.sendText(status, text, yaml ? 'application/yaml' : this.contentType);
  }

  sendText(status: number, text: string, contentType: string): void {
    this.sendBytes(status, Buffer.from(text), contentType);
  }

  sendBytes(status: number, bytes: Buffer, contentType: string): void {
    if (this.#warnings.length > 0) this.response.setHeader('Warning', this.#warnings.map(warningHeader));
    this.response.writeHead(status, {
      'Content-Type': contentType,
      'Content-Length': bytes.length,
      'Cache-Control': 'no-cache, private',
    });
    this.response.end(bytes);
  }
}

/** RFC 7234; kubectl shows the quoted text. */
function warningHeader(message: string): string {
  const quoted = message
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll(/[^\u0020-\u007e]/g, '?');
  return `299 - "${quoted}"`;
}

/** Whatever was thrown as the Status that is answered. */
export function statusOf(error: unknown): StatusBody {
  if (error instanceof ApiError) return error.body;
  return internalError(error instanceof Error ? error.message : String(error)).body;
}

export function sendStatus(response: ServerResponse, body: StatusBody): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const bytes = Buffer.from(JSON.stringify(body));
  const retry = body.details?.retryAfterSeconds;
  response.writeHead(body.code, {
    'Content-Type': 'application/json',
    'Content-Length': bytes.length,
    ...(retry === undefined ? {} : { 'Retry-After': String(retry) }),
  });
  response.end(bytes);
}
