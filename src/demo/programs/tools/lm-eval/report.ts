import { float, pythonJson } from '../python-json.ts';
import type { EvalOptions } from './options.ts';
import { TEST_QUESTIONS } from './questions.ts';
import type { Score } from './scoring.ts';

export interface Evaluation {
  readonly options: EvalOptions;
  readonly scores: readonly (Score & { readonly filter: string })[];
  readonly asked: number;
  readonly seconds: number;
  readonly endedAt: Date;
}

const VERSION = '0.4.9.1';

/** `<path>/<model>/results_<time>.json`; a path that ends in .json gets the time before its suffix. */
export function resultPath(outputPath: string, model: string, endedAt: Date): string {
  const stamp = endedAt.toISOString().replaceAll(':', '-').replace('Z', '');
  if (outputPath.endsWith('.json')) return `${outputPath.slice(0, -'.json'.length)}_${stamp}.json`;
  return `${outputPath.replace(/\/$/, '')}/${sanitized(model)}/results_${stamp}.json`;
}

function sanitized(model: string): string {
  return model.replaceAll('/', '__');
}

export function resultFile({ options, scores, asked, seconds, endedAt }: Evaluation): string {
  const results: Record<string, unknown> = { alias: 'gsm8k' };
  for (const { filter, value, standardError } of scores) {
    results[`exact_match,${filter}`] = float(value);
    results[`exact_match_stderr,${filter}`] = standardError === undefined ? 'N/A' : float(standardError);
  }
  return pythonJson(
    {
      results: { gsm8k: results },
      group_subtasks: { gsm8k: [] },
      configs: { gsm8k: taskConfig(options) },
      versions: { gsm8k: float(3) },
      'n-shot': { gsm8k: options.numFewShot },
      higher_is_better: { gsm8k: { exact_match: true } },
      'n-samples': { gsm8k: { original: TEST_QUESTIONS, effective: asked } },
      config: {
        model: 'local-completions',
        model_args: modelArgs(options),
        batch_size: options.batchSize,
        batch_sizes: [],
        device: null,
        use_cache: null,
        limit: options.limit === undefined ? null : float(options.limit),
        bootstrap_iters: 100_000,
        gen_kwargs: null,
        random_seed: 0,
        numpy_seed: 1234,
        torch_seed: 1234,
        fewshot_seed: 1234,
      },
      git_hash: null,
      date: float(endedAt.getTime() / 1000 - seconds),
      lm_eval_version: VERSION,
      upper_git_hash: null,
      task_hashes: {},
      model_source: 'local-completions',
      model_name: options.model,
      model_name_sanitized: sanitized(options.model),
      system_instruction: null,
      system_instruction_sha: null,
      fewshot_as_multiturn: false,
      chat_template: null,
      chat_template_sha: null,
      total_evaluation_time_seconds: String(seconds),
    },
    2,
  );
}

function taskConfig(options: EvalOptions): Readonly<Record<string, unknown>> {
  return {
    task: 'gsm8k',
    tag: ['math_word_problems'],
    dataset_path: 'llm-d-workbench/demo-arithmetic',
    doc_to_text: 'Question: {{question}}\nAnswer:',
    doc_to_target: '{{answer}}',
    target_delimiter: ' ',
    fewshot_delimiter: '\n\n',
    num_fewshot: options.numFewShot,
    metric_list: [
      {
        metric: 'exact_match',
        aggregation: 'mean',
        higher_is_better: true,
        ignore_case: true,
        ignore_punctuation: false,
        regexes_to_ignore: [',', String.raw`\$`, '(?s).*#### ', String.raw`\.$`],
      },
    ],
    output_type: 'generate_until',
    generation_kwargs: { until: ['Question:', '</s>', '<|im_end|>'], do_sample: false, temperature: float(0) },
    repeats: 1,
    metadata: { version: float(3), ...modelArgs(options) },
  };
}

function modelArgs(options: EvalOptions): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(options.modelArgs).map(([key, value]) => [key, /^\d+$/.test(value) ? Number(value) : value]),
  );
}

/** The markdown table on standard output; rows after the first leave the task blank. */
export function resultTable({ options, scores }: Evaluation): string {
  const args = Object.entries(options.modelArgs)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const rows = [...scores]
    .sort((left, right) => left.filter.localeCompare(right.filter))
    .map(({ filter, value, standardError }, index) => [
      index === 0 ? 'gsm8k' : '',
      index === 0 ? '3' : '',
      filter,
      String(options.numFewShot),
      'exact_match',
      '\u2191',
      value.toFixed(4),
      '\u00b1',
      standardError === undefined ? 'N/A' : standardError.toFixed(4),
    ]);
  const headers = ['Tasks', 'Version', 'Filter', 'n-shot', 'Metric', '', 'Value', '', 'Stderr'];
  const right = new Set([1, 3, 6, 8]);
  const widths = headers.map((header, column) =>
    Math.max(header.length, 3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `|${cells.map((cell, column) => (right.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('|')}|`;
  const rule = `|${widths.map((width, column) => (right.has(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join('|')}|`;
  return `local-completions (${args}), gen_kwargs: (None), limit: ${options.limit ?? 'None'}, num_fewshot: ${options.numFewShot}, batch_size: ${options.batchSize}\n${[line(headers), rule, ...rows.map(line)].join('\n')}\n`;
}
