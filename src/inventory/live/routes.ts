import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Disposable } from '../../base/disposables.ts';
import { errorText, isAbort, systemCode, WorkbenchError } from '../../base/errors.ts';
import { stringAt } from '../../base/json.ts';
import { ForwardAgent } from '../../kube/streams/forward-agent.ts';
import { jsonOrText } from '../../kube/http/json-calls.ts';
import type { Status } from '../../kube/model/kinds.ts';
import { Pods, resourcePath } from '../../kube/resources.ts';
import { errorFromStatus, subjectOf } from '../../kube/http/status.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { MetricsTarget, RouteName } from './types.ts';

export const PATH = '/metrics';
const ERROR_CHARACTERS = 64 * 1024;

/** What the pod answered, whatever it was. */
export interface RouteAnswer {
  readonly status: number;
  readonly body: Readable;
}

/** A way to a pod's metrics. What keeps it open belongs to the route and ends with `keep` or `dispose`. */
export interface Route extends Disposable {
  readonly name: RouteName;
  allowed(namespace: string, signal: AbortSignal): Promise<boolean>;
  /** Rejects when the pod was not reached. */
  open(target: MetricsTarget, signal: AbortSignal): Promise<RouteAnswer>;
  /** Closes what is open for all other pods. */
  keep(targets: readonly MetricsTarget[]): void;
}

/**
 * Through the API server's own proxy: one request on a connection that is open anyway, and the server pools those to the
 * pods. Needs `get` on pods/proxy and a control plane that reaches the pods' network.
 */
export class ApiProxyRoute implements Route {
  readonly name = 'api-proxy';
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  allowed(namespace: string, signal: AbortSignal): Promise<boolean> {
    return this.#client.allowed('get', Pods, namespace, signal, 'proxy');
  }

  async open(target: MetricsTarget, signal: AbortSignal): Promise<RouteAnswer> {
    const path = resourcePath(Pods, target.namespace, `${target.pod}:${target.port}`, `proxy${PATH}`);
    const response = await this.#client.stream({ path, accept: 'text/plain', signal });
    if (response.status === 200) return response;
    const text = await readSome(response.body);
    const status = jsonOrText(text) as Status;
    // The API server's own words are a Status; all else the pod has said.
    if (stringAt(status, 'kind') === 'Status')
      throw errorFromStatus(response.status, status, subjectOf('GET', path), this.#client.cluster);
    return { status: response.status, body: Readable.from([text]) };
  }

  keep(): void {}

  dispose(): void {}
}

interface Tunnel {
  readonly uid: string;
  readonly agent: Promise<ForwardAgent>;
}

/** Through a port-forward that stays open as long as the pod is asked. Needs `get` and `create` on pods/portforward. */
export class PortForwardRoute implements Route {
  readonly name = 'port-forward';
  readonly #client: KubeClient;
  readonly #tunnels = new Map<string, Tunnel>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async allowed(namespace: string, signal: AbortSignal): Promise<boolean> {
    const verbs = await Promise.all(
      ['get', 'create'].map((verb) => this.#client.allowed(verb, Pods, namespace, signal, 'portforward')),
    );
    return verbs.every(Boolean);
  }

  async open(target: MetricsTarget, signal: AbortSignal): Promise<RouteAnswer> {
    const tunnel = this.#tunnel(target, signal);
    try {
      const response = await getOnce(target.port, await tunnel.agent, signal);
      return { status: response.statusCode ?? 0, body: response };
    } catch (error) {
      this.#close(target.id);
      if (error instanceof WorkbenchError || isAbort(error)) throw error;
      throw new WorkbenchError({
        code: 'connection-lost',
        message: `GET ${PATH} on port ${target.port} of pod ${target.podKey} (context ${this.#client.cluster.context}): ${errorText(error)}`,
        hint: 'Look at the logs of the pod.',
        cause: error,
      });
    }
  }

  keep(targets: readonly MetricsTarget[]): void {
    const wanted = new Map(targets.map((target) => [target.id, target.uid]));
    for (const [id, { uid }] of this.#tunnels) if (wanted.get(id) !== uid) this.#close(id);
  }

  dispose(): void {
    for (const id of this.#tunnels.keys()) this.#close(id);
  }

  #tunnel(target: MetricsTarget, signal: AbortSignal): Tunnel {
    const open = this.#tunnels.get(target.id);
    if (open?.uid === target.uid) return open;
    this.#close(target.id);
    const made = {
      uid: target.uid,
      agent: this.#client
        .portForward(target.namespace, target.pod, target.port, signal)
        .then((forward) => new ForwardAgent(forward)),
    };
    this.#tunnels.set(target.id, made);
    return made;
  }

  #close(id: string): void {
    const tunnel = this.#tunnels.get(id);
    if (tunnel === undefined) return;
    this.#tunnels.delete(id);
    // One that never came to be is told to whoever asked for it.
    tunnel.agent.then(
      (agent) => agent.destroy(),
      () => undefined,
    );
  }
}

class StaleConnection extends Error {}

/** A server may close an idle connection in the moment in which it is used again: then once more on a new one. */
async function getOnce(port: number, agent: Agent, signal: AbortSignal): Promise<IncomingMessage> {
  try {
    return await get(port, agent, signal);
  } catch (error) {
    if (!(error instanceof StaleConnection)) throw error;
    return await get(port, agent, signal);
  }
}

function get(port: number, agent: Agent, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      host: '127.0.0.1',
      port,
      path: PATH,
      agent,
      signal,
      headers: { accept: 'text/plain' },
    });
    outgoing.once('response', resolve);
    outgoing.once('error', (error) =>
      reject(
        outgoing.reusedSocket && systemCode(error) === 'ECONNRESET'
          ? new StaleConnection(error.message, { cause: error })
          : error,
      ),
    );
    outgoing.end();
  });
}

async function readSome(body: Readable): Promise<string> {
  let text = '';
  body.setEncoding('utf8');
  for await (const piece of body) {
    text += piece as string;
    if (text.length > ERROR_CHARACTERS) break;
  }
  return text;
}
