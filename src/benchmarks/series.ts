import type { LatencyStats, ResultPoint } from './types.ts';

/** A run as charts see it: pure data, so that a webview can compute its series without asking. */
export interface SeriesRun {
  readonly id: string;
  readonly label: string;
  /** GPUs of the deployment; null when not known. */
  readonly gpus: number | null;
  readonly points: readonly ResultPoint[];
}

export interface Axis {
  /** With its unit, ready to be printed. */
  readonly title: string;
  /** How the figure is made. */
  readonly definition: string;
}

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  readonly runId: string;
  /** The load level, e.g. `concurrency 64`. */
  readonly label: string;
  /** The whole row, for tooltips. */
  readonly point: ResultPoint;
}

export interface ChartSeries {
  readonly id: string;
  readonly runId: string;
  readonly name: string;
  /** Ascending by x. */
  readonly points: readonly ChartPoint[];
}

export interface Chart {
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly ChartSeries[];
  /** Points that do not say what an axis needs. */
  readonly leftOut: number;
}

export interface ParetoChart extends Chart {
  /** Points that no other beats on both axes, ascending by x. */
  readonly frontier: readonly ChartPoint[];
}

export type LatencyMetric = 'ttft' | 'tpot' | 'itl' | 'e2e';
export type LatencyStatistic = 'mean' | 'median' | 'p90' | 'p95' | 'p99';
export type ThroughputKind = 'output' | 'total' | 'requests';
export type LoadAxis = 'concurrency' | 'rate';

const LATENCY: Readonly<
  Record<
    LatencyMetric,
    { readonly field: 'ttft_ms' | 'tpot_ms' | 'itl_ms' | 'e2e_ms'; readonly name: string; readonly definition: string }
  >
> = {
  ttft: {
    field: 'ttft_ms',
    name: 'TTFT',
    definition: 'Time to first token: from sending a request to its first output token.',
  },
  tpot: {
    field: 'tpot_ms',
    name: 'TPOT',
    definition:
      'Time per output token. vLLM: without the first token. guidellm from 0.4: with the time to the first token in it.',
  },
  itl: {
    field: 'itl_ms',
    name: 'ITL',
    definition:
      'Inter-token latency: time between two output tokens. vLLM counts chunks of the stream; guidellm its mean a request.',
  },
  e2e: { field: 'e2e_ms', name: 'E2E latency', definition: 'From sending a request to its last token.' },
};

const THROUGHPUT: Readonly<
  Record<
    ThroughputKind,
    {
      readonly field: 'output_token_throughput' | 'total_token_throughput' | 'request_throughput';
      readonly name: string;
      readonly unit: string;
      readonly definition: string;
    }
  >
> = {
  output: {
    field: 'output_token_throughput',
    name: 'Output throughput',
    unit: 'tok/s',
    definition: 'Output tokens of successful requests a second.',
  },
  total: {
    field: 'total_token_throughput',
    name: 'Total throughput',
    unit: 'tok/s',
    definition: 'Input and output tokens of successful requests a second.',
  },
  requests: {
    field: 'request_throughput',
    name: 'Request throughput',
    unit: 'req/s',
    definition: 'Successful requests a second.',
  },
};

/** Concurrency, unless no point of any run has one but some have a request rate. */
export function loadAxis(runs: readonly SeriesRun[]): LoadAxis {
  const points = runs.flatMap((run) => run.points);
  if (points.some((point) => point.concurrency !== null)) return 'concurrency';
  return points.some((point) => typeof point.request_rate === 'number') ? 'rate' : 'concurrency';
}

/** One series a run and statistic. */
export function latencyChart(
  runs: readonly SeriesRun[],
  metric: LatencyMetric,
  statistics: readonly LatencyStatistic[],
): Chart {
  const { field, name, definition } = LATENCY[metric];
  const axis = loadAxis(runs);
  return chart(
    loadTitle(axis),
    { title: `${name} ${statistics.join(', ')} (ms)`, definition },
    runs.flatMap((run) =>
      statistics.map((statistic) => ({
        run,
        id: `${run.id}/${metric}/${statistic}`,
        name: `${run.label} · ${statistic}`,
        x: loadOf(axis),
        y: (point: ResultPoint) => point[field]?.[statistic] ?? null,
      })),
    ),
  );
}

/** `perGpu` divides by the run's GPUs; runs whose GPUs are not known are then left out. */
export function throughputChart(runs: readonly SeriesRun[], kind: ThroughputKind, perGpu = false): Chart {
  const { field, name, unit, definition } = THROUGHPUT[kind];
  const axis = loadAxis(runs);
  return chart(
    loadTitle(axis),
    {
      title: `${name} (${unit}${perGpu ? '/GPU' : ''})`,
      definition: perGpu ? `${definition} Divided by the GPUs of the deployment.` : definition,
    },
    runs.map((run) => ({
      run,
      id: `${run.id}/${kind}`,
      name: run.label,
      x: loadOf(axis),
      y: (point: ResultPoint) => divided(point[field], perGpu ? run.gpus : 1),
    })),
  );
}

/** Output throughput a GPU over the speed that one user sees, with the frontier. Whole throughput where some run's GPUs are not known. */
export function paretoChart(runs: readonly SeriesRun[]): ParetoChart {
  const perGpu = runs.length > 0 && runs.every((run) => run.gpus !== null);
  const drawn = chart(
    { title: 'Speed a user (tok/s/user)', definition: '1000 / median TPOT in ms.' },
    {
      title: `Output throughput (tok/s${perGpu ? '/GPU' : ''})`,
      definition: perGpu
        ? `${THROUGHPUT.output.definition} Divided by the GPUs of the deployment.`
        : `${THROUGHPUT.output.definition} Not a GPU: the GPUs of some run are not known.`,
    },
    runs.map((run) => ({
      run,
      id: `${run.id}/pareto`,
      name: run.label,
      x: speedOfUser,
      y: (point: ResultPoint) => divided(point.output_token_throughput, perGpu ? run.gpus : 1),
    })),
  );
  return { ...drawn, frontier: frontier(drawn.series.flatMap((series) => series.points)) };
}

/** The points that no other point beats on both axes, where more is better; ascending by x. */
export function frontier(points: readonly ChartPoint[]): readonly ChartPoint[] {
  const best: ChartPoint[] = [];
  for (const point of points.toSorted((a, b) => b.x - a.x || b.y - a.y)) {
    const last = best.at(-1);
    if (!last || point.y > last.y) best.push(point);
  }
  return best.toReversed();
}

/** Tokens a second that one user sees: 1000 / median TPOT in ms. */
export function speedOfUser(point: ResultPoint): number | null {
  const median = (point.tpot_ms satisfies LatencyStats | null)?.median ?? null;
  return median === null || median <= 0 ? null : 1000 / median;
}

interface SeriesPlan {
  readonly run: SeriesRun;
  readonly id: string;
  readonly name: string;
  readonly x: (point: ResultPoint) => number | null;
  readonly y: (point: ResultPoint) => number | null;
}

function chart(x: Axis, y: Axis, plans: readonly SeriesPlan[]): Chart {
  let leftOut = 0;
  const series = plans.map((plan): ChartSeries => {
    const points: ChartPoint[] = [];
    for (const point of plan.run.points) {
      const at = { x: plan.x(point), y: plan.y(point) };
      if (at.x === null || at.y === null) leftOut += 1;
      else points.push({ x: at.x, y: at.y, runId: plan.run.id, label: point.label, point });
    }
    return { id: plan.id, runId: plan.run.id, name: plan.name, points: points.sort((a, b) => a.x - b.x) };
  });
  return { x, y, series, leftOut };
}

function loadTitle(axis: LoadAxis): Axis {
  return axis === 'concurrency'
    ? {
        title: 'Concurrency (requests at once)',
        definition: 'Most requests that the load generator keeps open at once, as configured.',
      }
    : { title: 'Request rate (req/s)', definition: 'Requests a second that the load generator was asked to send.' };
}

function loadOf(axis: LoadAxis): (point: ResultPoint) => number | null {
  return axis === 'concurrency'
    ? (point) => point.concurrency
    : (point) => (typeof point.request_rate === 'number' ? point.request_rate : null);
}

function divided(value: number | null, by: number | null): number | null {
  return value === null || by === null || by <= 0 ? null : value / by;
}
