import { WorkbenchError } from '../../base/errors.ts';
import {
  CONCURRENCY_LEVELS,
  INPUT_TOKENS,
  OUTPUT_TOKENS,
  REQUESTS_EACH,
  TARGET_POD,
  TARGET_PORT,
} from './parameters.ts';
import type { Recipe, RecipeContext } from './recipe.ts';
import { serveSweep } from './vllm-bench.ts';

/** Past the gateway and its endpoint picker, straight to one pod. */
export const oneInstance: Recipe = {
  id: 'one-instance',
  title: 'One instance',
  description: 'vllm bench serve against one model-server pod, past the gateway.',
  where: 'poker',
  parameters: [TARGET_POD, TARGET_PORT, CONCURRENCY_LEVELS, REQUESTS_EACH, INPUT_TOKENS, OUTPUT_TOKENS],
  label: (values) =>
    `one instance ${values.text('pod') || 'decode'} c=${values.text('concurrency')} ${values.text('inputTokens')}/${values.text('outputTokens')}`,
  workers: () => 1,
  steps: (context) => serveSweep(context, podUrl(context), context.values.integer('inputTokens')),
};

/** A prompt of one token leaves nothing to prefill, so that the figures are the decode's own. */
export const pureDecode: Recipe = {
  id: 'pure-decode',
  title: 'Pure decode',
  description: 'Prompts of one token against one decode pod: decode speed without prefill.',
  where: 'poker',
  parameters: [TARGET_POD, TARGET_PORT, CONCURRENCY_LEVELS, REQUESTS_EACH, { ...OUTPUT_TOKENS, default: '256' }],
  label: (values) => `pure decode c=${values.text('concurrency')} 1/${values.text('outputTokens')}`,
  workers: () => 1,
  steps: (context) => serveSweep(context, podUrl(context), 1),
};

function podUrl({ target, values }: RecipeContext): string {
  if (!target)
    throw new WorkbenchError({ code: 'internal', message: 'a recipe against one pod was planned without a pod' });
  const host = target.ip.includes(':') ? `[${target.ip}]` : target.ip;
  return `http://${host}:${values.integer('port')}`;
}
