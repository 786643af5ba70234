import { CONCURRENCY_LEVELS, INPUT_TOKENS, OUTPUT_TOKENS, REQUESTS_EACH } from './parameters.ts';
import type { Recipe, RecipeContext, Step } from './recipe.ts';

export const vllmBench: Recipe = {
  id: 'vllm-bench',
  title: 'vllm bench serve',
  description: 'Random prompts through the gateway, one level of concurrency after another.',
  where: 'poker',
  parameters: [CONCURRENCY_LEVELS, REQUESTS_EACH, INPUT_TOKENS, OUTPUT_TOKENS],
  label: (values) =>
    `vllm bench c=${values.text('concurrency')} ${values.text('inputTokens')}/${values.text('outputTokens')}`,
  workers: () => 1,
  steps: (context) => serveSweep(context, context.endpoint.baseUrl, context.values.integer('inputTokens')),
};

/** One `vllm bench serve` a level of concurrency against one base URL. */
export function serveSweep(
  { values, endpoint, results }: RecipeContext,
  baseUrl: string,
  inputTokens: number,
): readonly Step[] {
  return values.integers('concurrency').map((concurrency, index) => ({
    title: `concurrency ${concurrency}`,
    argv: [
      'vllm',
      'bench',
      'serve',
      '--backend',
      'openai',
      '--base-url',
      baseUrl,
      '--endpoint',
      '/v1/completions',
      '--model',
      endpoint.model,
      '--dataset-name',
      'random',
      '--random-input-len',
      String(inputTokens),
      '--random-output-len',
      values.text('outputTokens'),
      '--max-concurrency',
      String(concurrency),
      '--num-prompts',
      String(concurrency * Math.max(1, values.integer('requestsEach'))),
      '--ignore-eos',
      '--percentile-metrics',
      'ttft,tpot,itl,e2el',
      '--metric-percentiles',
      '50,90,95,99',
      '--save-result',
      '--result-dir',
      results,
      '--result-filename',
      `${index}.json`,
    ],
  }));
}
