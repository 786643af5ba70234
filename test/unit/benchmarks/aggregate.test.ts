import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { AggregateReport } from '../../../src/benchmarks/types.ts';
import { sourceResults } from '../../support/results.ts';

const FIXTURES = new URL('../../fixtures/benchmarks/', import.meta.url).pathname;
const { signal } = new AbortController();

/** Figures of an independent reader; `common` is what the mock server counted itself. */
const EXPECTED = {
  '0.3.1': {
    ok: 230,
    errored: 10,
    tokens: 5520,
    sum: 1322.001174,
    total: 1380.048647,
    union: 979.546746,
    union_s: 5.635259,
    common: 1320.86,
    common_s: 2.709898,
    mean: 78.85227,
    p50: 71.357727,
    p99: 213.375807,
  },
  '0.7.3': {
    ok: 231,
    errored: 8,
    tokens: 5544,
    sum: 1358.177173,
    total: 1358.177173,
    union: 1109.964611,
    union_s: 4.994754,
    common: 1348.1,
    common_s: 3.330694,
    mean: 70.299176,
    p50: 70.042849,
    p99: 110.799789,
  },
};

/** What the tests change in a worker's file. */
interface WrittenBenchmark {
  start_time: number;
  end_time: number;
  readonly args: { readonly strategy: object };
  readonly worker: object;
  readonly requests: { readonly successful: unknown[] };
}

function close(actual: number | null, expected: number, relative = 1e-6): void {
  assert.ok(actual !== null && Math.abs(actual - expected) <= relative * expected, `${actual} is not ${expected}`);
}

describe('aggregate', function () {
  this.timeout(30_000);
  const { results, readers } = sourceResults();
  after(() => readers.dispose());
  const aggregate = async (n: number, directory: string, useTotal = false): Promise<AggregateReport> =>
    (await results.workers(n, directory, { useTotal, signal })).aggregate;

  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'aggregate-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const place = (worker: number, index = worker, version = '0.3.1'): Promise<void> =>
    copyFile(join(FIXTURES, `parallel-${version}`, `${worker}.json`), join(directory, `${index}.json`));
  /** Puts a worker's file after a change. */
  async function edit(index: number, change: (benchmark: WrittenBenchmark) => void): Promise<void> {
    const document = JSON.parse(await readFile(join(FIXTURES, 'parallel-0.3.1', `${index}.json`), 'utf8')) as {
      benchmarks: WrittenBenchmark[];
    };
    for (const benchmark of document.benchmarks) change(benchmark);
    await writeFile(join(directory, `${index}.json`), JSON.stringify(document));
  }
  const codes = async (n: number): Promise<string[]> =>
    (await aggregate(n, directory)).warnings.map(({ code }) => code);

  for (const [version, want] of Object.entries(EXPECTED)) {
    it(`gives the independent reader's figures for four workers of guidellm ${version}`, async () => {
      const report = await aggregate(4, join(FIXTURES, `parallel-${version}`));
      assert.deepEqual(report.requests, { successful: want.ok, errored: want.errored, incomplete: 0 });
      close(report.output_tokens, want.tokens);
      close(report.throughput.sum_of_means, want.sum);
      close(report.throughput.over_union, want.union);
      close(report.throughput.union_window_s, want.union_s);
      close(report.throughput.common_window_s, want.common_s);
      close(report.throughput.in_common_window, want.common, 5e-4);
      close(report.throughput.overlap, want.common_s / want.union_s, 1e-5);
      close(report.ttft_ms.mean, want.mean);
      close(report.ttft_ms.p50, want.p50);
      close(report.ttft_ms.p99, want.p99);
      assert.equal(report.ttft_ms.method, 'merged');
      assert.deepEqual(report.missing, []);
      assert.deepEqual(report.errors, []);
      assert.deepEqual(
        report.warnings.map(({ code }) => code),
        ['overlap-small'],
      );

      const total = await aggregate(4, join(FIXTURES, `parallel-${version}`), true);
      close(total.throughput.sum_of_means, want.total);
    });
  }

  for (const version of Object.keys(EXPECTED)) {
    it(`merges every latency as guidellm ${version} itself counts it: one worker alone gives its own figures`, async () => {
      await place(0, 0, version);
      const report = await aggregate(1, directory);
      const {
        files: [file],
      } = await results.read([join(directory, '0.json')], signal);
      const own = file?.points[0];
      for (const name of ['ttft_ms', 'tpot_ms', 'itl_ms', 'e2e_ms'] as const) {
        const { mean, p50, p99, method } = report[name];
        assert.equal(method, 'merged', name);
        close(mean, own?.[name]?.mean ?? Number.NaN);
        // Between two samples the versions choose differently.
        close(p50, own?.[name]?.median ?? Number.NaN, 0.01);
        close(p99, own?.[name]?.['p99'] ?? Number.NaN, 0.01);
      }
    });
  }

  it('lists missing workers and sums the others', async () => {
    await place(0);
    await place(2);
    const report = await aggregate(3, directory);
    assert.deepEqual(report.missing, [1]);
    assert.equal(report.requests.successful, 57 + 56);
    assert.ok(report.warnings.some(({ code }) => code === 'workers-missing'));
  });

  it('reads a gzipped worker', async () => {
    await writeFile(join(directory, '0.json.gz'), gzipSync(await readFile(join(FIXTURES, 'parallel-0.3.1', '0.json'))));
    assert.equal((await aggregate(1, directory)).requests.successful, 57);
  });

  it('keeps the others when one file is cut', async () => {
    await place(0);
    await writeFile(
      join(directory, '1.json'),
      (await readFile(join(FIXTURES, 'parallel-0.3.1', '1.json'))).subarray(0, 9000),
    );
    const report = await aggregate(2, directory);
    assert.equal(report.requests.successful, 57);
    assert.deepEqual(
      report.errors.map(({ path, code }) => [path, code]),
      [[join(directory, '1.json'), 'json-cut']],
    );
    assert.ok(report.errors[0]?.hint);
  });

  it('never merges percentiles of sampled requests', async () => {
    await place(0);
    await edit(1, ({ requests }) => requests.successful.pop());
    const report = await aggregate(2, directory);
    assert.equal(report.ttft_ms.method, 'not-mergeable');
    assert.equal(report.ttft_ms.p99, null);
    assert.equal(report.throughput.in_common_window, null);
    close(report.ttft_ms.mean, (73.05629211559629 * 57 + 79.751787 * 59) / 116);
    assert.ok(report.warnings.some(({ code }) => code === 'samples-incomplete'));
  });

  it('flags mixed versions, loads and streams', async () => {
    await place(0);
    await place(1, 1, '0.7.3');
    assert.ok((await codes(2)).includes('versions-mixed'));
    await edit(1, (benchmark) => Object.assign(benchmark.args.strategy, { streams: 8 }));
    assert.ok((await codes(2)).includes('streams-differ'));
    await edit(1, (benchmark) => Object.assign(benchmark.worker, { backend_model: 'another' }));
    assert.ok((await codes(2)).includes('configurations-mixed'));
  });

  it('has no rate over a common window that is not there', async () => {
    await place(0);
    await edit(1, (benchmark) => {
      benchmark.start_time += 100;
      benchmark.end_time += 100;
    });
    const { throughput } = await aggregate(2, directory);
    assert.equal(throughput.in_common_window, null);
    assert.equal(throughput.common_window_s, 0);
    assert.equal(throughput.overlap, 0);
    close(throughput.union_window_s, 4.090650320053101 + 4.267801);
  });

  it('says so when there is nothing', async () => {
    const report = await aggregate(2, directory);
    assert.deepEqual(report.missing, [0, 1]);
    assert.equal(report.output_tokens, null);
    assert.equal(report.throughput.sum_of_means, null);
    assert.deepEqual(
      report.errors.map(({ code }) => code),
      ['no-result'],
    );
  });
});
