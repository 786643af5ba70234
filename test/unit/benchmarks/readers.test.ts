import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readResultFile } from '../../../src/benchmarks/readers/result-file.ts';
import type { LatencyStats, ResultFile, ResultPoint } from '../../../src/benchmarks/types.ts';

const FIXTURES = new URL('../../fixtures/benchmarks/', import.meta.url).pathname;

const read = async (path: string): Promise<ResultFile> => (await readResultFile(path)).file;
const fixture = (name: string): Promise<ResultFile> => read(join(FIXTURES, name));

function only(file: ResultFile): ResultPoint {
  assert.equal(file.points.length, 1);
  return file.points[0] as ResultPoint;
}

/** Compares figures to 1e-6, as far as the independent reader gave digits. */
function figures(actual: object | null, expected: Readonly<Record<string, number | null>>): void {
  for (const [name, want] of Object.entries(expected)) {
    const got = (actual as Record<string, number | null>)[name] ?? null;
    if (want === null) assert.equal(got, null, name);
    else
      assert.ok(
        got !== null && Math.abs(got - want) <= Math.max(2e-6 * Math.abs(want), 6e-7),
        `${name}: ${got} is not ${want}`,
      );
  }
}

describe('result readers', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'readers-'));
  });
  after(() => rm(directory, { recursive: true }));

  async function inline(name: string, content: unknown): Promise<ResultFile> {
    const path = join(directory, name);
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return read(path);
  }

  describe('guidellm JSON', () => {
    it('0.2: no version, no streams, prompts counted once', async () => {
      const file = await fixture('guidellm-0.2.json');
      assert.deepEqual([file.tool, file.format, file.tool_version], ['guidellm', 'json', null]);
      const point = only(file);
      assert.deepEqual(
        [point.label, point.model, point.concurrency, point.request_rate],
        ['synchronous', 'example_model', null, null],
      );
      assert.deepEqual(point.requests, { successful: 46, errored: 0, incomplete: 1 });
      figures(point, {
        request_throughput: 1.548181,
        output_token_throughput: 198.133468,
        prompt_tokens: 11827,
        output_tokens: 5888,
        total_token_throughput: (11827 + 5888) / 29.997201,
      });
      figures(point.e2e_ms, { mean: 644.474366, median: 642.456532, p99: 689.184666 });
      figures(point.ttft_ms, { mean: 16.792536, p95: 19.009352, p99: 21.281958 });
      assert.deepEqual(
        file.warnings.map(({ code }) => code),
        ['total-tokens-recomputed'],
      );
    });

    it('0.3: concurrency from the strategy', async () => {
      const point = only(await fixture('guidellm-0.3.1.json'));
      assert.deepEqual([point.label, point.concurrency, point.model], ['concurrent 4', 4, 'mock-model']);
      figures(point, {
        duration_s: 3.51188,
        request_throughput: 11.389912,
        output_token_throughput: 181.953842,
        total_token_throughput: 369.887387,
      });
      figures(point.tpot_ms, { mean: 5.223143, median: 4.990563 });
      figures(point.itl_ms, { mean: 5.571352, median: 5.323267 });
    });

    it('0.5: names its version', async () => {
      const file = await fixture('guidellm-0.5.3.json');
      assert.equal(file.tool_version, '0.5.3');
      const point = only(file);
      assert.deepEqual(point.requests, { successful: 39, errored: 0, incomplete: 0 });
      figures(point.ttft_ms, { mean: 32.959186, median: 30.308962, p50: 30.308962, p95: 50.440788, p99: 52.675486 });
      figures(point, { output_token_throughput: 583.520731, prompt_tokens: 790, output_tokens: 624 });
    });

    it('0.7: configuration in another place', async () => {
      const file = await fixture('guidellm-0.7.3.json');
      assert.equal(file.tool_version, '0.7.3');
      const point = only(file);
      assert.deepEqual([point.concurrency, point.model], [4, 'mock-model']);
      figures(point, { request_throughput: 34.289804, output_token_throughput: 560.822989 });
      figures(point.e2e_ms, { mean: 108.869416, median: 107.497692, p99: 157.66573 });
    });
  });

  describe('guidellm output', () => {
    it('0.2: one line a row', async () => {
      const file = await fixture('guidellm-0.2.txt');
      assert.deepEqual([file.tool, file.format], ['guidellm', 'stdout']);
      const point = only(file);
      assert.deepEqual(point.requests, { successful: 46, errored: 0, incomplete: 1 });
      figures(point, {
        request_throughput: 1.55,
        output_token_throughput: 198.1,
        prompt_tokens: 11827,
        output_tokens: 5888,
        duration_s: 30,
      });
      figures(point.e2e_ms, { mean: 640, median: 640, p99: 690 });
      figures(point.tpot_ms, { mean: 4.9, median: 4.9, p99: 5.2 });
    });

    it('0.3: rows wrapped at 80 columns', async () => {
      const point = only(await fixture('guidellm-0.3.1-wrapped.txt'));
      assert.deepEqual([point.label, point.concurrency], ['concurrent 4', 4]);
      assert.deepEqual(point.requests, { successful: 57, errored: 3, incomplete: 0 });
      figures(point, {
        request_throughput: 13.93,
        output_token_throughput: 334.2,
        output_tokens: 1368,
        prompt_tokens: 941,
      });
      figures(point.ttft_ms, { mean: 73.1, median: 68.6, p99: 174.7, p95: null });
    });

    it('0.5: ten values of throughput', async () => {
      const point = only(await fixture('guidellm-0.5.3.txt'));
      figures(point, {
        request_throughput: 35.3,
        output_token_throughput: 583.5,
        total_token_throughput: 1322.3,
        prompt_tokens: 790,
        output_tokens: 624,
      });
      figures(point.ttft_ms, { median: 30.3, p95: 50.4, p99: null });
    });

    it('0.7: six values of throughput, one column more of latency', async () => {
      const point = only(await fixture('guidellm-0.7.3.txt'));
      figures(point, { request_throughput: 34.3, output_token_throughput: 560.8, total_token_throughput: 1277.6 });
      figures(point.itl_ms, { median: 4.7, p95: 5.2 });
      figures(point.tpot_ms, { median: 6.6, p95: 7.3 });
    });

    it('a run without tables is no result', async () => {
      await assert.rejects(inline('guidellm.log', '✔ Setup complete, starting benchmarks...\n'), { code: 'no-result' });
    });
  });

  describe('vllm bench serve', () => {
    it('JSON with details: failed requests do not count', async () => {
      const point = only(await fixture('vllm-bench-detailed.json'));
      assert.deepEqual([point.label, point.request_rate, point.model], ['concurrency 4', 'inf', 'mock-model']);
      assert.deepEqual(point.requests, { successful: 39, errored: 1, incomplete: null });
      figures(point.ttft_ms, {
        mean: 42.979888,
        median: 43.4482,
        std: 12.879538,
        p90: 58.682962,
        p99: 74.149099,
        'p99.9': 81.100213,
      });
      figures(point.e2e_ms, { mean: 127.765612 });
    });

    it('appended records are JSON lines, with Infinity in them', async () => {
      const file = await fixture('vllm-bench-appended.json');
      assert.equal(file.format, 'jsonl');
      assert.deepEqual(
        file.points.map(({ concurrency, request_rate }) => [concurrency, request_rate]),
        [
          [4, 'inf'],
          [null, 50],
        ],
      );
      assert.equal(file.points[0]?.e2e_ms, null, 'not asked for, so not there');
      figures(file.points[1]?.ttft_ms as LatencyStats, { mean: 38.874091, p99: 60.679809 });
    });

    it('output: the block of the run, labels anchored', async () => {
      const file = await fixture('vllm-bench.txt');
      assert.deepEqual([file.tool, file.format], ['vllm-bench', 'stdout']);
      const point = only(file);
      assert.deepEqual([point.model, point.concurrency, point.request_rate], ['mock-model', 4, 'inf']);
      figures(point, {
        output_token_throughput: 490.72,
        total_token_throughput: 1478.44,
        duration_s: 1.27,
        prompt_tokens: 1256,
        output_tokens: 624,
      });
      figures(point.ttft_ms, { mean: 42.98, 'p99.9': 81.1 });
    });

    it('output: a calibration block is not the run', async () => {
      const block = (tokens: number): string =>
        `============ Serving Benchmark Result ============\nSuccessful requests:   2\nOutput token throughput (tok/s):   ${tokens}.00\nPeak output token throughput (tok/s): 9.00\n${'='.repeat(50)}\n`;
      const file = await inline(
        'calibrated.log',
        `Starting calibration\n${block(1)}Starting main benchmark run...\n${block(2)}`,
      );
      assert.deepEqual(
        file.points.map((point) => point.output_token_throughput),
        [2],
      );
      await assert.rejects(inline('only-calibration.log', `Starting calibration\n${block(1)}`), { code: 'no-result' });
    });

    it('output: a sweep prints one block a run', async () => {
      const block = (concurrency: number): string =>
        `Starting main benchmark run...\n============ Serving Benchmark Result ============\nSuccessful requests: 2\nMaximum request concurrency: ${concurrency}\n${'='.repeat(50)}\n`;
      assert.deepEqual(
        (await inline('sweep.log', block(8) + block(16))).points.map((point) => point.concurrency),
        [8, 16],
      );
    });

    it('a run in which all failed has no latencies, not zeros', async () => {
      const file = await inline('failed.json', {
        model_id: 'm',
        request_rate: 'inf',
        completed: 0,
        failed: 9,
        duration: 1.5,
        request_throughput: 0,
        output_throughput: 0,
        mean_ttft_ms: 0,
        median_ttft_ms: 0,
        p99_ttft_ms: 0,
      });
      assert.equal(only(file).ttft_ms, null);
      assert.deepEqual(
        file.warnings.map(({ code }) => code),
        ['all-requests-failed'],
      );
    });

    it("a sweep's summary is a list of records", async () => {
      const record = (concurrency: number): object => ({
        max_concurrency: concurrency,
        completed: 1,
        duration: 1,
        request_throughput: 1,
        median_ttft_ms: concurrency,
      });
      const file = await inline('summary.json', [record(1), record(2)]);
      assert.deepEqual(
        file.points.map((point) => point.ttft_ms?.median),
        [1, 2],
      );
    });
  });

  it('InferenceX: a record in seconds', async () => {
    const file = await inline('seconds.json', {
      model_id: 'm',
      max_concurrency: 4,
      request_rate: 'inf',
      duration: 71.4,
      completed: 40,
      request_throughput: 0.56,
      output_throughput: 71.7,
      median_ttft: 1.25,
      p99_ttft: 4.5,
      median_e2el: 7,
    });
    assert.equal(file.tool, 'inferencex');
    figures(only(file).ttft_ms, { median: 1250, p99: 4500 });
    figures(only(file).e2e_ms, { median: 7000 });
  });

  it('InferenceX: throughput a GPU is not throughput', async () => {
    const file = await inline('agg.json', {
      hw: 'h',
      conc: 4,
      model: 'm',
      tput_per_gpu: 55.5,
      output_tput_per_gpu: 27,
      median_ttft: 0.25,
      'p99.9_ttft': 0.5,
      median_intvty: 57,
      median_tpot: 0.0175,
    });
    assert.equal(only(file).output_token_throughput, null);
    figures(only(file).ttft_ms, { median: 250, 'p99.9': 500 });
    assert.deepEqual(
      file.warnings.map(({ code }) => code),
      ['throughput-per-gpu'],
    );
  });

  it('inference-perf: a stage, in seconds', async () => {
    const times = { mean: 0.5, median: 0.25, p90: 0.75, 'p99.9': 2 };
    const file = await inline('stage_3_lifecycle_metrics.json', {
      load_summary: { count: 61, requested_rate: 92.5 },
      successes: {
        count: 60,
        latency: { request_latency: times, time_to_first_token: { p50: 0.125 } },
        throughput: { requests_per_sec: 9, output_tokens_per_sec: 90, total_tokens_per_sec: 180 },
        output_len: { mean: 10 },
      },
      failures: { count: 1 },
    });
    const point = only(file);
    assert.deepEqual(
      [file.tool, point.label, point.request_rate, point.requests.errored, point.output_tokens],
      ['inference-perf', 'stage 3', 92.5, 1, 600],
    );
    figures(point.e2e_ms, { mean: 500, median: 250, p90: 750, 'p99.9': 2000, std: null });
    assert.equal(point.ttft_ms?.median, 125, 'version 0.1 writes p50');
    assert.equal(point.itl_ms, null);
  });

  it('inference-perf: the view through Prometheus is refused in words', async () => {
    await assert.rejects(
      inline('stage_3_prometheus_metrics.json', {
        load_summary: {},
        successes: { count: 9, rate: 1, request_latency: { mean: 1 } },
        failures: {},
      }),
      { code: 'no-result' },
    );
  });

  it('lm_eval: JSON with N/A as an error', async () => {
    const file = await inline('results_2026.json', {
      results: {
        gsm8k: {
          alias: 'gsm8k',
          'exact_match,strict-match': 0.96,
          'exact_match_stderr,strict-match': 0.0139,
          'exact_match,flexible-extract': 0.97,
          'exact_match_stderr,flexible-extract': 'N/A',
        },
      },
      'n-samples': { gsm8k: { original: 1319, effective: 200 } },
      'n-shot': { gsm8k: 5 },
      lm_eval_version: '0.4.11',
    });
    assert.equal(file.tool_version, '0.4.11');
    assert.deepEqual(file.scores, [
      { task: 'gsm8k', metric: 'exact_match', filter: 'strict-match', value: 0.96, stderr: 0.0139, n: 200 },
      { task: 'gsm8k', metric: 'exact_match', filter: 'flexible-extract', value: 0.97, stderr: null, n: 200 },
    ]);
  });

  it('lm_eval: the printed table, later rows without a task', async () => {
    const file = await inline(
      'lm_eval.txt',
      [
        '|Tasks|Version|     Filter     |n-shot|  Metric   |   |Value|   |Stderr|',
        '|-----|------:|----------------|-----:|-----------|---|----:|---|-----:|',
        '|gsm8k|      3|flexible-extract|     5|exact_match|↑  | 0.97|±  |0.0139|',
        '|     |       |strict-match    |     5|exact_match|↑  | 0.96|±  |   N/A|',
      ].join('\n'),
    );
    assert.deepEqual(
      file.scores.map(({ task, filter, value, stderr }) => [task, filter, value, stderr]),
      [
        ['gsm8k', 'flexible-extract', 0.97, 0.0139],
        ['gsm8k', 'strict-match', 0.96, null],
      ],
    );
  });

  describe('llm-d-benchmark report', () => {
    const latencies = {
      time_to_first_token: { units: 'ms', mean: 20, p99: 40, p999: 50 },
      request_latency: { units: 's', mean: 2, p99p9: 3 },
      inter_token_latency: { units: 'furlongs', mean: 1 },
    };

    it('0.1 in YAML, units read', async () => {
      const file = await inline(
        'benchmark_report.yaml',
        `version: '0.1'\nscenario:\n  model: {name: m}\n  load: {name: vllm, args: {max_concurrency: 8, request_rate: inf}}\nmetrics:\n  time: {duration: 12.5}\n  requests: {total: 10, failures: 1}\n  latency: ${JSON.stringify(latencies)}\n  throughput: {output_tokens_per_sec: 100, requests_per_sec: 0.8}\n`,
      );
      const point = only(file);
      assert.deepEqual(
        [file.tool, file.tool_version, point.model, point.concurrency, point.request_rate],
        ['llm-d-benchmark', '0.1', 'm', 8, 'inf'],
      );
      assert.deepEqual(point.requests, { successful: 9, errored: 1, incomplete: null });
      figures(point.ttft_ms, { mean: 20, p99: 40, 'p99.9': 50 });
      figures(point.e2e_ms, { mean: 2000, 'p99.9': 3000 });
      figures(point, { duration_s: 12.5, output_token_throughput: 100 });
      assert.equal(point.itl_ms, null);
      assert.deepEqual(
        file.warnings.map(({ code }) => code),
        ['unit-unknown'],
      );
    });

    it('0.2 in JSON', async () => {
      const file = await inline('benchmark_report.json', {
        version: '0.2.1',
        run: { time: { duration: 'PT1M2.5S' } },
        scenario: {
          stack: [{ standardized: { kind: 'router' } }, { standardized: { model: { name: 'm' } } }],
          load: { standardized: { rate_qps: 5 } },
        },
        results: {
          request_performance: {
            aggregate: {
              requests: { total: 10, failures: 0 },
              latency: latencies,
              throughput: { output_token_rate: { units: 'tokens/s', mean: 77 } },
            },
          },
        },
      });
      const point = only(file);
      assert.deepEqual([point.label, point.model, point.request_rate, point.requests.successful], ['5/s', 'm', 5, 10]);
      figures(point, { duration_s: 62.5, output_token_throughput: 77, request_throughput: null });
    });

    it('a later version is refused in words', async () => {
      await assert.rejects(inline('later.json', { version: '7', scenario: {}, results: {} }), {
        code: 'version-unknown',
      });
    });
  });
});
