import type { Clock } from '../base/clock.ts';
import { disposable, type Disposable } from '../base/disposables.ts';
import { isWorkbenchError, WorkbenchError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { loadPart } from '../base/parts.ts';
import { needOf } from './access/access.ts';
import type { Connection } from './http/connection.ts';
import { Discovery } from './discovery.ts';
import { JsonCalls } from './http/json-calls.ts';
import { listAll } from './watch/list.ts';
import { readLogs } from './streams/logs.ts';
import { Permissions } from './access/permissions.ts';
import { resourcePath } from './resources.ts';
import { Transport } from './http/transport.ts';
import type { AccessNeed, AccessRules } from './access/types.ts';
import type { ApplyOptions, ClusterRef, DeleteOptions, KubeClient } from './types.ts';
import type { KubeObject, ResourceType } from './model/types.ts';
import type {
  ExecOptions,
  ExecOutputOptions,
  ForwardTarget,
  LogLine,
  LogOptions,
  PortForward,
} from './streams/types.ts';
import type { KubeRequest } from './http/types.ts';
import type { ListOptions, WatchOptions } from './watch/types.ts';
import { WatchSupervisor } from './watch/watch.ts';

export interface KubeClientOptions {
  readonly cluster: ClusterRef;
  readonly connection: Connection;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createKubeClient(options: KubeClientOptions): KubeClient {
  return new Client(options);
}

class Client implements KubeClient {
  readonly cluster: ClusterRef;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #transport: Transport;
  readonly #calls: JsonCalls;
  readonly #discovery: Discovery;
  readonly #permissions: Permissions;
  readonly #lifetime = new AbortController();
  /** Watches and forwards that run. */
  readonly #running = new Set<Disposable>();

  constructor(options: KubeClientOptions) {
    this.cluster = options.cluster;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#transport = new Transport(options);
    this.#calls = new JsonCalls(options.cluster, this.#transport, options.clock, options.logger);
    this.#discovery = new Discovery(this.#calls, options.clock);
    this.#permissions = new Permissions(this.#calls, options.clock, options.cluster.namespace, this.#lifetime.signal);
  }

  json<T = unknown>(request: KubeRequest): Promise<T> {
    return this.#heeding(this.#calls.call(request)) as Promise<T>;
  }

  stream(request: KubeRequest): ReturnType<KubeClient['stream']> {
    return this.#transport.send(request);
  }

  get<T extends KubeObject>(
    resource: ResourceType<T>,
    namespace: string | undefined,
    name: string,
    signal: AbortSignal,
  ): Promise<T> {
    return this.json({ path: resourcePath(resource, namespace, name), signal });
  }

  list<T extends KubeObject>(resource: ResourceType<T>, options: ListOptions): Promise<readonly T[]> {
    return this.#heeding(listAll(this.#calls, resource, options));
  }

  create<T extends KubeObject>(resource: ResourceType<T>, object: KubeObject, signal: AbortSignal): Promise<T> {
    return this.json({ method: 'POST', path: resourcePath(resource, object.metadata.namespace), body: object, signal });
  }

  async apply(object: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    const resource = await this.#discovery.resourceOf(object.apiVersion, object.kind, options.signal);
    if (!resource) {
      throw new WorkbenchError({
        code: 'resource-absent',
        message: `cannot apply ${object.kind} "${object.metadata.name}" (context "${this.cluster.context}"): the server does not serve ${object.kind} in ${object.apiVersion}`,
        hint: `Install the CRD of ${object.kind} in this cluster first.`,
      });
    }
    return this.json({
      method: 'PATCH',
      path: resourcePath(resource, object.metadata.namespace ?? this.cluster.namespace, object.metadata.name),
      query: {
        fieldManager: options.fieldManager,
        force: options.force === true ? true : undefined,
        dryRun: options.dryRun === true ? 'All' : undefined,
        fieldValidation: 'Strict',
      },
      contentType: 'application/apply-patch+yaml',
      body: object,
      signal: options.signal,
    });
  }

  patch(
    resource: ResourceType,
    namespace: string | undefined,
    name: string,
    mergePatch: unknown,
    signal: AbortSignal,
  ): Promise<KubeObject> {
    return this.json({
      method: 'PATCH',
      path: resourcePath(resource, namespace, name),
      contentType: 'application/merge-patch+json',
      body: mergePatch,
      signal,
    });
  }

  async delete(
    resource: ResourceType,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions,
  ): Promise<boolean> {
    try {
      await this.json({
        method: 'DELETE',
        path: resourcePath(resource, namespace, name),
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          ...(options.propagation === undefined ? {} : { propagationPolicy: options.propagation }),
          ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
          ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
        },
        signal: options.signal,
      });
      return true;
    } catch (error) {
      if (isWorkbenchError(error, 'not-found')) return false;
      throw error;
    }
  }

  watch<T, O extends KubeObject = KubeObject>(options: WatchOptions<T, O>): Disposable {
    const supervisor = new WatchSupervisor(
      {
        cluster: this.cluster,
        calls: this.#calls,
        transport: this.#transport,
        clock: this.#clock,
        logger: this.#logger,
      },
      options,
    );
    return this.#own(supervisor.start());
  }

  resourceOf(apiVersion: string, kind: string, signal: AbortSignal): Promise<ResourceType | undefined> {
    return this.#discovery.resourceOf(apiVersion, kind, signal);
  }

  rules(namespace: string, signal: AbortSignal): Promise<AccessRules> {
    return this.#permissions.rules(namespace, signal);
  }

  allowed(
    verb: string,
    resource: ResourceType,
    namespace: string | undefined,
    signal: AbortSignal,
    subresource?: string,
  ): Promise<boolean> {
    return this.#permissions.allowed(needOf(verb, resource, subresource), namespace, signal);
  }

  missing(needs: readonly AccessNeed[], namespace: string, signal: AbortSignal): Promise<readonly AccessNeed[]> {
    return this.#permissions.missing(needs, namespace, signal);
  }

  async exec(options: ExecOptions): Promise<number> {
    const { execInPod } = await loadPart(() => import('./streams/exec.ts'));
    return this.#heeding(execInPod(this.#transport, this.cluster, this.#clock, options));
  }

  async execOutput(options: ExecOutputOptions): ReturnType<KubeClient['execOutput']> {
    const { collectExec } = await loadPart(() => import('./streams/exec.ts'));
    return collectExec((whole) => this.exec(whole), options);
  }

  logs(options: LogOptions): AsyncIterable<LogLine> {
    return readLogs(
      { cluster: this.cluster, calls: this.#calls, transport: this.#transport, clock: this.#clock },
      options,
    );
  }

  async portForward(
    namespace: string,
    target: string | ForwardTarget,
    port: number,
    signal: AbortSignal,
  ): Promise<PortForward> {
    const request = { namespace, target: typeof target === 'string' ? { pod: target } : target, port };
    const { forwardPort } = await loadPart(() => import('./streams/port-forward.ts'));
    const forward = await this.#heeding(
      forwardPort(
        {
          client: this,
          transport: this.#transport,
          clock: this.#clock,
          logger: this.#logger,
          ended: (ended) => this.#running.delete(ended),
        },
        request,
        signal,
      ),
    );
    forward.onDidFail((error) => this.#heed(error));
    this.#running.add(forward);
    return forward;
  }

  dispose(): void {
    this.#lifetime.abort();
    for (const item of this.#running) item.dispose();
    this.#transport.dispose();
  }

  async #heeding<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      this.#heed(error);
      throw error;
    }
  }

  /** A call that the server refused says that what is remembered of our permissions may be old. */
  #heed(error: unknown): void {
    if (isWorkbenchError(error, 'unauthorized', 'forbidden')) this.#permissions.forget();
  }

  #own(item: Disposable): Disposable {
    const owned = disposable(() => {
      this.#running.delete(owned);
      item.dispose();
    });
    this.#running.add(owned);
    return owned;
  }
}
