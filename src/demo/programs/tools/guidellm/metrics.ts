import {
  concurrencyDistribution,
  distribution,
  rateDistribution,
  type Distribution,
  type RateEvent,
  type Weighted,
} from './distribution.ts';
import { words, type RequestStats } from './request-stats.ts';

/** A figure for each outcome of a request, and for all. */
export interface ByStatus<T> {
  readonly successful: T;
  readonly errored: T;
  readonly incomplete: T;
  readonly total: T;
}

/** Tokens, words or characters of one kind of text. */
export interface TextFigures {
  readonly [figure: string]: ByStatus<Distribution>;
}

export interface BenchmarkMetrics {
  readonly totals: ByStatus<number>;
  readonly figures: Readonly<Record<string, ByStatus<Distribution>>>;
  readonly text: Readonly<Record<'tokens' | 'words' | 'characters', TextFigures>>;
}

/** All figures of one benchmark, in the tool's definitions (FIGURES lists them in the order of its file). */
export function benchmarkMetrics(
  requests: readonly RequestStats[],
  window: { readonly start: number; readonly end: number },
): BenchmarkMetrics {
  const groups = byStatus(requests);
  const each = <T>(compute: (group: readonly RequestStats[]) => T): ByStatus<T> => ({
    successful: compute(groups.successful),
    errored: compute(groups.errored),
    incomplete: compute(groups.incomplete),
    total: compute(requests),
  });
  const figures = Object.fromEntries(Object.entries(figuresOf(window)).map(([name, compute]) => [name, each(compute)]));
  const text = {
    tokens: textFigures(
      each,
      (request) => request.promptTokens,
      (request) => request.outputTokens,
    ),
    words: textFigures(
      each,
      (request) => words(request.source.prompt),
      (request) => words(request.source.measured.text),
    ),
    characters: textFigures(
      each,
      (request) => request.source.prompt.length,
      (request) => request.source.measured.text.length,
    ),
  };
  return { totals: each((group) => group.length), figures, text };
}

function byStatus(requests: readonly RequestStats[]): Omit<ByStatus<readonly RequestStats[]>, 'total'> {
  const of = (status: RequestStats['status']): readonly RequestStats[] =>
    requests.filter((request) => request.status === status);
  return { successful: of('successful'), errored: of('errored'), incomplete: of('incomplete') };
}

type Compute = (group: readonly RequestStats[]) => Distribution;

function figuresOf(window: { readonly start: number; readonly end: number }): Readonly<Record<string, Compute>> {
  const plain =
    (value: (request: RequestStats) => number): Compute =>
    (group) =>
      distribution(group.map((request): Weighted => [value(request), 1]));
  /** Requests that lack the figure are left out. */
  const weighted =
    (value: (request: RequestStats) => number | undefined, weight: (request: RequestStats) => number): Compute =>
    (group) =>
      distribution(
        group.flatMap((request) => {
          const figure = value(request);
          return figure === undefined ? [] : [[figure, weight(request)] as const];
        }),
      );
  const once = (): number => 1;
  return {
    requests_per_second: (group) =>
      rateDistribution(
        group.map((request) => ({ time: request.end, weight: 1 })),
        window,
      ),
    request_concurrency: (group) =>
      concurrencyDistribution(
        group.map((request) => ({ start: request.start, end: request.end, weight: 1 })),
        group.length,
      ),
    request_latency: plain((request) => request.latency),
    request_streaming_iterations_count: plain((request) => request.iterations),
    prompt_token_count: plain((request) => request.promptTokens),
    output_token_count: plain((request) => request.outputTokens),
    total_token_count: plain((request) => request.promptTokens + request.outputTokens),
    time_to_first_token_ms: weighted((request) => request.ttftMs, once),
    time_to_first_output_token_ms: weighted((request) => request.ttftMs, once),
    time_per_output_token_ms: weighted(
      (request) => request.tpotMs,
      (request) => request.outputTokens,
    ),
    inter_token_latency_ms: weighted(
      (request) => request.itlMs,
      (request) => request.outputTokens - 1,
    ),
    prompt_tokens_per_second: (group) => rateDistribution(group.flatMap(promptEvents)),
    output_tokens_per_second: (group) => rateDistribution(group.flatMap(outputEvents)),
    tokens_per_second: (group) =>
      rateDistribution(group.flatMap((request) => [...promptEvents(request), ...outputEvents(request)])),
    output_tokens_per_iteration: weighted(
      (request) => perChunk(request.outputTokens, request.chunks),
      (request) => request.outputTokens,
    ),
    iter_tokens_per_iteration: weighted(
      (request) => perChunk(request.outputTokens - 1, request.chunks - 1),
      (request) => request.outputTokens - 1,
    ),
  };
}

function perChunk(tokens: number, chunks: number): number | undefined {
  return chunks <= 0 ? undefined : tokens / chunks;
}

/** The prompt counts as processed when the first token is there. */
function promptEvents(request: RequestStats): readonly RateEvent[] {
  return request.firstToken === undefined ? [] : [{ time: request.firstToken, weight: request.promptTokens }];
}

/** Tokens spread over the chunks they came in. */
function outputEvents(request: RequestStats): readonly RateEvent[] {
  const { chunkTimes, startedAt } = request.source.measured;
  return chunkTimes.map((time) => ({
    time: request.start + (time - startedAt) / 1000,
    weight: request.outputTokens / chunkTimes.length,
  }));
}

function textFigures(
  each: (compute: Compute) => ByStatus<Distribution>,
  input: (request: RequestStats) => number,
  output: (request: RequestStats) => number,
): TextFigures {
  const figures = (name: string, values: readonly ((request: RequestStats) => number)[]): TextFigures => {
    const size = (request: RequestStats): number => values.reduce((sum, value) => sum + value(request), 0);
    return {
      [name]: each((group) =>
        distribution(group.flatMap((request) => values.map((value): Weighted => [value(request), 1]))),
      ),
      [`${name}_per_second`]: each((group) =>
        rateDistribution(group.map((request) => ({ time: request.end, weight: size(request) }))),
      ),
      [`${name}_concurrency`]: each((group) =>
        concurrencyDistribution(
          group.map((request) => ({ start: request.start, end: request.end, weight: size(request) })),
          group.length,
        ),
      ),
    };
  };
  return { ...figures('input', [input]), ...figures('output', [output]), ...figures('total', [input, output]) };
}
