import assert from 'node:assert/strict';
import { array, assert as check, integer, property, record } from 'fast-check';
import { EMPTY_POINT } from '../../../src/benchmarks/readers/reading.ts';
import { toCsv, toMarkdown } from '../../../src/benchmarks/export.ts';
import {
  type ChartPoint,
  frontier,
  latencyChart,
  loadAxis,
  paretoChart,
  type SeriesRun,
  throughputChart,
} from '../../../src/benchmarks/series.ts';
import type { LatencyStats, ResultPoint } from '../../../src/benchmarks/types.ts';

const stats = (median: number, p99: number): LatencyStats => ({
  mean: null,
  median,
  std: null,
  min: null,
  max: null,
  p99,
});
const point = (concurrency: number, change: Partial<ResultPoint> = {}): ResultPoint => ({
  ...EMPTY_POINT,
  label: `concurrency ${concurrency}`,
  concurrency,
  ...change,
});

const RUN: SeriesRun = {
  id: 'a',
  label: 'run A',
  gpus: 8,
  points: [
    point(64, { output_token_throughput: 800, tpot_ms: stats(20, 30), ttft_ms: stats(200, 400) }),
    point(8, { output_token_throughput: 400, tpot_ms: stats(10, 15), ttft_ms: stats(50, 90) }),
    point(16, {}),
  ],
};

describe('chart series', () => {
  it('latency: one series a statistic, ascending by load, without what is not known', () => {
    const chart = latencyChart([RUN], 'ttft', ['median', 'p99']);
    assert.equal(chart.y.title, 'TTFT median, p99 (ms)');
    assert.deepEqual(
      chart.series.map(({ name, points }) => [name, points.map(({ x, y }) => [x, y])]),
      [
        [
          'run A · median',
          [
            [8, 50],
            [64, 200],
          ],
        ],
        [
          'run A · p99',
          [
            [8, 90],
            [64, 400],
          ],
        ],
      ],
    );
    assert.equal(chart.leftOut, 2);
  });

  it('throughput: whole or a GPU', () => {
    assert.deepEqual(
      throughputChart([RUN], 'output').series[0]?.points.map(({ y }) => y),
      [400, 800],
    );
    const perGpu = throughputChart([RUN, { ...RUN, id: 'b', gpus: null }], 'output', true);
    assert.equal(perGpu.y.title, 'Output throughput (tok/s/GPU)');
    assert.deepEqual(
      perGpu.series.map((series) => series.points.map(({ y }) => y)),
      [[50, 100], []],
    );
  });

  it('the load axis is a rate where no point has a concurrency', () => {
    const rates: SeriesRun = { ...RUN, points: [{ ...EMPTY_POINT, request_rate: 5, output_token_throughput: 9 }] };
    assert.equal(loadAxis([rates]), 'rate');
    assert.equal(throughputChart([rates], 'output').x.title, 'Request rate (req/s)');
    assert.equal(loadAxis([rates, RUN]), 'concurrency');
    assert.equal(loadAxis([]), 'concurrency');
  });

  it('Pareto: output a GPU over 1000 / median TPOT', () => {
    const chart = paretoChart([RUN]);
    assert.deepEqual(
      chart.series[0]?.points.map(({ x, y }) => [x, y]),
      [
        [50, 100],
        [100, 50],
      ],
    );
    assert.equal(chart.frontier.length, 2);
    const unknown = paretoChart([RUN, { ...RUN, gpus: null }]);
    assert.equal(unknown.y.title, 'Output throughput (tok/s)');
    assert.match(unknown.y.definition, /not known/);
    assert.deepEqual(
      unknown.series[0]?.points.map(({ y }) => y),
      [800, 400],
    );
  });

  it('the frontier holds exactly the points that none beats', () => {
    const points = array(record({ x: integer({ min: 0, max: 8 }), y: integer({ min: 0, max: 8 }) }), { maxLength: 20 });
    check(
      property(points, (places) => {
        const all = places.map((place): ChartPoint => ({ ...place, runId: 'a', label: '', point: EMPTY_POINT }));
        const beaten = (one: ChartPoint): boolean =>
          all.some((other) => other.x >= one.x && other.y >= one.y && (other.x > one.x || other.y > one.y));
        const key = ({ x, y }: ChartPoint): string => `${x},${y}`;
        assert.deepEqual(
          frontier(all).map(key).sort(),
          [...new Set(all.filter((one) => !beaten(one)).map(key))].sort(),
        );
      }),
    );
  });
});

describe('export', () => {
  it('CSV: full precision, empty for unknown, texts that are no formulas', () => {
    const [header, row] = toCsv([
      {
        id: 'a',
        label: '=HYPERLINK("x"), y',
        gpus: null,
        points: [point(8, { output_token_throughput: 123.456789012 })],
      },
    ]).split('\r\n');
    assert.ok(header?.includes('output (tok/s)'));
    assert.ok(row?.startsWith('"\'=HYPERLINK(""x""), y",concurrency 8,,,8,'), row);
    assert.ok(row?.includes('123.456789012'));
    assert.equal(header?.split(',').length, 36 + 1, 'one title has a comma and is quoted');
  });

  it('Markdown: only columns that hold something', () => {
    const [header, alignment, row] = toMarkdown([
      { ...RUN, label: 'a|b', points: [point(8, { output_token_throughput: 1234.5678 })] },
    ]).split('\n');
    assert.equal(header, '| run | load | GPUs | concurrency | output (tok/s) |');
    assert.equal(alignment, '| --- | --- | ---: | ---: | ---: |');
    assert.equal(row, '| a\\|b | concurrency 8 | 8 | 8 | 1235 |');
  });
});
