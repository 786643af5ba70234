import { CONCURRENCY_LEVELS, INPUT_TOKENS, OUTPUT_TOKENS, REQUESTS_EACH } from './parameters.ts';
import type { GuidellmVersion, Recipe, RecipeContext } from './recipe.ts';

/** `guidellm benchmark` is gone from this version on. */
const RUN_SINCE: GuidellmVersion = [0, 7, 2];

export const guidellm: Recipe = {
  id: 'guidellm',
  title: 'guidellm',
  description: 'Synthetic prompts through the gateway, one level of concurrency after another.',
  where: 'poker',
  asksGuidellm: true,
  parameters: [CONCURRENCY_LEVELS, REQUESTS_EACH, INPUT_TOKENS, OUTPUT_TOKENS],
  label: (values) =>
    `guidellm c=${values.text('concurrency')} ${values.text('inputTokens')}/${values.text('outputTokens')}`,
  workers: () => 1,
  steps: (context) =>
    context.values.integers('concurrency').map((concurrency, index) => ({
      title: `concurrency ${concurrency}`,
      argv: guidellmArgv(context, {
        concurrency,
        requests: concurrency * Math.max(1, context.values.integer('requestsEach')),
        file: `${index}.json`,
      }),
    })),
};

/** Several load generators at once, as one cannot keep up with a large deployment. */
export const parallelGuidellm: Recipe = {
  id: 'parallel-guidellm',
  title: 'Parallel guidellm',
  description: 'Several guidellm workers at once, as an Indexed Job, with one aggregate.',
  where: 'job',
  asksGuidellm: true,
  parameters: [
    { id: 'workers', title: 'Workers', description: 'Pods that send load at once.', kind: 'integer', default: '4' },
    {
      id: 'concurrency',
      title: 'Concurrency a worker',
      description: 'Requests that each worker keeps open at once.',
      kind: 'integer',
      default: '32',
    },
    {
      id: 'requests',
      title: 'Requests a worker',
      description: 'Requests that each worker sends in all.',
      kind: 'integer',
      default: '128',
    },
    INPUT_TOKENS,
    OUTPUT_TOKENS,
  ],
  label: (values) =>
    `guidellm x${values.text('workers')} c=${values.text('concurrency')} ${values.text('inputTokens')}/${values.text('outputTokens')}`,
  workers: (values) => Math.max(1, values.integer('workers')),
  steps: (context) => [
    {
      title: `concurrency ${context.values.text('concurrency')} a worker`,
      argv: guidellmArgv(context, {
        concurrency: context.values.integer('concurrency'),
        requests: context.values.integer('requests'),
        file: '0.json',
      }),
    },
  ],
};

interface Load {
  readonly concurrency: number;
  readonly requests: number;
  readonly file: string;
}

/** The command in the words of the pod's own version. */
function guidellmArgv({ endpoint, values, results, guidellm: version }: RecipeContext, load: Load): readonly string[] {
  const data = `prompt_tokens=${values.text('inputTokens')},output_tokens=${values.text('outputTokens')}`;
  const path = `${results}/${load.file}`;
  if (version && isBefore(version, RUN_SINCE)) {
    return [
      'guidellm',
      'benchmark',
      '--target',
      endpoint.baseUrl,
      '--model',
      endpoint.model,
      '--rate-type',
      'concurrent',
      '--rate',
      String(load.concurrency),
      '--max-requests',
      String(load.requests),
      '--data',
      data,
      '--output-path',
      path,
    ];
  }
  return [
    'guidellm',
    'run',
    '--backend',
    `kind=openai_http,target=${endpoint.baseUrl},model=${endpoint.model}`,
    '--profile',
    `kind=concurrent,streams=${load.concurrency}`,
    '--constraint',
    `kind=max_requests,count=${load.requests}`,
    '--data',
    `kind=synthetic_text,${data}`,
    '--output',
    `kind=json,path=${path}`,
  ];
}

/** The version in what `guidellm --version` prints; undefined when there is none. */
export function parseGuidellmVersion(output: string): GuidellmVersion | undefined {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(output);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined;
}

function isBefore(version: GuidellmVersion, other: GuidellmVersion): boolean {
  const differing = version.findIndex((part, index) => part !== other[index]);
  return differing >= 0 && (version[differing] ?? 0) < (other[differing] ?? 0);
}
