import type { PoolView } from '../../types.ts';
import type { EndpointScheduler } from './endpoint-scheduler.ts';

/** The endpoint picker's /metrics page. */
export function pickerMetrics(name: string, pool: PoolView | undefined, scheduler: EndpointScheduler): string {
  const ready = pool?.endpoints.filter((endpoint) => endpoint.ready) ?? [];
  const active = ready.map((endpoint) => scheduler.activeOn(endpoint.ip));
  const average = active.length === 0 ? 0 : active.reduce((sum, count) => sum + count, 0) / active.length;
  const label = `{name="${name}"}`;
  return [
    metric('inference_pool_ready_pods', 'gauge', 'The number of ready pods in the inference server pool.', [[label, ready.length]]),
    metric('inference_pool_average_queue_size', 'gauge', 'The average number of requests pending in the model server queue.', [[label, average]]),
    metric('inference_pool_per_pod_queue_size', 'gauge', 'The total number of requests pending in the model server queue for each underlying pod.', ready.map((endpoint, index) => [`{model_server_pod="${endpoint.pod}",name="${name}"}`, active[index] ?? 0])),
    metric('inference_objective_request_total', 'counter', 'Counter of inference objective requests broken out for each model and target model.', [['{model_name="",target_model_name=""}', scheduler.picks]]),
    metric('inference_objective_running_requests', 'gauge', 'Inference objective number of running requests in each model.', [['{model_name=""}', active.reduce((sum, count) => sum + count, 0)]]),
  ].join('');
}

function metric(name: string, type: string, help: string, samples: readonly (readonly [string, number])[]): string {
  return [`# HELP ${name} [ALPHA] ${help}`, `# TYPE ${name} ${type}`, ...samples.map(([labels, value]) => `${name}${labels} ${value}`), ''].join('\n');
}
