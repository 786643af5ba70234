import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorText, isAbort } from '../../../base/errors.ts';
import type { Disposable } from '../../../base/disposables.ts';
import type { Logger } from '../../../base/logger.ts';
import type { Kubelets } from '../../kubelets.ts';
import type { InMemoryNetwork } from '../network.ts';
import type { ContainerRun } from '../pods/container-run.ts';
import type { PodWorker } from '../pods/pod-worker.ts';
import { servePortForwardChannels, servePortForwardSpdy, type PortDialer } from '../streaming/port-forward.ts';
import { streamSelection, type RemoteCommandHandler } from '../streaming/remote-command.ts';
import { serveRemoteCommandSpdy } from '../streaming/remote-command-spdy.ts';
import { serveRemoteCommandWebSocket } from '../streaming/remote-command-websocket.ts';
import { readUpgrade, UpgradeCounter, Upgrader } from '../streaming/upgrades.ts';
import { attachTo, execIn } from './commands.ts';
import { readLogQuery, sendLog } from './log-handler.ts';

/** How an API server reaches kubelets, and how they know that it is one. */
export type KubeletAccess =
  /** The demo's own, in memory: nobody else can. */
  | { readonly kubelets: Kubelets }
  /** A real one: TLS at this address, the nodes' InternalIP, for certificates that the authority has signed for clients. */
  | { readonly host: string; readonly cert: string; readonly key: string; readonly clientCa: string };

/** Where real kubelets listen, and what nodes say that are reached in memory. */
const usualPort = 10_250;

export interface KubeletServerOptions {
  readonly node: string;
  readonly access: KubeletAccess;
  readonly network: InMemoryNetwork;
  readonly upgrades: UpgradeCounter;
  readonly now: () => number;
  readonly logger: Logger;
  worker(namespace: string, pod: string): PodWorker | undefined;
  /** Why a pod of this node that has no worker cannot be asked for anything; undefined when it is not here. */
  refusal(namespace: string, pod: string): string | undefined;
  workers(): readonly PodWorker[];
}

/** A request that can't be served, with the status that says so. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A node's kubelet endpoint: the paths that an API server calls. */
export class KubeletServer implements Disposable {
  readonly #options: KubeletServerOptions;
  readonly #server: Server;
  readonly #upgrader = new Upgrader();
  readonly #sockets = new Set<Duplex>();
  #serving: Disposable | undefined;

  private constructor(options: KubeletServerOptions) {
    this.#options = options;
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => this.#request(request, response);
    this.#server = serverFor(options.access, onRequest);
    this.#server.on('connection', (socket: Duplex) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => {});
      this.#upgrade(request, socket, head).catch((error: unknown) => {
        if (!isAbort(error)) options.logger.error(`kubelet ${request.url ?? ''}`, error);
        socket.destroy();
      });
    });
  }

  static async start(options: KubeletServerOptions): Promise<KubeletServer> {
    const kubelet = new KubeletServer(options);
    const { access, node } = options;
    if ('kubelets' in access) {
      kubelet.#serving = access.kubelets.serve(node, (connection) => kubelet.#server.emit('connection', connection));
      return kubelet;
    }
    await new Promise<void>((resolve, reject) => {
      kubelet.#server.once('error', reject);
      kubelet.#server.listen(0, access.host, resolve);
    });
    return kubelet;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? usualPort;
  }

  dispose(): void {
    this.#upgrader.dispose();
    this.#serving?.dispose();
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const { path, query } = parseUrl(request);
    try {
      const [kind, ...rest] = path;
      switch (kind) {
        case 'healthz':
          response.end('ok');
          return;
        case 'pods':
        case 'runningpods':
          response.setHeader('Content-Type', 'application/json');
          response.end(
            JSON.stringify({
              kind: 'PodList',
              apiVersion: 'v1',
              metadata: {},
              items: this.#options.workers().map(({ pod }) => pod.object),
            }),
          );
          return;
        case 'containerLogs':
          sendLog(this.#logRun(rest, query), readLogQuery(query, this.#options.now()), response);
          return;
        case 'exec':
        case 'attach':
        case 'portForward':
          throw new Refusal(400, 'Upgrade request required');
        default:
          throw new Refusal(404, '404 page not found');
      }
    } catch (error) {
      response.writeHead(error instanceof Refusal ? error.status : 500, {
        'Content-Type': 'text/plain; charset=utf-8',
      });
      response.end(errorText(error));
    }
  }

  #logRun([namespace = '', pod = '', container = '']: readonly string[], query: URLSearchParams): ContainerRun {
    const worker = this.#worker(namespace, pod);
    const loop = worker.container(container);
    if (loop === undefined) throw new Refusal(400, `container "${container}" in pod "${pod}" is not available`);
    const previous = ['true', '1'].includes(query.get('previous') ?? '');
    const run = loop.logOf(previous);
    if (run !== undefined) return run;
    if (previous) throw new Refusal(400, `previous terminated container "${container}" in pod "${pod}" not found`);
    const { state } = loop.facts();
    throw new Refusal(
      400,
      `container "${container}" in pod "${pod}" is waiting to start: ${state.kind === 'waiting' ? waitingText(state.reason) : state.kind}`,
    );
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { path, query } = parseUrl(request);
    const [kind, namespace = '', pod = '', container = ''] = path;
    try {
      if (kind === 'portForward') await this.#portForward(request, socket, head, namespace, pod, query);
      else if (kind === 'exec' || kind === 'attach')
        await this.#remoteCommand(kind, request, socket, head, { namespace, pod, container, query });
      else throw new Refusal(404, '404 page not found');
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const body = error.message;
      socket.end(
        `HTTP/1.1 ${error.status} Refused\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    }
  }

  async #remoteCommand(
    kind: 'exec' | 'attach',
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    target: {
      readonly namespace: string;
      readonly pod: string;
      readonly container: string;
      readonly query: URLSearchParams;
    },
  ): Promise<void> {
    const worker = this.#worker(target.namespace, target.pod);
    const container = target.container === '' ? worker.defaultContainer : target.container;
    const run = worker.container(container)?.current;
    if (run === undefined) throw new Refusal(404, `container not found ("${container}")`);
    const handler: RemoteCommandHandler =
      kind === 'exec' ? execIn(run, worker, target.query.getAll('command')) : attachTo(run);
    const selection = streamSelection(target.query);
    const upgrade = readUpgrade(request, false);
    switch (upgrade.kind) {
      case 'websocket-channels': {
        const accepted = this.#upgrader.webSocket(request, socket, head, upgrade.protocol);
        if (accepted === undefined) return;
        this.#options.upgrades.count(kind, 'websocket');
        await serveRemoteCommandWebSocket(accepted, selection, handler);
        return;
      }
      case 'spdy':
        this.#options.upgrades.count(kind, 'spdy');
        await serveRemoteCommandSpdy(this.#upgrader.spdy(request, socket, head, false), selection, handler);
        return;
      case 'websocket-tunnel':
        throw new Refusal(403, 'unable to negotiate protocol');
      case 'refused':
        throw new Refusal(upgrade.status, upgrade.message);
    }
  }

  async #portForward(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    namespace: string,
    pod: string,
    query: URLSearchParams,
  ): Promise<void> {
    const worker = this.#worker(namespace, pod);
    const { podIp } = worker;
    if (podIp === undefined) throw new Refusal(500, `unable to do port forwarding: pod ${pod} is not running`);
    const dial: PortDialer = (port) => this.#options.network.connect(podIp, port, { namespace });
    const upgrade = readUpgrade(request, true);
    switch (upgrade.kind) {
      case 'websocket-tunnel': {
        const connection = this.#upgrader.tunnel(request, socket, head);
        if (connection === undefined) return;
        this.#options.upgrades.count('portforward', 'websocket');
        await servePortForwardSpdy(connection, pod, dial);
        return;
      }
      case 'websocket-channels': {
        const ports = [...query.getAll('ports'), ...query.getAll('port')]
          .flatMap((text) => text.split(','))
          .map(Number)
          .filter((port) => port > 0 && port < 65_536);
        if (ports.length === 0) throw new Refusal(400, 'query parameter "port" is required');
        const accepted = this.#upgrader.webSocket(request, socket, head, upgrade.protocol);
        if (accepted === undefined) return;
        this.#options.upgrades.count('portforward', 'websocket');
        await servePortForwardChannels(accepted, ports, pod, dial);
        return;
      }
      case 'spdy':
        this.#options.upgrades.count('portforward', 'spdy');
        await servePortForwardSpdy(this.#upgrader.spdy(request, socket, head, true), pod, dial);
        return;
      case 'refused':
        throw new Refusal(upgrade.status, upgrade.message);
    }
  }

  #worker(namespace: string, pod: string): PodWorker {
    const worker = this.#options.worker(namespace, pod);
    if (worker !== undefined) return worker;
    const refusal = this.#options.refusal(namespace, pod);
    throw refusal === undefined
      ? new Refusal(404, `pod "${pod}" not found in namespace "${namespace}"`)
      : new Refusal(501, refusal);
  }
}

function serverFor(access: KubeletAccess, onRequest: RequestListener): Server {
  if ('kubelets' in access) return createHttpServer(onRequest);
  const { cert, key, clientCa } = access;
  return createHttpsServer({ cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: true }, onRequest);
}

function parseUrl(request: IncomingMessage): { readonly path: readonly string[]; readonly query: URLSearchParams } {
  const url = new URL(request.url ?? '/', 'http://kubelet');
  return {
    path: url.pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent),
    query: url.searchParams,
  };
}

/** The kubelet's words for a container that has no log yet. */
function waitingText(reason: string): string {
  const words: Readonly<Record<string, string>> = {
    ErrImagePull: "image can't be pulled",
    ImagePullBackOff: 'trying and failing to pull image',
  };
  return words[reason] ?? reason;
}
