import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { errorText } from '../../../../base/errors.ts';
import type { EngineRank } from '../../engine/engine-rank.ts';
import { sendEmpty, sendJson, sendText } from '../http/respond.ts';
import type { EnginePort } from '../openai/engine-port.ts';
import { sendApiError } from '../openai/errors.ts';
import { handleChat, handleCompletions } from '../openai/generate.ts';
import type { Launch } from './launch.ts';
import { metricsText } from './metrics-text.ts';

/** Profiling as the routes see it; absent where the server was started without it. */
export interface ProfilerRoutes {
  start(response: ServerResponse): Promise<void>;
  stop(response: ServerResponse): Promise<void>;
}

export interface ApiServerOptions {
  readonly launch: Launch;
  readonly engine: EnginePort;
  readonly ranks: readonly EngineRank[];
  /** Undefined: /start_profile and /stop_profile do not exist. Asked at each request. */
  readonly profiler: () => ProfilerRoutes | undefined;
  readonly healthy: () => boolean;
  readonly startedAt: number;
  readonly log: (line: string) => void;
}

type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** vLLM's HTTP API for the engines it is given. */
export function createApiServer(options: ApiServerOptions): Server {
  const routes = routesOf(options);
  return createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const route = routes().get(`${request.method ?? 'GET'} ${path}`);
    if (options.launch.config.accessLog)
      response.on('finish', () => options.log(accessLine(request, path, response.statusCode)));
    if (route === undefined) {
      const known = [...routes().keys()].some((key) => key.endsWith(` ${path}`));
      sendJson(response, known ? 405 : 404, { detail: known ? 'Method Not Allowed' : 'Not Found' });
      return;
    }
    void serve(route, request, response);
  });
}

async function serve(route: Route, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await route(request, response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else sendApiError(response, 500, 'InternalServerError', errorText(error));
  }
}

function routesOf(options: ApiServerOptions): () => ReadonlyMap<string, Route> {
  const { launch, engine, ranks } = options;
  const { config, version } = launch;
  const health: Route = (_, response) => sendEmpty(response, options.healthy() ? 200 : 503);
  const fixed: (readonly [string, Route])[] = [
    ['GET /health', health],
    ['GET /ping', health],
    ['POST /ping', health],
    ['GET /version', (_, response) => sendJson(response, 200, { version: version.text })],
    ['GET /v1/models', (_, response) => sendJson(response, 200, modelList(options))],
    ['POST /v1/completions', (request, response) => handleCompletions(engine, request, response)],
    ['POST /v1/chat/completions', (request, response) => handleChat(engine, request, response)],
    [
      'GET /metrics',
      (_, response) =>
        sendText(
          response,
          200,
          metricsText(ranks, launch, options.startedAt),
          'text/plain; version=0.0.4; charset=utf-8',
        ),
    ],
    [
      'GET /load',
      (_, response) =>
        sendJson(response, 200, {
          server_load: config.serverLoadTracking
            ? ranks.reduce((sum, rank) => sum + rank.running + rank.waiting, 0)
            : 0,
        }),
    ],
    ...(config.devMode ? devRoutes(options) : []),
  ];
  return () => {
    const profiler = options.profiler();
    return new Map<string, Route>([
      ...fixed,
      ...(profiler === undefined
        ? []
        : [
            [
              'POST /start_profile',
              (_: IncomingMessage, response: ServerResponse) => profiler.start(response),
            ] as const,
            ['POST /stop_profile', (_: IncomingMessage, response: ServerResponse) => profiler.stop(response)] as const,
          ]),
    ]);
  };
}

function devRoutes({ ranks, launch }: ApiServerOptions): readonly (readonly [string, Route])[] {
  return [
    ['GET /is_sleeping', (_, response) => sendJson(response, 200, { is_sleeping: false })],
    ['GET /server_info', (_, response) => sendJson(response, 200, { vllm_config: `model='${launch.config.model}'` })],
    [
      'POST /reset_prefix_cache',
      (_, response) => {
        for (const rank of ranks) rank.cache.reset();
        sendEmpty(response, 200);
      },
    ],
  ];
}

function modelList({ engine, launch, startedAt }: ApiServerOptions): unknown {
  return {
    object: 'list',
    data: engine.modelNames.map((id) => ({
      id,
      object: 'model',
      created: Math.floor(startedAt / 1000),
      owned_by: 'vllm',
      root: launch.config.model,
      parent: null,
      max_model_len: engine.maxModelLen,
      permission: [],
    })),
  };
}

function accessLine(request: IncomingMessage, path: string, status: number): string {
  const peer = `${request.socket.remoteAddress ?? '127.0.0.1'}:${request.socket.remotePort ?? 0}`;
  return `INFO:     ${peer} - "${request.method ?? 'GET'} ${path} HTTP/1.1" ${status} ${STATUS_TEXT[status] ?? ''}`.trimEnd();
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
