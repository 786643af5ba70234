import { throwIfAborted } from '../../../../base/clock.ts';
import { errorText, isAbort, systemCode } from '../../../../base/errors.ts';
import { arrayAt, stringAt } from '../../../../base/json.ts';
import { Limiter } from '../../../../base/limiter.ts';
import type { ShellCommand, ShellIo } from '../../../nodes/types.ts';
import { ParsedArguments, print, UsageError, type FlagKinds } from '../command-line.ts';
import { bodyText, podRequest, podUrl } from '../load/pod-http.ts';
import { ProgressBar } from '../load/progress-bar.ts';
import type { EvalOptions } from './options.ts';
import { fewShot, questions, TEST_QUESTIONS, type Question } from './questions.ts';
import { resultFile, resultPath, resultTable, type Evaluation } from './report.ts';
import { FILTERS, matches, score } from './scoring.ts';

type Container = Parameters<ShellCommand['run']>[2];

const FLAGS: FlagKinds = {
  '--model': 'one',
  '-m': 'one',
  '--model_args': 'one',
  '-a': 'one',
  '--tasks': 'one',
  '-t': 'one',
  '--num_fewshot': 'one',
  '-f': 'one',
  '--output_path': 'one',
  '-o': 'one',
  '--limit': 'one',
  '-L': 'one',
  '--batch_size': 'one',
  '-b': 'one',
  '--gen_kwargs': 'one',
  '--seed': 'one',
  '--log_samples': 'none',
  '-s': 'none',
  '--apply_chat_template': 'none',
  '--fewshot_as_multiturn': 'none',
  '--verbosity': 'one',
  '--confirm_run_unsafe_code': 'none',
  '--trust_remote_code': 'none',
  '--version': 'none',
};
const STOPS = ['Question:', '</s>', '<|im_end|>'];
const MAX_TOKENS = 256;
const TASK_FEW_SHOT = 5;

/** A failure that the tool ends with as a Python traceback. */
class EvalFailure extends Error {}

/** `lm_eval --model local-completions --tasks gsm8k`: asks the model arithmetic questions and scores its answers. */
export const lmEvalCommand: ShellCommand = {
  name: 'lm_eval',
  async run(argv, io, container) {
    try {
      const args = new ParsedArguments(argv, FLAGS);
      if (args.has('--version')) {
        await print(io, 'lm_eval 0.4.9.1\n');
        return 0;
      }
      await evaluate(parse(args), io, container);
      return 0;
    } catch (error) {
      if (io.signal.aborted || isAbort(error)) return 130;
      const usage = error instanceof UsageError;
      await print(
        io,
        usage
          ? `usage: lm_eval [-h] --model MODEL --tasks TASKS\nlm_eval: error: ${error.message}\n`
          : `Traceback (most recent call last):\n  File "/opt/venv/bin/lm_eval", line 8, in <module>\n    sys.exit(cli_evaluate())\n${error instanceof EvalFailure ? '' : 'OSError: '}${errorText(error)}\n`,
        'stderr',
      );
      return usage ? 2 : 1;
    }
  },
};

function parse(args: ParsedArguments): EvalOptions {
  const model = args.text('--model', '-m') ?? 'hf';
  if (model !== 'local-completions')
    throw new UsageError(
      `argument --model: '${model}' needs a GPU or a network that this container has not; use local-completions`,
    );
  const tasks = (args.text('--tasks', '-t') ?? '').split(',');
  const unknown = tasks.filter((task) => task !== 'gsm8k');
  if (unknown.length > 0)
    throw new EvalFailure(
      `ValueError: Tasks not found: ${unknown.join(', ')}. Try \`lm-eval --tasks list\` for a list of available tasks`,
    );
  const modelArgs = Object.fromEntries(
    (args.text('--model_args', '-a') ?? '')
      .split(',')
      .map((pair) => pair.split(/=(.*)/s))
      .filter(([key]) => key !== '')
      .map(([key = '', value = '']) => [key, value]),
  );
  const baseUrl = modelArgs['base_url'];
  if (baseUrl === undefined) throw new UsageError('argument --model_args: base_url is needed');
  return {
    baseUrl,
    model: modelArgs['model'] ?? modelArgs['pretrained'] ?? '',
    modelArgs,
    numConcurrent: Number(modelArgs['num_concurrent'] ?? 1),
    maxRetries: Number(modelArgs['max_retries'] ?? 3),
    numFewShot: args.number('--num_fewshot') ?? args.number('-f') ?? TASK_FEW_SHOT,
    limit: args.number('--limit') ?? args.number('-L'),
    batchSize: args.text('--batch_size', '-b') ?? '1',
    outputPath: args.text('--output_path', '-o'),
  };
}

async function evaluate(options: EvalOptions, io: ShellIo, container: Container): Promise<void> {
  const startedAt = performance.now();
  const count = limitOf(options.limit);
  const asked = questions(0, count);
  const examples = fewShot(options.numFewShot)
    .map((example) => `Question: ${example.question}\nAnswer: ${example.steps}\n#### ${example.answer}\n\n`)
    .join('');
  await print(io, `Building contexts for gsm8k on rank 0...\nRunning generate_until requests\n`, 'stderr');
  const bar = new ProgressBar(io, count, true);
  const limiter = new Limiter(Math.max(1, options.numConcurrent));
  const answers = await Promise.all(
    asked.map((question) =>
      limiter.run(io.signal, async () => {
        const answer = await ask(`${examples}Question: ${question.question}\nAnswer:`, options, io, container);
        bar.advance();
        return answer;
      }),
    ),
  );
  throwIfAborted(io.signal);
  bar.finish();
  const evaluation = evaluationOf(options, asked, answers, (performance.now() - startedAt) / 1000);
  if (options.outputPath !== undefined) {
    const path = container.fs.resolvePath(io.cwd, resultPath(options.outputPath, options.model, evaluation.endedAt));
    await container.fs.mkdir(path.slice(0, Math.max(1, path.lastIndexOf('/'))), { recursive: true });
    await container.fs.writeFile(path, resultFile(evaluation));
  }
  await print(io, resultTable(evaluation));
}

/** A limit below 1 is a share of the questions. */
function limitOf(limit: number | undefined): number {
  if (limit === undefined) return TEST_QUESTIONS;
  return Math.max(1, Math.min(TEST_QUESTIONS, limit < 1 ? Math.ceil(TEST_QUESTIONS * limit) : Math.floor(limit)));
}

function evaluationOf(
  options: EvalOptions,
  asked: readonly Question[],
  answers: readonly string[],
  seconds: number,
): Evaluation {
  const scores = FILTERS.map((filter) => ({
    filter: filter.name,
    ...score(asked.map((question, index) => matches(filter.extract(answers[index] ?? ''), question.answer))),
  }));
  return { options, scores, asked: asked.length, seconds, endedAt: new Date() };
}

/** One completion; a failed request is repeated as often as `max_retries` says. */
async function ask(prompt: string, options: EvalOptions, io: ShellIo, container: Container): Promise<string> {
  const url = podUrl(options.baseUrl);
  if (url === undefined) throw new EvalFailure(`requests.exceptions.MissingSchema: Invalid URL '${options.baseUrl}'`);
  const body = JSON.stringify({
    prompt,
    model: options.model,
    max_tokens: MAX_TOKENS,
    temperature: 0,
    stop: STOPS,
    seed: 1234,
  });
  for (let attempt = 1; ; attempt += 1) {
    throwIfAborted(io.signal);
    try {
      return await complete(url, body, io.signal, container);
    } catch (error) {
      if (!(error instanceof EvalFailure) || attempt >= options.maxRetries) throw error;
    }
  }
}

async function complete(url: URL, body: string, signal: AbortSignal, container: Container): Promise<string> {
  try {
    const response = await podRequest(container.network, container.namespace, {
      method: 'POST',
      url,
      body,
      headers: { 'content-type': 'application/json' },
      signal,
    });
    const text = await bodyText(response);
    if (response.statusCode !== 200)
      throw new EvalFailure(
        `requests.exceptions.HTTPError: ${response.statusCode ?? 0} for url: ${url.href}: ${text.slice(0, 300)}`,
      );
    return stringAt(arrayAt(JSON.parse(text), 'choices')[0], 'text') ?? '';
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new EvalFailure(`requests.exceptions.ConnectionError: ${url.href}: ${errorText(error)}`, { cause: error });
  }
}
