import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import { DisposableStore } from '../../base/disposables.ts';
import { systemCode, WorkbenchError } from '../../base/errors.ts';
import { Emitter } from '../../base/events.ts';
import type { Logger } from '../../base/logger.ts';
import { Kubelets } from '../kubelets.ts';
import type { DemoApi } from '../types.ts';
import { Admission } from './admission/admission.ts';
import { templateGenerations } from './admission/daemon-sets.ts';
import { definitionDefaults } from './admission/definitions.ts';
import { leaderWorkerSets } from './admission/leader-worker-sets.ts';
import { namespaceLifecycle } from './admission/namespaces.ts';
import { podDefaults } from './admission/pods.ts';
import { resourceQuotas } from './admission/quota.ts';
import { serviceAddresses } from './admission/services.ts';
import { storageInUse } from './admission/storage.ts';
import { adminUser, Authenticator } from './auth/authenticator.ts';
import { Authorizer } from './auth/authorizer.ts';
import { actingUser } from './auth/impersonation.ts';
import { DefinitionCleanup } from './controllers/definition-cleanup.ts';
import { EventExpiry } from './controllers/event-expiry.ts';
import { GarbageCollector } from './controllers/garbage-collector.ts';
import { NamespaceController } from './controllers/namespaces.ts';
import { QuotaController } from './controllers/quotas.ts';
import { StorageProtection } from './controllers/storage-protection.ts';
import type { ApiCore } from './verbs/core.ts';
import { serveDefinitions } from './catalogue/custom-resources.ts';
import { loadApiData, type ApiData } from './catalogue/data.ts';
import { Deleter } from './verbs/deletes.ts';
import { Exchange, sendStatus, statusOf } from './http/exchange.ts';
import { route, type RouterParts } from './http/router.ts';
import { InProcessApi } from './in-process.ts';
import { omittedZeros } from './catalogue/omitted-zeros.ts';
import { OpenApi } from './http/openapi.ts';
import { loadState, StateSaver } from './storage/persistence.ts';
import { ProtobufDecoder } from './protobuf/decode.ts';
import { Registry } from './catalogue/registry.ts';
import type { User } from './base/requests.ts';
import { loadSchemas } from './schema/index.ts';
import { ensure, seedCluster } from './seed/cluster.ts';
import { definitionsOf } from './seed/definitions.ts';
import { ApiError, unauthorized } from './base/status.ts';
import { Store } from './storage/store.ts';
import { KubeletProxy } from './streaming/kubelet-proxy.ts';
import { createServerIdentity } from './http/tls.ts';
import { Writer } from './verbs/writes.ts';

export interface ApiServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The administrator's bearer token. */
  readonly token: string;
  /** Other tokens and whose they are; RBAC objects say what those users may do. */
  readonly users?: ReadonlyMap<string, User>;
  /** Default true: HTTPS with a certificate of its own. */
  readonly tls?: boolean;
  /** The nodes' kubelets; none without. */
  readonly kubelets?: Kubelets;
  /** Where the objects outlive the process. */
  readonly stateDir?: string;
  /** How many changes watches and paged lists can look back. */
  readonly historyLimit?: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** The router's parts, and who takes upgraded requests. */
interface ServerParts extends RouterParts {
  readonly kubelets: KubeletProxy;
}

const idleConnectionMs = 120_000;

/** A running server. */
export interface ApiServer {
  readonly url: string;
  /** The authority that signed the server's certificate; undefined over plain HTTP. */
  readonly caPem: string | undefined;
  readonly api: DemoApi;
  /** Forgets the past: older watches and continue tokens get 410, as after etcd's compaction. */
  compact(): void;
  close(): Promise<void>;
}

/** Starts the embedded Kubernetes API server. `port-taken` when the port is not free. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock, logger } = options;
  const data = await loadApiData();
  const owned = new DisposableStore();
  const closing = new Emitter<void>();
  const core = createCore(options, data, closing);
  const saved = options.stateDir === undefined ? undefined : await loadState(options.stateDir);
  if (saved) core.store.load(saved);
  owned.add(serveDefinitions(core.store, core.registry));
  const identity = options.tls === false ? undefined : createServerIdentity(clock.now());
  const listener: Server =
    identity === undefined ? createHttpServer() : createHttpsServer({ key: identity.keyPem, cert: identity.certPem });
  // Go clients keep idle connections for 90 s: the client shall be the one that closes them.
  listener.keepAliveTimeout = idleConnectionMs;
  const port = await listen(listener, options.host, options.port);
  const serverAddress = `${options.host}:${port}`;
  seedCluster(core, data.roles, port);
  for (const definition of definitionsOf(data)) ensure(core, definition);
  const namespaces = owned.add(new NamespaceController(core, identity?.certPem ?? ''));
  for (const [name] of core.store.entries('namespaces')) namespaces.furnish(name);
  owned.add(new GarbageCollector(core));
  owned.add(new DefinitionCleanup(core));
  owned.add(new QuotaController(core));
  owned.add(new StorageProtection(core));
  owned.add(new EventExpiry(core));
  const saver =
    options.stateDir === undefined ? undefined : owned.add(new StateSaver(core.store, options.stateDir, clock, logger));
  const parts: ServerParts = {
    core,
    openApi: new OpenApi(core.registry, data.schemas),
    kubelets: new KubeletProxy(core, options.kubelets ?? new Kubelets()),
    protobuf: new ProtobufDecoder(data.protobuf),
    serverAddress,
  };
  const sockets = new Set<Socket>();
  listener.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  listener.on('request', (request: IncomingMessage, response: ServerResponse) => void answer(parts, request, response));
  listener.on(
    'upgrade',
    (request: IncomingMessage, socket: Duplex, head: Buffer) => void upgrade(parts, request, socket, head),
  );
  return {
    url: `${identity === undefined ? 'http' : 'https'}://${serverAddress}`,
    caPem: identity?.certPem,
    api: new InProcessApi(core),
    compact: () => core.store.compact(),
    async close() {
      closing.fire();
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
      await saver?.flush();
      owned.dispose();
    },
  };
}

function createCore(options: ApiServerOptions, data: ApiData, closing: Emitter<void>): ApiCore {
  const { clock, logger } = options;
  const store = new Store(options.historyLimit);
  const schemas = loadSchemas(data.schemas, omittedZeros(data.protobuf));
  const registry = new Registry(data, schemas);
  const admission = new Admission([
    namespaceLifecycle(store),
    podDefaults(store),
    serviceAddresses(store),
    definitionDefaults(clock),
    storageInUse(),
    templateGenerations(),
    leaderWorkerSets(schemas),
    resourceQuotas(store),
  ]);
  const users = new Map([...(options.users ?? []), [options.token, adminUser] as const]);
  return {
    store,
    registry,
    admission,
    clock,
    logger,
    writer: new Writer({ store, admission, clock }),
    deleter: new Deleter({ store, admission, clock }),
    authenticator: new Authenticator(users, store, clock),
    authorizer: new Authorizer(store),
    closing: closing.event,
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const taken = systemCode(error) === 'EADDRINUSE';
      reject(
        new WorkbenchError({
          code: taken ? 'port-taken' : 'internal',
          message: `the demo cluster cannot listen on ${host}:${port}: ${error.message}`,
          hint: taken ? 'choose another port, or 0 for any free one' : 'look at the error behind it',
          cause: error,
        }),
      );
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function userOf(core: ApiCore, request: IncomingMessage): User {
  const user = core.authenticator.user(request.headers.authorization);
  if (user === undefined) throw unauthorized();
  return actingUser(core.authorizer, user, request.headers);
}

async function answer(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const user = userOf(parts.core, request);
    await route(parts, new Exchange(request, response, user, parts.protobuf));
  } catch (error) {
    logFailure(parts.core.logger, request, error);
    sendStatus(response, statusOf(error));
  }
}

async function upgrade(parts: ServerParts, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  socket.on('error', () => socket.destroy());
  try {
    const user = userOf(parts.core, request);
    await parts.kubelets.upgrade(request, user, socket, head);
  } catch (error) {
    logFailure(parts.core.logger, request, error);
    const body = statusOf(error);
    const text = JSON.stringify(body);
    socket.end(
      `HTTP/1.1 ${body.code} ${body.reason ?? 'Error'}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
    );
  }
}

/** Refusals are answers; only what the server did not expect is worth a line. */
function logFailure(logger: Logger, request: IncomingMessage, error: unknown): void {
  if (!(error instanceof ApiError))
    logger.error(`${request.method ?? ''} ${new URL(request.url ?? '/', 'http://server').pathname}`, error);
}
