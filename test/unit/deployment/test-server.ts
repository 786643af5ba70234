import { systemClock } from '../../../src/base/clock.ts';
import { DisposableStore } from '../../../src/base/disposables.ts';
import { labels, manager } from '../../../src/base/labels.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { createApiServer, type ApiServer } from '../../../src/demo/api/server.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import type { KubeObject, ObjectMeta, ResourceType } from '../../../src/kube/model/types.ts';
import { apiVersionOf } from '../../../src/kube/resources.ts';
import type { ClusterRef, KubeClient } from '../../../src/kube/types.ts';
import { FaultProxy } from '../../support/fault-proxy/proxy.ts';

export const namespace = 'default';
/** The administrator's. */
export const token = 'token-of-this-test';
/** Of a user whom nothing is granted. */
export const strangersToken = 'token-of-a-stranger';
const { signal } = new AbortController();

/** The labels of what the Workbench deployed for this owner. */
export function marks(owner: string, deployment = 'web'): Record<string, string> {
  return { [labels.managedBy]: manager, [labels.owner]: owner, [labels.deployment]: deployment };
}

/**
 * The demo's API server without nodes and controllers, so that objects are what the test makes them, and a client that reaches it
 * through a proxy which knows what was asked.
 */
export class TestServer {
  readonly client: KubeClient;
  readonly cluster: ClusterRef;
  readonly proxy: FaultProxy;
  readonly #server: ApiServer;
  readonly #owned = new DisposableStore();

  private constructor(server: ApiServer, proxy: FaultProxy) {
    this.#server = server;
    this.proxy = proxy;
    this.cluster = { context: 'demo', namespace, server: proxy.url };
    this.client = this.clientOf(token);
  }

  /** Somebody else's client, or one of another namespace. */
  clientOf(bearer: string, cluster = this.cluster): KubeClient {
    const connection = { server: this.proxy.url, token: bearer, ca: this.proxy.identity.certPem };
    return this.#owned.add(createKubeClient({ cluster, connection, clock: systemClock, logger: silentLogger }));
  }

  static async start(): Promise<TestServer> {
    const server = await createApiServer({
      host: '127.0.0.1',
      port: 0,
      tls: false,
      token,
      users: new Map([[strangersToken, { name: 'stranger', groups: ['system:authenticated'] }]]),
      clock: systemClock,
      logger: silentLogger,
    });
    return new TestServer(server, await FaultProxy.start({ port: Number(new URL(server.url).port), ca: undefined }));
  }

  async stop(): Promise<void> {
    this.#owned.dispose();
    await this.proxy.stop();
    await this.#server.close();
  }

  /** Creates an object; `content` is what it has beside its metadata. */
  make(
    resource: ResourceType,
    name: string,
    metadata: Partial<ObjectMeta> = {},
    content: Readonly<Record<string, unknown>> = CONTENT[resource.kind] ?? {},
  ): Promise<KubeObject> {
    return this.client.create(
      resource,
      {
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        metadata: { name, namespace, ...metadata },
        ...content,
      },
      signal,
    );
  }

  /** What a kubelet or a controller writes. */
  setStatus(resource: ResourceType, name: string, status: object): void {
    const { api } = this.#server;
    const served = api.resource(resource.group, resource.plural);
    const object = api.get(served, namespace, name);
    if (!object) throw new Error(`no ${resource.kind} ${name}`);
    api.updateStatus(served, { ...object, status });
  }

  async names(resource: ResourceType): Promise<readonly string[]> {
    return (await this.client.list(resource, { namespace, signal })).map(({ metadata }) => metadata.name);
  }
}

const CONTENT: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  Pod: { spec: { containers: [{ name: 'main', image: 'registry.example/main:1' }] } },
  Service: { spec: { ports: [{ port: 80 }] } },
};
