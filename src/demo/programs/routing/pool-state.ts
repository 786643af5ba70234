import { request } from 'node:http';
import { readBody } from '../servers/http/respond.ts';
import type { PodNetwork, PoolEndpoint, PoolView } from '../../nodes/types.ts';

/** What a model server's own metrics tell of its load. */
export interface EndpointState {
  readonly pod: string;
  readonly waiting: number;
  /** 0 to 1, the mean of its engines. */
  readonly kvCacheUsage: number;
}

const SCRAPE_TIMEOUT_MS = 1000;

/** Scrapes the ready pods of a pool; one that does not answer in time is left out. */
export async function poolState(network: PodNetwork, pool: PoolView): Promise<readonly EndpointState[]> {
  const states = await Promise.allSettled(
    pool.endpoints.filter((endpoint) => endpoint.ready).map((endpoint) => scrape(network, pool, endpoint)),
  );
  return states.flatMap((state) => (state.status === 'fulfilled' ? [state.value] : []));
}

async function scrape(network: PodNetwork, pool: PoolView, endpoint: PoolEndpoint): Promise<EndpointState> {
  const pages = await Promise.all(
    pool.targetPorts.map((port) => metricsPage(network, pool.namespace, endpoint.ip, port)),
  );
  const values = (name: string): readonly number[] =>
    pages.flatMap((page) =>
      [...page.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'gm'))].map((match) => Number(match[1])),
    );
  const usage = values('vllm:kv_cache_usage_perc');
  return {
    pod: endpoint.pod,
    waiting: values('vllm:num_requests_waiting').reduce((sum, value) => sum + value, 0),
    kvCacheUsage: usage.length === 0 ? 0 : usage.reduce((sum, value) => sum + value, 0) / usage.length,
  };
}

async function metricsPage(network: PodNetwork, namespace: string, host: string, port: number): Promise<string> {
  const socket = await network.connect(host, port, { namespace });
  return await new Promise((resolve, reject) => {
    const outgoing = request({
      createConnection: () => socket,
      path: '/metrics',
      headers: { host, connection: 'close' },
      signal: AbortSignal.timeout(SCRAPE_TIMEOUT_MS),
    });
    outgoing.on('response', (response) => void readBody(response).then(resolve, reject));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
