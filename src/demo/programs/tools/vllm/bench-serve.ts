import { sleep, systemClock, throwIfAborted } from '../../../../base/clock.ts';
import { errorText, isAbort } from '../../../../base/errors.ts';
import { arrayAt, stringAt } from '../../../../base/json.ts';
import type { ShellCommand, ShellIo } from '../../../nodes/types.ts';
import { print } from '../command-line.ts';
import { sendAll } from '../load/arrivals.ts';
import { measureCompletion, type LoadTarget, type MeasuredRequest } from '../load/completion-load.ts';
import { bodyText, podRequest, podUrl } from '../load/pod-http.ts';
import { ProgressBar } from '../load/progress-bar.ts';
import { PromptSource } from '../load/prompts.ts';
import { benchMetrics } from './bench-metrics.ts';
import type { BenchOptions } from './bench-options.ts';
import { defaultFilename, rateText, resultJson, resultTable, type BenchRun } from './bench-report.ts';

type Container = Parameters<ShellCommand['run']>[2];

const READY_POLL_MS = 5000;

/** A failure that the tool reports as a Python traceback would end. */
class BenchFailure extends Error {}

/** `vllm bench serve`: sends random prompts, measures, prints the table, saves the result. Exit code 0, 1 or 130. */
export async function benchServe(options: BenchOptions, io: ShellIo, container: Container): Promise<number> {
  try {
    await run(options, io, container);
    return 0;
  } catch (error) {
    if (io.signal.aborted || isAbort(error)) return 130;
    const kind = error instanceof BenchFailure ? 'ValueError' : 'OSError';
    await print(
      io,
      `Traceback (most recent call last):\n  File "/opt/vllm/bin/vllm", line 10, in <module>\n    sys.exit(main())\n${kind}: ${errorText(error)}\n`,
      'stderr',
    );
    return 1;
  }
}

async function run(options: BenchOptions, io: ShellIo, container: Container): Promise<void> {
  const url = podUrl(`${options.baseUrl}${options.endpoint}`);
  if (url === undefined) throw new BenchFailure(`Invalid URL '${options.baseUrl}${options.endpoint}'`);
  const target: LoadTarget = { network: container.network, namespace: container.namespace, url };
  const model = options.model ?? (await firstModel(target, io.signal));
  await print(io, `${namespaceLine(options, model)}\n`);
  const workload = prompts(options);
  await print(io, 'Starting initial single prompt test run...\n');
  await waitForEndpoint(options, target, model, workload, io);
  await print(io, 'Initial test run completed.\n');
  for (let warmup = 0; warmup < options.numWarmups; warmup += 1)
    await measureCompletion(target, requestBody(options, model, workload[0]), io.signal);
  await print(
    io,
    `Starting main benchmark run...\nTraffic request rate: ${options.requestRate === Infinity ? 'inf' : rateText(options.requestRate)}\nBurstiness factor: ${rateText(options.burstiness)} (${options.burstiness === 1 ? 'Poisson process' : 'Gamma distribution'})\nMaximum request concurrency: ${options.maxConcurrency ?? 'None'}\n`,
  );

  const bar = new ProgressBar(io, workload.length, !options.disableTqdm);
  const startedAt = performance.now();
  const requests = await sendAll(
    workload.map((item) => async () => {
      const measured = await measureCompletion(target, requestBody(options, model, item), io.signal);
      bar.advance();
      return measured;
    }),
    {
      rate: options.requestRate,
      burstiness: options.burstiness,
      maxConcurrency: options.maxConcurrency,
      seed: options.seed,
    },
    io.signal,
  );
  throwIfAborted(io.signal);
  bar.finish();
  const inputLens = requests.map((request, index) => request.promptTokens ?? workload[index]?.promptTokens ?? 0);
  const metrics = benchMetrics(
    requests,
    inputLens,
    (performance.now() - startedAt) / 1000,
    options.percentileMetrics,
    options.percentiles,
  );
  await print(io, resultTable(metrics, options));
  await save({ options, model, requests, inputLens, metrics, endedAt: new Date() }, io, container);
}

interface WorkItem {
  readonly prompt: string;
  readonly promptTokens: number;
  readonly outputTokens: number;
}

function prompts(options: BenchOptions): readonly WorkItem[] {
  const source = new PromptSource(options.seed, options.prefixLen);
  return Array.from({ length: options.numPrompts }, () => {
    const inputTokens = source.length(options.inputLen, options.rangeRatio);
    const outputTokens = source.length(options.outputLen, options.rangeRatio);
    return { prompt: source.next(inputTokens), promptTokens: options.prefixLen + inputTokens, outputTokens };
  });
}

function requestBody(
  options: BenchOptions,
  model: string,
  item: WorkItem | undefined,
): Readonly<Record<string, unknown>> {
  const common = {
    model: options.servedModelName ?? model,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
    ...(options.ignoreEos ? { ignore_eos: true } : {}),
  };
  return options.chat
    ? {
        ...common,
        messages: [{ role: 'user', content: [{ type: 'text', text: item?.prompt ?? '' }] }],
        max_completion_tokens: item?.outputTokens ?? 1,
      }
    : {
        ...common,
        prompt: item?.prompt ?? '',
        repetition_penalty: 1,
        max_tokens: item?.outputTokens ?? 1,
        logprobs: null,
      };
}

async function firstModel(target: LoadTarget, signal: AbortSignal): Promise<string> {
  const response = await podRequest(target.network, target.namespace, {
    method: 'GET',
    url: new URL('/v1/models', target.url),
    signal,
  });
  const model = stringAt(arrayAt(JSON.parse(await bodyText(response)), 'data')[0], 'id');
  if (model === undefined) throw new BenchFailure(`No models found on the server at ${target.url.origin}.`);
  return model;
}

/** The first request is repeated until it succeeds or the time is up, so that a server may still be loading. */
async function waitForEndpoint(
  options: BenchOptions,
  target: LoadTarget,
  model: string,
  workload: readonly WorkItem[],
  io: ShellIo,
): Promise<void> {
  await print(io, `Waiting for endpoint to become up in ${options.readyTimeoutSeconds} seconds\n`);
  const deadline = performance.now() + options.readyTimeoutSeconds * 1000;
  let last: MeasuredRequest;
  do {
    last = await measureCompletion(target, requestBody(options, model, workload[0]), io.signal);
    throwIfAborted(io.signal);
    if (last.ok) return;
    if (performance.now() >= deadline) break;
    await print(
      io,
      `\r |          | ${clockText(options.readyTimeoutSeconds - (deadline - performance.now()) / 1000)} elapsed, ${clockText((deadline - performance.now()) / 1000)} remaining`,
      'stderr',
    );
    await sleep(systemClock, Math.min(READY_POLL_MS, Math.max(0, deadline - performance.now())), io.signal);
  } while (performance.now() < deadline);
  throw new BenchFailure(
    `Initial test run failed - Please make sure benchmark arguments are correctly specified. Error: ${last.error}`,
  );
}

function clockText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}

async function save(run: BenchRun, io: ShellIo, container: Container): Promise<void> {
  const { options } = run;
  if (!options.saveResult && !options.appendResult) return;
  const name = options.resultFilename ?? defaultFilename(options, run.model, run.endedAt);
  const directory = container.fs.resolvePath(io.cwd, options.resultDir ?? '.');
  await container.fs.mkdir(directory, { recursive: true });
  const path = container.fs.resolvePath(directory, name);
  const json = resultJson(run);
  if (options.appendResult)
    await container.fs.appendFile(path, `${(await container.fs.exists(path)) ? '\n' : ''}${json}`);
  else await container.fs.writeFile(path, json);
}

function namespaceLine(options: BenchOptions, model: string): string {
  const text = (value: string | undefined): string => (value === undefined ? 'None' : `'${value}'`);
  const flag = (value: boolean): string => (value ? 'True' : 'False');
  return `Namespace(seed=${options.seed}, num_prompts=${options.numPrompts}, dataset_name='random', backend='${options.backend}', base_url='${options.baseUrl}', endpoint='${options.endpoint}', max_concurrency=${options.maxConcurrency ?? 'None'}, model='${model}', request_rate=${rateText(options.requestRate)}, burstiness=${rateText(options.burstiness)}, disable_tqdm=${flag(options.disableTqdm)}, save_result=${flag(options.saveResult)}, save_detailed=${flag(options.saveDetailed)}, append_result=${flag(options.appendResult)}, result_dir=${text(options.resultDir)}, result_filename=${text(options.resultFilename)}, ignore_eos=${flag(options.ignoreEos)}, percentile_metrics='${options.percentileMetrics.join(',')}', metric_percentiles='${options.percentiles.join(',')}', random_input_len=${options.inputLen}, random_output_len=${options.outputLen}, random_range_ratio=${rateText(options.rangeRatio)}, random_prefix_len=${options.prefixLen}, label=${text(options.label)})`;
}
