import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import { DisposableStore } from '../../../base/disposables.ts';
import { errorText, isAbort } from '../../../base/errors.ts';
import { isObject, type JsonObject } from '../../../base/json.ts';
import type { ContainerContext, ContainerProgram, PodNetwork } from '../../nodes/types.ts';
import { clientSignal, openUpstream, relay } from '../servers/http/forward.ts';
import { untilAborted } from '../servers/until-aborted.ts';
import { readBody, sendEmpty, sendJson } from '../servers/http/respond.ts';
import { goFlag, GoLog } from './zap-log.ts';

const IMAGE = /llm-d-routing-sidecar|llm-d-router-disagg-sidecar|routing-proxy/;
const PREFILL_HEADER = 'x-prefiller-host-port';
const COMPLETION_PATHS = new Set(['/v1/completions', '/v1/chat/completions']);

/** The routing sidecar of decode pods: sends the prompt to a prefill worker first where the gateway chose one. */
export const routingProxyProgram: ContainerProgram = {
  name: 'routing-proxy',
  matches: ({ image, command }) => IMAGE.test(image) || IMAGE.test(command[0] ?? ''),
  async run(context) {
    const log = new GoLog(context, 'proxy.go:112', false);
    const owned = new DisposableStore();
    const { port, target, ranks } = ports(context.command);
    try {
      for (let rank = 0; rank < ranks; rank += 1) {
        const proxy = new RoutingProxy(context, target + rank, log);
        const server = createServer((request, response) => void proxy.handle(request, response));
        owned.add(context.network.listen(context.podIp, port + rank, server));
        log.info('starting', {
          addr: `:${port + rank}`,
          connector: goFlag(context.command, 'connector') ?? goFlag(context.command, 'kv-connector') ?? 'nixlv2',
        });
      }
      await waitForVllm(context, target, log);
      return await untilAborted(context.signal);
    } catch (error) {
      if (isAbort(error)) return 0;
      throw error;
    } finally {
      owned.dispose();
    }
  },
};

function ports(command: readonly string[]): { readonly port: number; readonly target: number; readonly ranks: number } {
  const port = Number(goFlag(command, 'port') ?? 8000);
  return {
    port,
    target: Number(goFlag(command, 'vllm-port') ?? port + 200),
    ranks: Number(goFlag(command, 'data-parallel-size') ?? 1),
  };
}

/** The sidecar says every ten seconds that it waits, which hides the model server's own failure from a careless reader. */
async function waitForVllm(context: ContainerContext, port: number, log: GoLog): Promise<void> {
  for (;;) {
    try {
      const socket = await context.network.connect(context.podIp, port, { namespace: context.namespace });
      socket.destroy();
      log.info('vLLM is ready', { port });
      return;
    } catch {
      log.info('waiting for vLLM', { addr: `localhost:${port}` });
      await context.time.pass(10, context.signal);
    }
  }
}

class RoutingProxy {
  readonly #network: PodNetwork;
  readonly #context: ContainerContext;
  readonly #port: number;
  readonly #log: GoLog;

  constructor(context: ContainerContext, port: number, log: GoLog) {
    this.#network = context.network;
    this.#context = context;
    this.#port = port;
    this.#log = log;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (path === '/health') {
      sendEmpty(response, 200);
      return;
    }
    try {
      const body = await readBody(request);
      const prefiller = header(request, PREFILL_HEADER);
      const forwarded =
        prefiller !== undefined && COMPLETION_PATHS.has(path)
          ? await this.#prefill(prefiller, request, body, response)
          : body;
      if (forwarded === undefined) return;
      const answer = await openUpstream(
        this.#network,
        this.#context.namespace,
        { host: this.#context.podIp, port: this.#port },
        request,
        forwarded,
        {},
        clientSignal(response),
      );
      relay(answer, response);
    } catch (error) {
      if (isAbort(error) || response.destroyed) return;
      this.#log.error('http: proxy error', { err: errorText(error) });
      if (response.headersSent) response.destroy();
      else sendEmpty(response, 502);
    }
  }

  /**
   * Runs the prompt on the prefill worker for one token and answers the decode request with what it told of its KV cache.
   * Undefined when the prefill failed and the client has been told.
   */
  async #prefill(
    prefiller: string,
    request: IncomingMessage,
    body: string,
    response: ServerResponse,
  ): Promise<string | undefined> {
    const original = parseObject(body);
    if (original === undefined) return body;
    const [host = '', port = '8000'] = prefiller.split(',')[0]?.trim().split(':') ?? [];
    const remoteDecode = {
      do_remote_decode: true,
      do_remote_prefill: false,
      remote_engine_id: null,
      remote_block_ids: null,
      remote_host: null,
      remote_port: null,
    };
    const { stream_options: _, ...rest } = original;
    const prefillBody = JSON.stringify({
      ...rest,
      stream: false,
      max_tokens: 1,
      ...('max_completion_tokens' in rest ? { max_completion_tokens: 1 } : {}),
      kv_transfer_params: remoteDecode,
    });
    const answer = await openUpstream(
      this.#network,
      this.#context.namespace,
      { host, port: Number(port) },
      request,
      prefillBody,
      { 'x-request-id': randomUUID() },
      clientSignal(response),
    );
    const text = await readBody(answer);
    if (answer.statusCode !== 200) {
      this.#log.error('prefill request failed', { code: answer.statusCode ?? 0, host: prefiller });
      sendJson(response, answer.statusCode ?? 502, parseObject(text) ?? { error: text });
      return undefined;
    }
    return JSON.stringify({ ...original, kv_transfer_params: parseObject(text)?.['kv_transfer_params'] ?? null });
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
