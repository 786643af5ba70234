import type { BenchmarkParameter } from '../types.ts';

/** Parameters that several recipes have. */
export const CONCURRENCY_LEVELS: BenchmarkParameter = {
  id: 'concurrency',
  title: 'Concurrency',
  description: 'Requests kept open at once. Several, separated by commas, run one after another as one sweep.',
  kind: 'integers',
  default: '8,32,128',
};

export const REQUESTS_EACH: BenchmarkParameter = {
  id: 'requestsEach',
  title: 'Requests for each concurrent one',
  description: 'A level of concurrency 32 with 4 sends 128 requests.',
  kind: 'integer',
  default: '4',
};

export const INPUT_TOKENS: BenchmarkParameter = {
  id: 'inputTokens',
  title: 'Input tokens',
  description: 'Length of each prompt.',
  kind: 'integer',
  default: '128',
};

export const OUTPUT_TOKENS: BenchmarkParameter = {
  id: 'outputTokens',
  title: 'Output tokens',
  description: 'Length of each answer; the model is not allowed to end it earlier.',
  kind: 'integer',
  default: '128',
};

export const TARGET_POD: BenchmarkParameter = {
  id: 'pod',
  title: 'Model-server pod',
  description: 'The pod to load; empty for the first decode pod.',
  kind: 'pod',
  default: '',
};

export const TARGET_PORT: BenchmarkParameter = {
  id: 'port',
  title: 'Port',
  description: 'Port of the pod: 8000 is its routing proxy, or vLLM itself where there is none.',
  kind: 'integer',
  default: '8000',
};
