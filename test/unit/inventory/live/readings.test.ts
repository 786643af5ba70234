import assert from 'node:assert/strict';
import { readMetrics } from '../../../../src/inventory/live/prometheus-text.ts';
import {
  engineReadings,
  pickerReading,
  type EngineReading,
  type PickerReading,
} from '../../../../src/inventory/live/readings.ts';

function engines(...lines: readonly string[]): readonly EngineReading[] {
  return engineReadings(readMetrics(lines.join('\n')).samples);
}

function picker(...lines: readonly string[]): PickerReading | undefined {
  return pickerReading(readMetrics(lines.join('\n')).samples);
}

const UNKNOWN = {
  running: undefined,
  waiting: undefined,
  kvCacheUse: undefined,
  generatedTokens: undefined,
  promptTokens: undefined,
  prefixQueries: undefined,
  prefixHits: undefined,
};

describe('readings of a metrics page', () => {
  it('are one an engine, in the order of the ranks', () => {
    const found = engines(
      'vllm:num_requests_running{engine="10",model_name="m"} 3',
      'vllm:num_requests_running{engine="9",model_name="m"} 2',
      'vllm:generation_tokens_total{engine="9",model_name="m"} 50',
    );
    assert.deepEqual(found, [
      { ...UNKNOWN, engine: '9', running: 2, generatedTokens: 50 },
      { ...UNKNOWN, engine: '10', running: 3 },
    ]);
  });

  it('take the newest name and never add the old one to it', () => {
    const both = engines(
      'vllm:gpu_cache_usage_perc{engine="0"} 0.4',
      'vllm:kv_cache_usage_perc{engine="0"} 0.4',
      'vllm:gpu_prefix_cache_queries_total{engine="0"} 100',
      'vllm:gpu_prefix_cache_hits_total{engine="0"} 60',
      'vllm:prefix_cache_queries_total{engine="0"} 1600',
      'vllm:prefix_cache_hits_total{engine="0"} 960',
    );
    assert.deepEqual(both, [{ ...UNKNOWN, engine: '0', kvCacheUse: 0.4, prefixQueries: 1600, prefixHits: 960 }]);
    const old = engines(
      'vllm:gpu_cache_usage_perc{model_name="m"} 0.4',
      'vllm:gpu_prefix_cache_queries_total{model_name="m"} 100',
      'vllm:gpu_prefix_cache_hits_total{model_name="m"} 60',
    );
    assert.deepEqual(old, [{ ...UNKNOWN, engine: '0', kvCacheUse: 0.4, prefixQueries: 100, prefixHits: 60 }]);
  });

  it('take queries and hits from one generation', () => {
    const mixed = engines(
      'vllm:prefix_cache_queries_total{engine="0"} 1600',
      'vllm:gpu_prefix_cache_queries_total{engine="0"} 100',
      'vllm:gpu_prefix_cache_hits_total{engine="0"} 60',
    );
    assert.deepEqual(mixed, [{ ...UNKNOWN, engine: '0', prefixQueries: 100, prefixHits: 60 }]);
  });

  it('add up series that differ in other labels, but not the one cache', () => {
    const names = engines(
      'vllm:generation_tokens_total{engine="0",model_name="a"} 5',
      'vllm:generation_tokens_total{engine="0",model_name="b"} 7',
      'vllm:kv_cache_usage_perc{engine="0",model_name="a"} 0.5',
      'vllm:kv_cache_usage_perc{engine="0",model_name="b"} 0.5',
    );
    assert.deepEqual(names, [{ ...UNKNOWN, engine: '0', generatedTokens: 12, kvCacheUse: 0.5 }]);
  });

  it('do not take what is no number, nor when a counter was made', () => {
    assert.deepEqual(
      engines(
        'vllm:num_requests_running{engine="0"} NaN',
        'vllm:generation_tokens_created{engine="0"} 1.7e9',
        'vllm:prompt_tokens_total{engine="0"} +Inf',
      ),
      [],
    );
  });

  it('of an endpoint picker that exports both generations count one', () => {
    const reading = picker(
      'llm_d_epp_per_endpoint_queue_size{model_server_endpoint="a",name="p"} 3',
      'llm_d_epp_per_endpoint_queue_size{model_server_endpoint="b",name="p"} 1',
      'inference_pool_per_pod_queue_size{model_server_pod="a",name="p"} 3',
      'inference_pool_per_pod_queue_size{model_server_pod="b",name="p"} 1',
      'llm_d_epp_average_queue_size{name="p"} 2',
      'inference_pool_average_queue_size{name="p"} 2',
      'llm_d_epp_flow_control_queue_size{priority="0"} 5',
      'llm_d_epp_flow_control_queue_size{priority="-10"} 6',
      'inference_extension_flow_control_queue_size{priority="0"} 11',
      'llm_d_epp_ready_endpoints{name="p"} 2',
      'inference_pool_ready_pods{name="p"} 2',
      'llm_d_epp_request_running{model_name="m"} 8',
      'inference_objective_running_requests{model_name="m"} 8',
    );
    assert.deepEqual(reading, { held: 11, queuedAtEndpoints: 4, averageQueue: 2, running: 8, readyEndpoints: 2 });
  });

  it('of an old endpoint picker say what it tells, and of another page nothing', () => {
    assert.deepEqual(
      picker('inference_pool_average_queue_size{name="p"} 1.5', 'inference_model_running_requests{model_name="m"} 4'),
      { held: undefined, queuedAtEndpoints: undefined, averageQueue: 1.5, running: 4, readyEndpoints: undefined },
    );
    assert.equal(picker('process_cpu_seconds_total 4'), undefined);
  });
});
