import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { DisposableStore } from '../../../base/disposables.ts';
import { isAbort, systemCode } from '../../../base/errors.ts';
import { arrayAt, stringAt } from '../../../base/json.ts';
import type { ClusterView, ContainerContext, ContainerProgram, PoolView } from '../../nodes/types.ts';
import { clientSignal, openUpstream, relay } from '../servers/http/forward.ts';
import { untilAborted } from '../servers/until-aborted.ts';
import { readBody, sendText } from '../servers/http/respond.ts';
import { EndpointScheduler } from './endpoint-scheduler.ts';
import type { Pickers } from './pickers.ts';

const IMAGE = /\/proxyv2[:@]|\/(agentgateway|envoy|envoy-wrapper)[:@]/;
const GATEWAY_LABEL = 'gateway.networking.k8s.io/gateway-name';
const POOL_LABEL = 'inferencepool';
const HTTP_PORT = 80;
const STANDALONE_PORT = 8081;
const STATUS_PORT = 15_021;

/** Envoy in front of an InferencePool: the pod of a Gateway, or the container beside a standalone endpoint picker. */
export function gatewayProgram(view: ClusterView, pickers: Pickers): ContainerProgram {
  return {
    name: 'gateway',
    matches: ({ image }) => IMAGE.test(image),
    async run(context) {
      const owned = new DisposableStore();
      const gateway = new Gateway(context, view, pickers);
      try {
        await context.time.pass(1, context.signal);
        const server = createServer((request, response) => void gateway.handle(request, response));
        owned.add(context.network.listen(context.podIp, gateway.port, server));
        owned.add(
          context.network.listen(
            context.podIp,
            STATUS_PORT,
            createServer((_, response) => sendText(response, 200, '')),
          ),
        );
        context.log(`${new Date(context.time.now()).toISOString()}\tinfo\tEnvoy proxy is ready`);
        return await untilAborted(context.signal);
      } catch (error) {
        if (isAbort(error)) return 0;
        throw error;
      } finally {
        owned.dispose();
      }
    },
  };
}

class Gateway {
  readonly port: number;
  readonly #context: ContainerContext;
  readonly #view: ClusterView;
  readonly #pickers: Pickers;
  /** Chooses where no endpoint picker runs, as a pool that fails open does. */
  readonly #fallback = new EndpointScheduler();
  readonly #pool: () => PoolView | undefined;

  constructor(context: ContainerContext, view: ClusterView, pickers: Pickers) {
    this.#context = context;
    this.#view = view;
    this.#pickers = pickers;
    const labels = context.pod.metadata.labels ?? {};
    const gateway = labels[GATEWAY_LABEL];
    const pool = labels[POOL_LABEL]?.replace(/-epp$/, '');
    this.port = gateway === undefined ? STANDALONE_PORT : HTTP_PORT;
    this.#pool = () =>
      this.#view.resolvePool(context.namespace, gateway === undefined ? { pool: pool ?? '' } : { gateway });
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const body = await readBody(request);
    const pool = this.#pool();
    let upstream = '-';
    response.on('finish', () => this.#access(request, response.statusCode, upstream, startedAt));
    if (pool === undefined) {
      sendText(response, 404, '');
      return;
    }
    const scheduler = this.#pickers.find(pool.namespace, pool.name) ?? this.#fallback;
    const pick = scheduler.pick(pool, promptOf(body));
    if (pick === undefined) {
      sendText(response, 503, 'no healthy upstream', 'text/plain');
      return;
    }
    upstream = `${pick.decode.host}:${pick.decode.port}`;
    const end = scheduler.begin(pick);
    response.on('close', end);
    const headers: Record<string, string> =
      pick.prefill === undefined ? {} : { 'x-prefiller-host-port': `${pick.prefill.host}:${pick.prefill.port}` };
    try {
      relay(
        await openUpstream(
          this.#context.network,
          this.#context.namespace,
          pick.decode,
          request,
          body,
          headers,
          clientSignal(response),
        ),
        response,
      );
    } catch (error) {
      if (isAbort(error) || response.headersSent || response.destroyed) return;
      sendText(response, 503, failure(systemCode(error)), 'text/plain');
    }
  }

  #access(request: IncomingMessage, status: number, upstream: string, startedAt: number): void {
    const time = new Date(this.#context.time.now()).toISOString();
    const flags = status === 503 ? (upstream === '-' ? 'UH' : 'UF') : '-';
    this.#context.log(
      `[${time}] "${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/1.1" ${status} ${flags} via_upstream - "-" ${Math.round(performance.now() - startedAt)} "${upstream}"`,
    );
  }
}

/** Envoy's words for an upstream that could not be reached or went away. */
function failure(code: string | undefined): string {
  return code === 'ECONNREFUSED'
    ? 'upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused'
    : 'upstream connect error or disconnect/reset before headers. reset reason: connection termination';
}

/** The text that decides prefix affinity. */
function promptOf(body: string): string {
  if (body === '') return '';
  try {
    const request: unknown = JSON.parse(body);
    const prompt = stringAt(request, 'prompt');
    return (
      prompt ??
      arrayAt(request, 'messages')
        .map((message) => stringAt(message, 'content') ?? '')
        .join('\n')
    );
  } catch {
    return '';
  }
}
