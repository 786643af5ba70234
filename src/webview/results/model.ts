import type { SeriesRun } from '../../benchmarks/series.ts';
import type { LatencyStats, ResultPoint } from '../../benchmarks/types.ts';
import type { RunFigures, RunItem } from '../../protocol/results.ts';

/** A chosen run: what charts draw, with its place in the colours and all that the list and the cards show. */
export interface ShownRun extends SeriesRun {
  readonly item: RunItem;
  readonly figures: RunFigures;
  readonly color: number;
}

export function shownRuns(items: readonly RunItem[], figures: readonly RunFigures[]): readonly ShownRun[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  return figures.flatMap((found, color) => {
    const item = byId.get(found.id);
    if (!item) return [];
    const points = found.points.toSorted((a, b) => (loadOf(a) ?? Infinity) - (loadOf(b) ?? Infinity));
    return [{ id: found.id, label: item.label, gpus: found.gpus, item, figures: found, color, points }];
  });
}

/** Concurrency, or where a tool does not say it, the request rate. */
export function loadOf(point: ResultPoint): number | null {
  if (point.concurrency !== null) return point.concurrency;
  return typeof point.request_rate === 'number' ? point.request_rate : null;
}

/** Output tokens per second a GPU; null when the number of GPUs is not known. */
export function throughputPerGpu(point: ResultPoint, gpus: number | null): number | null {
  return point.output_token_throughput === null || gpus === null || gpus === 0
    ? null
    : point.output_token_throughput / gpus;
}

export function percentile(stats: LatencyStats | null, name: 'median' | 'p99'): number | null {
  return stats?.[name] ?? null;
}

/** The baseline's point at the same load: what a difference is measured against. */
export function baselinePoint(runs: readonly ShownRun[], run: ShownRun, point: ResultPoint): ResultPoint | undefined {
  const baseline = runs.find((other) => other.item.baseline);
  if (!baseline || baseline === run) return undefined;
  const load = loadOf(point);
  return load === null ? undefined : baseline.points.find((other) => loadOf(other) === load);
}
