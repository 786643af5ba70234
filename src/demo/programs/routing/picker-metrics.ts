import type { EndpointScheduler } from './endpoint-scheduler.ts';
import type { EndpointState } from './pool-state.ts';

/** llm-d's router from its own release on: it renamed its metrics and exports the old names beside the new ones. */
const ROUTER_IMAGE = /llm-d-router-endpoint-picker/;

/** The endpoint picker's /metrics page, in the names of its image's release. */
export function pickerMetrics(
  image: string,
  name: string,
  ready: readonly EndpointState[],
  scheduler: EndpointScheduler,
): string {
  const old = extensionMetrics(name, ready, scheduler);
  return ROUTER_IMAGE.test(image) ? routerMetrics(name, ready, scheduler) + old : old;
}

function routerMetrics(name: string, ready: readonly EndpointState[], scheduler: EndpointScheduler): string {
  const label = `{name="${name}"}`;
  return [
    metric('llm_d_epp_ready_endpoints', 'gauge', 'The number of ready endpoints in the inference server pool.', [
      [label, ready.length],
    ]),
    metric('llm_d_epp_average_kv_cache_utilization', 'gauge', 'The average kv cache utilization of the endpoints.', [
      [label, mean(ready.map((state) => state.kvCacheUsage))],
    ]),
    metric('llm_d_epp_average_queue_size', 'gauge', 'The average number of requests pending at the endpoints.', [
      [label, mean(ready.map((state) => state.waiting))],
    ]),
    metric(
      'llm_d_epp_per_endpoint_queue_size',
      'gauge',
      'The number of requests pending at each endpoint.',
      ready.map((state) => [`{model_server_endpoint="${state.pod}",name="${name}"}`, state.waiting]),
    ),
    metric('llm_d_epp_request_total', 'counter', 'The number of requests for each model and target model.', [
      ['{model_name="",target_model_name=""}', scheduler.picks],
    ]),
    metric('llm_d_epp_request_running', 'gauge', 'The number of running requests of each model.', [
      ['{model_name=""}', scheduler.running],
    ]),
  ].join('');
}

function extensionMetrics(name: string, ready: readonly EndpointState[], scheduler: EndpointScheduler): string {
  const label = `{name="${name}"}`;
  return [
    metric('inference_pool_ready_pods', 'gauge', 'The number of ready pods in the inference server pool.', [
      [label, ready.length],
    ]),
    metric(
      'inference_pool_average_kv_cache_utilization',
      'gauge',
      'The average kv cache utilization for an inference server pool.',
      [[label, mean(ready.map((state) => state.kvCacheUsage))]],
    ),
    metric(
      'inference_pool_average_queue_size',
      'gauge',
      'The average number of requests pending in the model server queue.',
      [[label, mean(ready.map((state) => state.waiting))]],
    ),
    metric(
      'inference_pool_per_pod_queue_size',
      'gauge',
      'The total number of requests pending in the model server queue for each underlying pod.',
      ready.map((state) => [`{model_server_pod="${state.pod}",name="${name}"}`, state.waiting]),
    ),
    metric(
      'inference_objective_request_total',
      'counter',
      'Counter of inference objective requests broken out for each model and target model.',
      [['{model_name="",target_model_name=""}', scheduler.picks]],
    ),
    metric(
      'inference_objective_running_requests',
      'gauge',
      'Inference objective number of running requests in each model.',
      [['{model_name=""}', scheduler.running]],
    ),
  ].join('');
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function metric(name: string, type: string, help: string, samples: readonly (readonly [string, number])[]): string {
  return [
    `# HELP ${name} [ALPHA] ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([labels, value]) => `${name}${labels} ${value}`),
    '',
  ].join('\n');
}
