import { float, type PythonFloat } from '../python-json.ts';

/** A value and how often it counts. */
export type Weighted = readonly [value: number, weight: number];

const PERCENTILES = {
  p001: 0.1,
  p01: 1,
  p05: 5,
  p10: 10,
  p25: 25,
  p50: 50,
  p75: 75,
  p90: 90,
  p95: 95,
  p99: 99,
  p999: 99.9,
} as const;

export interface Distribution {
  readonly mean: number;
  readonly median: number;
  readonly mode: number;
  readonly variance: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly totalSum: number;
  readonly percentiles: Readonly<Record<keyof typeof PERCENTILES, number>>;
}

/** The distribution of weighted values. `count` is the sum of weights unless given. */
export function distribution(samples: readonly Weighted[], count?: number): Distribution {
  const sorted = samples.filter(([, weight]) => weight > 0).sort(([left], [right]) => left - right);
  const total = sorted.reduce((sum, [, weight]) => sum + weight, 0);
  const weighted = sorted.reduce((sum, [value, weight]) => sum + value * weight, 0);
  const mean = total === 0 ? 0 : weighted / total;
  const variance =
    total === 0 ? 0 : sorted.reduce((sum, [value, weight]) => sum + weight * (value - mean) ** 2, 0) / total;
  const percentiles = percentilesOf(sorted, total);
  return {
    mean,
    median: percentiles.p50,
    mode: heaviest(sorted),
    variance,
    min: sorted[0]?.[0] ?? 0,
    max: sorted.at(-1)?.[0] ?? 0,
    count: count ?? total,
    totalSum: mean * (count ?? total),
    percentiles,
  };
}

/** The smallest value whose cumulated weight reaches each share. */
function percentilesOf(sorted: readonly Weighted[], total: number): Distribution['percentiles'] {
  const at = (percent: number): number => {
    let seen = 0;
    for (const [value, weight] of sorted) {
      seen += weight;
      if (seen >= (percent / 100) * total - 1e-12) return value;
    }
    return sorted.at(-1)?.[0] ?? 0;
  };
  return Object.fromEntries(
    Object.entries(PERCENTILES).map(([name, percent]) => [name, at(percent)]),
  ) as Distribution['percentiles'];
}

function heaviest(sorted: readonly Weighted[]): number {
  const weights = new Map<number, number>();
  for (const [value, weight] of sorted) weights.set(value, (weights.get(value) ?? 0) + weight);
  let best: Weighted = [0, 0];
  for (const entry of weights) if (entry[1] > best[1]) best = entry;
  return best[0];
}

/** Something that happened at a time (seconds), with a weight such as its tokens. */
export interface RateEvent {
  readonly time: number;
  readonly weight: number;
}

/**
 * Rates between events, weighted by how long they held. The mean is all weight over first to last event, or over the
 * window where one is given.
 */
export function rateDistribution(
  events: readonly RateEvent[],
  window?: { readonly start: number; readonly end: number },
): Distribution {
  const sorted = [...events].sort((left, right) => left.time - right.time);
  const weight = sorted.reduce((sum, event) => sum + event.weight, 0);
  const start = window?.start ?? sorted[0]?.time ?? 0;
  const end = window?.end ?? sorted.at(-1)?.time ?? 0;
  const rates: Weighted[] = [];
  let before = start;
  let gathered = 0;
  for (const event of sorted) {
    gathered += event.weight;
    if (event.time <= before) continue;
    rates.push([gathered / (event.time - before), event.time - before]);
    before = event.time;
    gathered = 0;
  }
  const shape = distribution(rates, weight);
  const mean = end > start ? weight / (end - start) : 0;
  return { ...shape, mean, totalSum: mean * weight };
}

/** How much was under way at once, weighted by how long it was so. */
export function concurrencyDistribution(
  intervals: readonly { readonly start: number; readonly end: number; readonly weight: number }[],
  count: number,
): Distribution {
  const changes = intervals
    .flatMap(({ start, end, weight }) => [
      { time: start, change: weight },
      { time: end, change: -weight },
    ])
    .sort((left, right) => left.time - right.time);
  const levels: Weighted[] = [];
  let level = 0;
  changes.forEach((change, index) => {
    level += change.change;
    const next = changes[index + 1];
    if (next && next.time > change.time) levels.push([level, next.time - change.time]);
  });
  return distribution(levels, count);
}

/** As the tool writes it; all numbers are Python floats but the count. */
export function distributionJson(value: Distribution): Readonly<Record<string, unknown>> {
  const percentiles: Record<string, PythonFloat> = {};
  for (const [name, number] of Object.entries(value.percentiles)) percentiles[name] = float(number);
  return {
    mean: float(value.mean),
    median: float(value.median),
    mode: float(value.mode),
    variance: float(value.variance),
    std_dev: float(Math.sqrt(value.variance)),
    min: float(value.min),
    max: float(value.max),
    count: Math.round(value.count),
    total_sum: float(value.totalSum),
    percentiles,
    pdf: null,
  };
}
