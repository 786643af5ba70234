import { ParsedArguments, UsageError, type FlagKinds } from '../command-line.ts';

export interface BenchOptions {
  readonly backend: string;
  readonly chat: boolean;
  readonly baseUrl: string;
  readonly endpoint: string;
  readonly model: string | undefined;
  readonly servedModelName: string | undefined;
  readonly inputLen: number;
  readonly outputLen: number;
  readonly prefixLen: number;
  readonly rangeRatio: number;
  readonly numPrompts: number;
  /** Requests per second; Infinity sends all at once. */
  readonly requestRate: number;
  readonly burstiness: number;
  readonly maxConcurrency: number | undefined;
  readonly numWarmups: number;
  readonly ignoreEos: boolean;
  readonly seed: number;
  readonly label: string | undefined;
  readonly percentileMetrics: readonly string[];
  readonly percentiles: readonly number[];
  readonly saveResult: boolean;
  readonly saveDetailed: boolean;
  readonly appendResult: boolean;
  readonly resultDir: string | undefined;
  readonly resultFilename: string | undefined;
  readonly metadata: readonly (readonly [string, string])[];
  readonly readyTimeoutSeconds: number;
  readonly disableTqdm: boolean;
}

const FLAGS: FlagKinds = {
  '--backend': 'one',
  '--endpoint-type': 'one',
  '--base-url': 'one',
  '--host': 'one',
  '--port': 'one',
  '--endpoint': 'one',
  '--model': 'one',
  '-m': 'one',
  '--served-model-name': 'one',
  '--tokenizer': 'one',
  '--tokenizer-mode': 'one',
  '--trust-remote-code': 'none',
  '--dataset-name': 'one',
  '--random-input-len': 'one',
  '--random-output-len': 'one',
  '--random-range-ratio': 'one',
  '--random-prefix-len': 'one',
  '--input-len': 'one',
  '--output-len': 'one',
  '--num-prompts': 'one',
  '--num-warmups': 'one',
  '--request-rate': 'one',
  '--burstiness': 'one',
  '--max-concurrency': 'one',
  '--ignore-eos': 'none',
  '--seed': 'one',
  '--label': 'one',
  '--percentile-metrics': 'one',
  '--metric-percentiles': 'one',
  '--save-result': 'none',
  '--save-detailed': 'none',
  '--append-result': 'none',
  '--result-dir': 'one',
  '--result-filename': 'one',
  '--metadata': 'many',
  '--ready-check-timeout-sec': 'one',
  '--disable-tqdm': 'none',
  '--temperature': 'one',
  '--top-p': 'one',
  '--top-k': 'one',
  '--profile': 'none',
  '--skip-tokenizer-init': 'none',
};

const BACKENDS = new Set(['vllm', 'openai', 'openai-chat']);
const METRICS = new Set(['ttft', 'tpot', 'itl', 'e2el']);

/** Reads the arguments after `vllm bench serve`. Throws `UsageError`. */
export function parseBenchOptions(argv: readonly string[]): BenchOptions {
  const args = new ParsedArguments(argv, FLAGS);
  if (args.positional.length > 0) throw new UsageError(`unrecognized arguments: ${args.positional.join(' ')}`);
  const backend = args.text('--backend', '--endpoint-type') ?? 'openai';
  if (!BACKENDS.has(backend))
    throw new UsageError(
      `argument --backend: invalid choice: '${backend}' (choose from ${[...BACKENDS].map((name) => `'${name}'`).join(', ')})`,
    );
  const dataset = args.text('--dataset-name') ?? 'random';
  if (dataset !== 'random')
    throw new UsageError(
      `argument --dataset-name: '${dataset}' needs a dataset that this machine does not have; use 'random'`,
    );
  const endpoint = args.text('--endpoint') ?? '/v1/completions';
  if (backend === 'openai-chat' && !endpoint.endsWith('chat/completions'))
    throw new UsageError(
      'OpenAI Chat Completions API URL must end with one of: chat/completions. (use --endpoint /v1/chat/completions)',
    );
  const requested = (args.text('--percentile-metrics') ?? 'ttft,tpot,itl').split(',').map((name) => name.trim());
  const unknown = requested.find((name) => !METRICS.has(name));
  if (unknown !== undefined) throw new UsageError(`argument --percentile-metrics: unknown metric '${unknown}'`);
  return {
    backend,
    chat: backend === 'openai-chat',
    baseUrl:
      args.text('--base-url')?.replace(/\/$/, '') ??
      `http://${args.text('--host') ?? '127.0.0.1'}:${args.text('--port') ?? '8000'}`,
    endpoint,
    model: args.text('--model', '-m'),
    servedModelName: args.text('--served-model-name'),
    inputLen: count(args, '--random-input-len', args.number('--input-len') ?? 1024),
    outputLen: count(args, '--random-output-len', args.number('--output-len') ?? 128),
    prefixLen: count(args, '--random-prefix-len', 0),
    rangeRatio: args.number('--random-range-ratio') ?? 0,
    numPrompts: count(args, '--num-prompts', 1000),
    requestRate: args.number('--request-rate') ?? Infinity,
    burstiness: args.number('--burstiness') ?? 1,
    maxConcurrency: args.has('--max-concurrency') ? count(args, '--max-concurrency', 1) : undefined,
    numWarmups: count(args, '--num-warmups', 0),
    ignoreEos: args.has('--ignore-eos'),
    seed: args.number('--seed') ?? 0,
    label: args.text('--label'),
    percentileMetrics: requested,
    percentiles: (args.text('--metric-percentiles') ?? '99').split(',').map(Number),
    saveResult: args.has('--save-result'),
    saveDetailed: args.has('--save-detailed'),
    appendResult: args.has('--append-result'),
    resultDir: args.text('--result-dir'),
    resultFilename: args.text('--result-filename'),
    metadata: args.all('--metadata').map(keyValue),
    readyTimeoutSeconds: args.number('--ready-check-timeout-sec') ?? 600,
    disableTqdm: args.has('--disable-tqdm'),
  };
}

function count(args: ParsedArguments, flag: string, otherwise: number): number {
  const value = args.number(flag) ?? otherwise;
  if (!Number.isInteger(value) || value < 0)
    throw new UsageError(`argument ${flag}: invalid int value: '${args.text(flag) ?? ''}'`);
  return value;
}

function keyValue(pair: string): readonly [string, string] {
  const equals = pair.indexOf('=');
  if (equals < 1) throw new UsageError('Invalid metadata format. Please use KEY=VALUE format.');
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}
