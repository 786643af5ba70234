import type { Recipe } from './recipe.ts';

/** Whether the deployment still answers rightly: a fast one that does not is worth nothing. */
export const lmEval: Recipe = {
  id: 'lm-eval',
  title: 'lm_eval gsm8k',
  description: 'Accuracy on grade-school maths through the gateway.',
  where: 'poker',
  parameters: [
    {
      id: 'concurrency',
      title: 'Concurrency',
      description: 'Requests kept open at once.',
      kind: 'integer',
      default: '64',
    },
    {
      id: 'fewshot',
      title: 'Examples a prompt',
      description: 'Solved problems before each question.',
      kind: 'integer',
      default: '10',
    },
    {
      id: 'limit',
      title: 'Questions',
      description: 'How many questions to ask; 0 for all 1,319.',
      kind: 'integer',
      default: '64',
    },
  ],
  label: (values) =>
    `gsm8k ${values.text('fewshot')}-shot${values.integer('limit') > 0 ? ` x${values.text('limit')}` : ''}`,
  workers: () => 1,
  steps: ({ endpoint, values, results }) => [
    {
      title: 'gsm8k',
      argv: [
        'lm_eval',
        '--model',
        'local-completions',
        '--tasks',
        'gsm8k',
        '--num_fewshot',
        values.text('fewshot'),
        '--model_args',
        `base_url=${endpoint.baseUrl}/v1/completions,model=${endpoint.model},num_concurrent=${values.text('concurrency')},tokenized_requests=False`,
        ...(values.integer('limit') > 0 ? ['--limit', values.text('limit')] : []),
        // Without a path it writes nothing.
        '--output_path',
        results,
      ],
    },
  ],
};
