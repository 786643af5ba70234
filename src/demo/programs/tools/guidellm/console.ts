import type { Benchmark } from './benchmark.ts';
import { pipeTable, type HeaderCell } from './console-table.ts';
import type { Distribution } from './distribution.ts';
import { isV07 } from './report-common.ts';

const BENCHMARK: readonly HeaderCell[] = [['Benchmark', 1]];
const STRATEGY: readonly HeaderCell[] = [['Strategy', 1]];
const BLANK: readonly HeaderCell[] = [['', 1]];

/** The tables that end a run. */
export function consoleTables(benchmarks: readonly Benchmark[], version: string): string {
  const v07 = isV07(version);
  const sections: readonly (readonly [string, string])[] = [
    ['Run Summary Info', runSummary(benchmarks)],
    [
      'Text Metrics Statistics (Completed Requests)',
      `${textMetrics(benchmarks, 'Input', 'input')}\n${textMetrics(benchmarks, 'Output', 'output').split('\n').slice(1).join('\n')}`,
    ],
    ['Request Token Statistics (Completed Requests)', requestTokens(benchmarks)],
    ['Request Latency Statistics (Completed Requests)', requestLatency(benchmarks, v07)],
    ['Server Throughput Statistics (All Requests)', v07 ? throughputV07(benchmarks) : throughputV05(benchmarks)],
  ];
  return sections.map(([title, table]) => `\n\n\u2139 ${title}\n${table}\n`).join('');
}

function runSummary(benchmarks: readonly Benchmark[]): string {
  return pipeTable(
    [
      [...BENCHMARK, ['Timings', 5], ['Input Tokens', 3], ['Output Tokens', 3]],
      [...STRATEGY, ...cells('Start', 'End', 'Dur', 'Warm', 'Cool', 'Comp', 'Inc', 'Err', 'Comp', 'Inc', 'Err')],
      [...BLANK, ...cells('', '', 'Sec', 'Sec', 'Sec', 'Tot', 'Tot', 'Tot', 'Tot', 'Tot', 'Tot')],
    ],
    benchmarks.map((benchmark) => {
      const prompt = figure(benchmark, 'prompt_token_count');
      const output = figure(benchmark, 'output_token_count');
      return [
        benchmark.run.strategy.kind,
        clock(benchmark.start),
        clock(benchmark.end),
        number(benchmark.end - benchmark.start),
        '0.0',
        '0.0',
        number(prompt.successful.totalSum),
        number(prompt.incomplete.totalSum),
        number(prompt.errored.totalSum),
        number(output.successful.totalSum),
        number(output.incomplete.totalSum),
        number(output.errored.totalSum),
      ];
    }),
  );
}

function textMetrics(benchmarks: readonly Benchmark[], title: string, name: 'input' | 'output'): string {
  const units = ['tokens', 'words', 'characters'] as const;
  return pipeTable(
    [
      [...BENCHMARK, [`${title} Tokens`, 4], [`${title} Words`, 4], [`${title} Characters`, 4]],
      [
        ...STRATEGY,
        ...units.flatMap((): HeaderCell[] => [
          ['Per Request', 2],
          ['Per Second', 2],
        ]),
      ],
      [...BLANK, ...units.flatMap(() => cells('Mdn', 'p95', 'Mdn', 'Mean'))],
    ],
    benchmarks.map((benchmark) => [
      benchmark.run.strategy.kind,
      ...units.flatMap((unit) => {
        const each = benchmark.metrics.text[unit][name]?.successful;
        const rate = benchmark.metrics.text[unit][`${name}_per_second`]?.successful;
        return [number(each?.median), number(each?.percentiles.p95), number(rate?.median), number(rate?.mean)];
      }),
    ]),
  );
}

function requestTokens(benchmarks: readonly Benchmark[]): string {
  const figures = [
    'prompt_token_count',
    'output_token_count',
    'total_token_count',
    'request_streaming_iterations_count',
    'output_tokens_per_iteration',
  ];
  return pipeTable(
    [
      [...BENCHMARK, ['Input Tok', 2], ['Output Tok', 2], ['Total Tok', 2], ['Stream Iter', 2], ['Output Tok', 2]],
      [...STRATEGY, ['Per Req', 2], ['Per Req', 2], ['Per Req', 2], ['Per Req', 2], ['Per Stream Iter', 2]],
      [...BLANK, ...figures.flatMap(() => cells('Mdn', 'p95'))],
    ],
    benchmarks.map((benchmark) => [benchmark.run.strategy.kind, ...medianAndP95(benchmark, figures)]),
  );
}

function requestLatency(benchmarks: readonly Benchmark[], v07: boolean): string {
  const figures: readonly (readonly [string, string, string])[] = [
    ['Request Latency', 'Sec', 'request_latency'],
    ['TTFT', 'ms', 'time_to_first_token_ms'],
    ...(v07 ? [['TTFOT', 'ms', 'time_to_first_output_token_ms'] as const] : []),
    ['ITL', 'ms', 'inter_token_latency_ms'],
    ['TPOT', 'ms', 'time_per_output_token_ms'],
  ];
  return pipeTable(
    [
      [...BENCHMARK, ...figures.map(([title]): HeaderCell => [title, 2])],
      [...STRATEGY, ...figures.map(([, unit]): HeaderCell => [unit, 2])],
      [...BLANK, ...figures.flatMap(() => cells('Mdn', 'p95'))],
    ],
    benchmarks.map((benchmark) => [
      benchmark.run.strategy.kind,
      ...medianAndP95(
        benchmark,
        figures.map(([, , name]) => name),
      ),
    ]),
  );
}

const THROUGHPUT = [
  'requests_per_second',
  'request_concurrency',
  'prompt_tokens_per_second',
  'output_tokens_per_second',
  'tokens_per_second',
];

function throughputV05(benchmarks: readonly Benchmark[]): string {
  return pipeTable(
    [
      [...BENCHMARK, ['Requests', 4], ['Input Tokens', 2], ['Output Tokens', 2], ['Total Tokens', 2]],
      [...STRATEGY, ['Per Sec', 2], ['Concurrency', 2], ['Per Sec', 2], ['Per Sec', 2], ['Per Sec', 2]],
      [...BLANK, ...THROUGHPUT.flatMap(() => cells('Mdn', 'Mean'))],
    ],
    benchmarks.map((benchmark) => [
      benchmark.run.strategy.kind,
      ...THROUGHPUT.flatMap((name) => [
        number(figure(benchmark, name).total.median),
        number(figure(benchmark, name).total.mean),
      ]),
    ]),
  );
}

function throughputV07(benchmarks: readonly Benchmark[]): string {
  return pipeTable(
    [
      [...BENCHMARK, ['Requests', 3], ['Input Tokens', 1], ['Output Tokens', 1], ['Total Tokens', 1]],
      [...STRATEGY, ['Concurrency', 2], ['Per Sec', 1], ['Per Sec', 1], ['Per Sec', 1], ['Per Sec', 1]],
      [...BLANK, ['Mdn', 1], ['Mean', 1], ['Mean', 4]],
    ],
    benchmarks.map((benchmark) => {
      const concurrency = figure(benchmark, 'request_concurrency').total;
      const rates = [
        'requests_per_second',
        'prompt_tokens_per_second',
        'output_tokens_per_second',
        'tokens_per_second',
      ].map((name) => number(figure(benchmark, name).total.mean));
      return [benchmark.run.strategy.kind, number(concurrency.median), number(concurrency.mean), ...rates];
    }),
  );
}

function medianAndP95(benchmark: Benchmark, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => [
    number(figure(benchmark, name).successful.median),
    number(figure(benchmark, name).successful.percentiles.p95),
  ]);
}

function figure(
  benchmark: Benchmark,
  name: string,
): Readonly<Record<'successful' | 'errored' | 'incomplete' | 'total', Distribution>> {
  const found = benchmark.metrics.figures[name];
  if (found === undefined) throw new Error(`no figure ${name}`);
  return found;
}

function cells(...texts: readonly string[]): readonly HeaderCell[] {
  return texts.map((text) => [text, 1]);
}

function number(value: number | undefined): string {
  return (value ?? 0).toFixed(1);
}

function clock(unix: number): string {
  return new Date(unix * 1000).toTimeString().slice(0, 8);
}
