import { speedOfUser } from '../../benchmarks/series.ts';
import type { ResultPoint } from '../../benchmarks/types.ts';
import { loadOf, percentile, throughputPerGpu, type ShownRun } from './model.ts';

/** A figure of the table. */
export interface Column {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** Said on hover over the heading. */
  readonly meaning: string;
  /** A count is shown whole, a measurement to three figures. */
  readonly count?: boolean;
  /** Which direction is good; undefined for a parameter, which has no difference to a baseline. */
  readonly better?: 'higher' | 'lower';
  readonly value: (run: ShownRun, point: ResultPoint) => number | null;
}

export const COLUMNS: readonly Column[] = [
  {
    id: 'load',
    title: 'Concurrency',
    unit: '',
    count: true,
    meaning: 'Requests in flight; the request rate (1/s) where a tool names only that',
    value: (_run, point) => loadOf(point),
  },
  {
    id: 'ok',
    title: 'Requests',
    unit: '',
    count: true,
    meaning: 'Requests that ended well',
    value: (_run, point) => point.requests.successful,
  },
  {
    id: 'failed',
    title: 'Failed',
    unit: '',
    count: true,
    meaning: 'Requests that ended with an error',
    value: (_run, point) => point.requests.errored,
  },
  {
    id: 'rate',
    title: 'Requests',
    unit: '1/s',
    meaning: 'Requests that ended well, a second',
    better: 'higher',
    value: (_run, point) => point.request_throughput,
  },
  {
    id: 'output',
    title: 'Output',
    unit: 'tok/s',
    meaning: 'Output tokens a second, over all users',
    better: 'higher',
    value: (_run, point) => point.output_token_throughput,
  },
  {
    id: 'gpu',
    title: 'Per GPU',
    unit: 'tok/s',
    meaning: 'Output tokens a second divided by the GPUs of the deployment',
    better: 'higher',
    value: (run, point) => throughputPerGpu(point, run.figures.gpus),
  },
  {
    id: 'user',
    title: 'Per user',
    unit: 'tok/s',
    meaning: '1000 / median time per output token in ms',
    better: 'higher',
    value: (_run, point) => speedOfUser(point),
  },
  {
    id: 'ttft50',
    title: 'TTFT p50',
    unit: 'ms',
    meaning: 'Time to first token, median',
    better: 'lower',
    value: (_run, point) => percentile(point.ttft_ms, 'median'),
  },
  {
    id: 'ttft99',
    title: 'TTFT p99',
    unit: 'ms',
    meaning: 'Time to first token, 99th percentile',
    better: 'lower',
    value: (_run, point) => percentile(point.ttft_ms, 'p99'),
  },
  {
    id: 'tpot50',
    title: 'TPOT p50',
    unit: 'ms',
    meaning: 'Time per output token as the tool defines it, median',
    better: 'lower',
    value: (_run, point) => percentile(point.tpot_ms, 'median'),
  },
  {
    id: 'itl50',
    title: 'ITL p50',
    unit: 'ms',
    meaning: 'Inter-token latency, median',
    better: 'lower',
    value: (_run, point) => percentile(point.itl_ms, 'median'),
  },
  {
    id: 'itl99',
    title: 'ITL p99',
    unit: 'ms',
    meaning: 'Inter-token latency, 99th percentile',
    better: 'lower',
    value: (_run, point) => percentile(point.itl_ms, 'p99'),
  },
  {
    id: 'e2e50',
    title: 'E2E p50',
    unit: 'ms',
    meaning: 'Whole request, median',
    better: 'lower',
    value: (_run, point) => percentile(point.e2e_ms, 'median'),
  },
];
