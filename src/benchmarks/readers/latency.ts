import type { LatencyStats } from '../types.ts';

/** guidellm and llm-d-benchmark write the per-mille percentiles without a point. */
const PER_MILLE: ReadonlyMap<string, number> = new Map([
  ['001', 0.1],
  ['999', 99.9],
]);

const NAMES: Readonly<Record<string, 'mean' | 'median' | 'std' | 'min' | 'max'>> = {
  mean: 'mean',
  median: 'median',
  std: 'std',
  std_dev: 'std',
  stddev: 'std',
  min: 'min',
  max: 'max',
};

/** `p99.9` for any tool's spelling (`p999`, `p99p9`, `p99.9`), `p5` for `p05`; undefined for what is no percentile. */
export function percentileName(raw: string): `p${string}` | undefined {
  const match = /^[pP](\d+)(?:[.p](\d+))?$/.exec(raw);
  if (!match?.[1]) return undefined;
  const value =
    match[2] === undefined ? (PER_MILLE.get(match[1]) ?? Number(match[1])) : Number(`${match[1]}.${match[2]}`);
  return value <= 100 ? `p${value}` : undefined;
}

/**
 * Latency figures in ms from a tool's own names and unit. Null when not one figure is there.
 * `median` and `p50` are one figure: each is filled from the other.
 */
export function latency(figures: Readonly<Record<string, unknown>>, toMs: number): LatencyStats | null {
  const stats: {
    mean: number | null;
    median: number | null;
    std: number | null;
    min: number | null;
    max: number | null;
    [percentile: `p${string}`]: number | null;
  } = {
    mean: null,
    median: null,
    std: null,
    min: null,
    max: null,
  };
  let found = false;
  for (const [raw, value] of Object.entries(figures)) {
    const name = (Object.hasOwn(NAMES, raw) ? NAMES[raw] : undefined) ?? percentileName(raw);
    if (name === undefined || typeof value !== 'number' || !Number.isFinite(value)) continue;
    stats[name] = value * toMs;
    found = true;
  }
  if (!found) return null;
  stats.median ??= stats['p50'] ?? null;
  if (stats.median !== null) stats['p50'] ??= stats.median;
  return stats;
}
