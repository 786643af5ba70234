import type { EngineMetrics, Histogram } from '../../engine/engine-metrics.ts';
import type { EngineRank } from '../../engine/engine-rank.ts';
import type { VllmConfig } from './args.ts';
import type { Launch } from './launch.ts';
import type { VllmVersion } from './version.ts';

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  /** Lines after the family's name, per engine. */
  readonly samples: (rank: EngineRank, labels: string) => readonly string[];
}

/** The server's /metrics page in Prometheus text format, one series an engine. */
export function metricsText(
  ranks: readonly EngineRank[],
  { config, version }: Pick<Launch, 'config' | 'version'>,
  createdAtMs: number,
): string {
  const model = config.servedModelNames[0] ?? config.model;
  const families = familiesOf(model, version, config, createdAtMs / 1000);
  return (
    families
      .map((family) => {
        const lines = ranks.flatMap((rank) => family.samples(rank, `engine="${rank.index}",model_name="${model}"`));
        return [`# HELP ${family.name} ${family.help}`, `# TYPE ${family.name} ${family.type}`, ...lines].join('\n');
      })
      .join('\n') + '\n'
  );
}

function familiesOf(
  model: string,
  version: VllmVersion,
  { gpuMemoryUtilization, kvConnector }: Pick<VllmConfig, 'gpuMemoryUtilization' | 'kvConnector'>,
  createdAt: number,
): readonly Family[] {
  const gauge = (name: string, help: string, value: (rank: EngineRank) => number): Family => ({
    name,
    help,
    type: 'gauge',
    samples: (rank, labels) => [`${name}{${labels}} ${float(value(rank))}`],
  });
  const counter = (name: string, help: string, value: (metrics: EngineMetrics) => number): Family => ({
    name,
    help,
    type: 'counter',
    samples: (rank, labels) => [
      `${name}_total{${labels}} ${float(value(rank.metrics))}`,
      `${name}_created{${labels}} ${createdAt}`,
    ],
  });
  const histogram = (name: string, help: string, value: (metrics: EngineMetrics) => Histogram): Family => ({
    name,
    help,
    type: 'histogram',
    samples: (rank, labels) => [
      ...histogramLines(name, labels, value(rank.metrics)),
      `${name}_created{${labels}} ${createdAt}`,
    ],
  });
  return [
    gauge('vllm:num_requests_running', 'Number of requests in model execution batches.', (rank) => rank.running),
    gauge('vllm:num_requests_waiting', 'Number of requests waiting to be processed.', (rank) => rank.waiting),
    ...(version.minor <= 10
      ? [
          gauge(
            'vllm:gpu_cache_usage_perc',
            'GPU KV-cache usage. 1 means 100 percent usage. DEPRECATED: Use vllm:kv_cache_usage_perc instead.',
            (rank) => rank.cache.usage,
          ),
          counter(
            'vllm:gpu_prefix_cache_queries',
            'GPU prefix cache queries, in terms of number of queried tokens. DEPRECATED: Use vllm:prefix_cache_queries instead.',
            (metrics) => metrics.prefixQueries,
          ),
          counter(
            'vllm:gpu_prefix_cache_hits',
            'GPU prefix cache hits, in terms of number of cached tokens. DEPRECATED: Use vllm:prefix_cache_hits instead.',
            (metrics) => metrics.prefixHits,
          ),
        ]
      : []),
    gauge('vllm:kv_cache_usage_perc', 'KV-cache usage. 1 means 100 percent usage.', (rank) => rank.cache.usage),
    counter(
      'vllm:prefix_cache_queries',
      'Prefix cache queries, in terms of number of queried tokens.',
      (metrics) => metrics.prefixQueries,
    ),
    counter(
      'vllm:prefix_cache_hits',
      'Prefix cache hits, in terms of number of cached tokens.',
      (metrics) => metrics.prefixHits,
    ),
    ...(version.minor >= 12
      ? [
          counter(
            'vllm:external_prefix_cache_queries',
            'External prefix cache queries from KV connector cross-instance cache sharing, in terms of number of queried tokens.',
            (metrics) => metrics.externalQueries,
          ),
          counter(
            'vllm:external_prefix_cache_hits',
            'External prefix cache hits from KV connector cross-instance cache sharing, in terms of number of cached tokens.',
            (metrics) => metrics.externalHits,
          ),
        ]
      : []),
    counter(
      'vllm:num_preemptions',
      'Cumulative number of preemption from the engine.',
      (metrics) => metrics.preemptions,
    ),
    counter('vllm:prompt_tokens', 'Number of prefill tokens processed.', (metrics) => metrics.promptTokens),
    counter('vllm:generation_tokens', 'Number of generation tokens processed.', (metrics) => metrics.generationTokens),
    {
      name: 'vllm:request_success',
      help: 'Count of successfully processed requests.',
      type: 'counter',
      samples: (rank, labels) =>
        Object.entries(rank.metrics.finished).map(
          ([reason, count]) =>
            `vllm:request_success_total{${labels.replace(',', `,finished_reason="${reason}",`)}} ${float(count)}`,
        ),
    },
    histogram(
      'vllm:time_to_first_token_seconds',
      'Histogram of time to first token in seconds.',
      (metrics) => metrics.timeToFirstToken,
    ),
    ...(version.minor <= 11
      ? [
          histogram(
            'vllm:time_per_output_token_seconds',
            'Histogram of time per output token in seconds. DEPRECATED: Use vllm:inter_token_latency_seconds instead.',
            (metrics) => metrics.interTokenLatency,
          ),
        ]
      : []),
    histogram(
      'vllm:inter_token_latency_seconds',
      'Histogram of inter-token latency in seconds.',
      (metrics) => metrics.interTokenLatency,
    ),
    histogram(
      'vllm:e2e_request_latency_seconds',
      'Histogram of e2e request latency in seconds.',
      (metrics) => metrics.endToEnd,
    ),
    histogram(
      'vllm:request_queue_time_seconds',
      'Histogram of time spent in WAITING phase for request.',
      (metrics) => metrics.queueTime,
    ),
    histogram(
      'vllm:request_prefill_time_seconds',
      'Histogram of time spent in PREFILL phase for request.',
      (metrics) => metrics.prefillTime,
    ),
    histogram(
      'vllm:request_decode_time_seconds',
      'Histogram of time spent in DECODE phase for request.',
      (metrics) => metrics.decodeTime,
    ),
    ...(version.minor >= 12 && kvConnector !== undefined
      ? [
          histogram(
            'vllm:nixl_xfer_time_seconds',
            'Histogram of transfer duration for NIXL KV Cache transfers.',
            (metrics) => metrics.transferTime,
          ),
          histogram(
            'vllm:nixl_bytes_transferred',
            'Histogram of bytes transferred per NIXL KV Cache transfers.',
            (metrics) => metrics.transferBytes,
          ),
          counter('vllm:nixl_num_failed_transfers', 'Number of failed NIXL KV Cache transfers.', () => 0),
        ]
      : []),
    {
      name: 'vllm:cache_config_info',
      help: 'Information of the LLMEngine CacheConfig',
      type: 'gauge',
      samples: (rank) => [
        `vllm:cache_config_info{block_size="${rank.cache.blockSize}",engine="${rank.index}",gpu_memory_utilization="${gpuMemoryUtilization}",num_gpu_blocks="${rank.cache.blocks}",model_name="${model}"} 1.0`,
      ],
    },
  ];
}

function histogramLines(name: string, labels: string, histogram: Histogram): readonly string[] {
  let cumulated = 0;
  const lines = histogram.counts.map((count, index) => {
    cumulated += count;
    const bound = histogram.bounds[index];
    return `${name}_bucket{${labels.replace(',', `,le="${bound === undefined ? '+Inf' : float(bound)}",`)}} ${float(cumulated)}`;
  });
  return [...lines, `${name}_count{${labels}} ${float(histogram.count)}`, `${name}_sum{${labels}} ${histogram.sum}`];
}

/** Numbers as Python prints floats. */
function float(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
