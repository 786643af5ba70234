/**
 * How releases name what is shown, the newest first. A release may export the old name beside the new one, both with the
 * same value: the first generation that a page has is taken, and none is ever added to another.
 */
export interface EngineMetricNames {
  readonly running: readonly string[];
  readonly waiting: readonly string[];
  readonly kvCacheUse: readonly string[];
  readonly generatedTokens: readonly string[];
  readonly promptTokens: readonly string[];
  /** Queries and hits of one generation: a share needs both from the same. */
  readonly prefix: readonly { readonly queries: string; readonly hits: string }[];
}

/** vLLM 0.10 to 0.33. 0.10 has the `gpu_` names too, 0.11 keeps them hidden behind a flag. */
export const ENGINE_METRICS: EngineMetricNames = {
  running: ['vllm:num_requests_running'],
  waiting: ['vllm:num_requests_waiting'],
  kvCacheUse: ['vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc'],
  generatedTokens: ['vllm:generation_tokens_total'],
  promptTokens: ['vllm:prompt_tokens_total'],
  prefix: [
    { queries: 'vllm:prefix_cache_queries_total', hits: 'vllm:prefix_cache_hits_total' },
    { queries: 'vllm:gpu_prefix_cache_queries_total', hits: 'vllm:gpu_prefix_cache_hits_total' },
  ],
};

export interface PickerMetricNames {
  /** Requests that the picker itself holds back; only with its flow control on. */
  readonly held: readonly string[];
  /** Requests that wait at each endpoint, as the picker last saw it. */
  readonly queuedAtEndpoints: readonly string[];
  readonly averageQueue: readonly string[];
  readonly running: readonly string[];
  readonly readyEndpoints: readonly string[];
}

/** Endpoint pickers: llm-d's router exports both generations from 0.9 on, the inference extension before it the old one. */
export const PICKER_METRICS: PickerMetricNames = {
  held: ['llm_d_epp_flow_control_queue_size', 'inference_extension_flow_control_queue_size'],
  queuedAtEndpoints: ['llm_d_epp_per_endpoint_queue_size', 'inference_pool_per_pod_queue_size'],
  averageQueue: ['llm_d_epp_average_queue_size', 'inference_pool_average_queue_size'],
  running: ['llm_d_epp_request_running', 'inference_objective_running_requests', 'inference_model_running_requests'],
  readyEndpoints: ['llm_d_epp_ready_endpoints', 'inference_pool_ready_pods'],
};

const { prefix, ...engineNames } = ENGINE_METRICS;
const lists: readonly (readonly string[])[] = [
  ...Object.values<readonly string[]>({ ...engineNames }),
  ...Object.values<readonly string[]>({ ...PICKER_METRICS }),
];
const WANTED: ReadonlySet<string> = new Set([
  ...lists.flat(),
  ...prefix.flatMap(({ queries, hits }) => [queries, hits]),
]);

/** Whether a sample of this name is read at all. */
export function isWanted(name: string): boolean {
  return WANTED.has(name);
}
