import { request as httpRequest, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringAt } from '../../../base/json.ts';
import { errorText } from '../../../base/errors.ts';
import type { Kubelets } from '../../kubelets.ts';
import type { ApiCore } from '../verbs/core.ts';
import type { Exchange } from '../http/exchange.ts';
import { resourceRequest, type ResourceRequest } from '../http/request-info.ts';
import { authorize } from '../http/authorize.ts';
import type { ApiObject } from '../base/object.ts';
import { getObject } from '../verbs/reads.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import type { User } from '../base/requests.ts';
import {
  badRequest,
  forbidden,
  internalError,
  methodNotAllowed,
  notFound,
  pathNotFound,
  serviceUnavailable,
} from '../base/status.ts';
import { FailedCommands } from './failed-commands.ts';
import { checkPorts, hasNode, kubeletPath } from './kubelet-path.ts';
import { connectPod } from './pod-connection.ts';
import { proxyTarget } from './proxy-target.ts';

/** A kubelet that speaks none of the protocols offered; the server itself would have said so. */
const forbiddenStatus = 403;

const streams: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward']);

/** Of a client's request what the kubelet must see to answer an upgrade. */
const upgradeHeaders = [
  'connection',
  'upgrade',
  'x-stream-protocol-version',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-protocol',
  'sec-websocket-extensions',
  'content-length',
];

/** What may be done to a subresource; to a proxy, anything. */
const methods: Readonly<Record<string, readonly string[]>> = {
  log: ['GET'],
  exec: ['GET', 'POST'],
  attach: ['GET', 'POST'],
  portforward: ['GET', 'POST'],
};

/** Logs, exec, attach, port-forward and proxy: finds the pod's node and hands the request to its kubelet. */
export class KubeletProxy {
  readonly #core: ApiCore;
  readonly #kubelets: Kubelets;
  readonly #failed = new FailedCommands();

  constructor(core: ApiCore, kubelets: Kubelets) {
    this.#core = core;
    this.#kubelets = kubelets;
  }

  /** Plain requests. exec, attach and port-forward come here only without an upgrade, which they need. */
  async serve(resource: ServedResource, about: ResourceRequest, exchange: Exchange): Promise<void> {
    if (!(methods[about.subresource] ?? [exchange.method]).includes(exchange.method)) throw methodNotAllowed();
    if (about.subresource === 'log' && !hasNode(this.#pod(about))) {
      // What is asked for is checked, though nobody has a log yet.
      this.#path(resource, about, exchange.query);
      exchange.response.writeHead(204).end();
      return;
    }
    const answer =
      about.subresource === 'proxy' && resource.collection !== 'nodes'
        ? await this.#proxied(about, exchange)
        : await this.#asked(resource, about, exchange);
    if (about.subresource === 'log' && (answer.statusCode ?? 500) >= 400) throw badRequest((await text(answer)).trim());
    const { response } = exchange;
    response.writeHead(answer.statusCode ?? 502, withoutHopByHop(answer.headers));
    response.flushHeaders();
    response.on('close', () => answer.destroy());
    await pipeline(answer, response).catch(() => response.destroy());
  }

  /** The kubelet's own answer. */
  #asked(resource: ServedResource, about: ResourceRequest, exchange: Exchange): Promise<IncomingMessage> {
    authorizeStream(this.#core, exchange.user, about);
    const path = this.#path(resource, about, exchange.query);
    if (about.subresource !== 'log' && about.subresource !== 'proxy') throw badRequest('Upgrade request required');
    const outgoing = this.#request(resource, about, exchange.method, path, forwardedHeaders(exchange.request.headers));
    return answerOf(outgoing, exchange.request, (error) => internalError(`error dialing backend: ${errorText(error)}`));
  }

  /** The answer of a server in a pod, of which the kubelet only carries the bytes. */
  async #proxied(about: ResourceRequest, exchange: Exchange): Promise<IncomingMessage> {
    const { pod, port } = proxyTarget(this.#core.store, about);
    const { name, namespace = '' } = pod.metadata;
    const node = this.#node(stringAt(pod, 'spec', 'nodeName') ?? '');
    const unreachable = (error: unknown): Error =>
      serviceUnavailable(`error trying to reach service: ${errorText(error)}`);
    const connection = await connectPod(
      () => this.#kubelets.dial(node),
      `/portForward/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}?ports=${port}`,
    ).catch((error: unknown) => {
      throw unreachable(error);
    });
    // The kubelet may have complained before anyone could listen.
    if (connection.errored) throw unreachable(connection.errored);
    exchange.response.on('close', () => connection.destroy());
    const outgoing = httpRequest({
      createConnection: () => connection,
      method: exchange.method,
      path: about.rest + searchOf(exchange.query),
      headers: {
        ...forwardedHeaders(exchange.request.headers),
        host: `${stringAt(pod, 'status', 'podIP') ?? name}:${port}`,
      },
    });
    connection.on('error', (error) => outgoing.destroy(error));
    return answerOf(outgoing, exchange.request, unreachable);
  }

  /** Upgraded requests: after the checks the two sockets are joined, whatever they speak. */
  async upgrade(request: IncomingMessage, user: User, socket: Duplex, head: Buffer): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://server');
    const about = resourceRequest(request.method ?? 'GET', url.pathname, url.searchParams);
    const resource =
      about === undefined ? undefined : this.#core.registry.find(about.group, about.version, about.plural);
    if (about === undefined || resource === undefined || !resource.subresources.has(about.subresource))
      throw pathNotFound();
    authorize(this.#core, user, about);
    authorizeStream(this.#core, user, about);
    const path = this.#path(resource, about, url.searchParams);
    const headers = Object.fromEntries(
      upgradeHeaders.flatMap((name) => (request.headers[name] === undefined ? [] : [[name, request.headers[name]]])),
    );
    const outgoing = this.#request(resource, about, request.method ?? 'GET', path, headers);
    await new Promise<void>((resolve, reject) => {
      outgoing.on('upgrade', (answer, kubelet, kubeletHead) => {
        socket.write(rawHead(answer));
        if (kubeletHead.length > 0) socket.write(kubeletHead);
        if (head.length > 0) kubelet.write(head);
        join(socket, kubelet);
        resolve();
      });
      const byStatus = isCommandSocket(about, request);
      outgoing.on('response', (answer) => {
        if (byStatus && answer.statusCode !== forbiddenStatus)
          resolve(
            text(answer).then((why) =>
              this.#failed.answer(request, socket, head, `unable to upgrade connection: ${why.trim()}`),
            ),
          );
        else {
          socket.write(rawHead(answer));
          answer.pipe(socket);
          resolve();
        }
      });
      outgoing.on('error', (error) => {
        const why = `error dialing backend: ${errorText(error)}`;
        if (byStatus) resolve(this.#failed.answer(request, socket, head, why));
        else reject(internalError(why));
      });
      outgoing.end();
    });
  }

  #path(resource: ServedResource, about: ResourceRequest, query: URLSearchParams): string {
    if (resource.collection === 'nodes') return about.rest + searchOf(query);
    if (resource.collection !== 'pods') throw pathNotFound();
    if (about.subresource === 'portforward') checkPorts(query);
    return kubeletPath(this.#pod(about), about, query);
  }

  #pod(about: ResourceRequest): ApiObject {
    const resource = this.#core.registry.find('', 'v1', 'pods');
    if (resource === undefined) throw pathNotFound();
    return getObject(this.#core.store, resource, about.namespace, about.name);
  }

  #request(
    resource: ServedResource,
    about: ResourceRequest,
    method: string,
    path: string,
    headers: IncomingHttpHeaders,
  ): ClientRequest {
    const node = this.#node(
      resource.collection === 'nodes' ? about.name : (stringAt(this.#pod(about), 'spec', 'nodeName') ?? ''),
    );
    return httpRequest({
      createConnection: () => this.#kubelets.dial(node),
      method,
      path,
      headers: { ...headers, host: node },
    });
  }

  #node(name: string): string {
    if (this.#core.store.get('nodes', name) === undefined) throw notFound({ group: '', plural: 'nodes' }, name);
    return name;
  }
}

/** Whoever may only look must not act through a WebSocket, which is opened by a GET: since 1.35 that needs `create` as well. */
function authorizeStream(core: ApiCore, user: User, about: ResourceRequest): void {
  if (about.plural !== 'pods' || about.verb !== 'get' || !streams.has(about.subresource)) return;
  if (!core.authorizer.allows(user, { ...about, verb: 'create' }))
    throw forbidden({ group: about.group, plural: about.plural }, about.name, '');
}

/** The real server accepts the WebSocket of an exec or attach before it asks the kubelet: what goes wrong then is told on it. */
function isCommandSocket({ subresource }: ResourceRequest, { headers }: IncomingMessage): boolean {
  return (subresource === 'exec' || subresource === 'attach') && headers.upgrade?.toLowerCase() === 'websocket';
}

/** Sends the body after the head and waits for the answer's head. */
function answerOf(
  outgoing: ClientRequest,
  body: IncomingMessage,
  failure: (error: unknown) => Error,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.on('response', resolve);
    outgoing.on('error', (error) => reject(failure(error)));
    body.pipe(outgoing);
  });
}

function searchOf(query: URLSearchParams): string {
  const textOf = query.toString();
  return textOf === '' ? '' : `?${textOf}`;
}

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The user's credentials are for this server alone. */
function forwardedHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name !== 'authorization' && name !== 'host' && !hopByHop.has(name)),
  );
}

function withoutHopByHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)));
}

function rawHead(answer: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ''}`];
  for (let index = 0; index < answer.rawHeaders.length; index += 2) {
    const name = answer.rawHeaders[index] ?? '';
    // The body is passed on unframed, so a chunked length would be wrong.
    if (name.toLowerCase() !== 'transfer-encoding') lines.push(`${name}: ${answer.rawHeaders[index + 1] ?? ''}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Copies both ways until either side ends; each side's end is passed on, its failure ends both. */
function join(left: Duplex, right: Duplex): void {
  for (const [from, to] of [
    [left, right],
    [right, left],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.end());
  }
}

async function text(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
