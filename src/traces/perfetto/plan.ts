import type { TraceSummary } from '../types.ts';
import type { NormalisePlan } from './normalise.ts';

/** Times above this (µs; 104 days) have no room for three decimals in a double. */
const EXACT_MICROSECONDS = 2 ** 53 / 1000;

/** What a trace needs, from its summary. `where` (a pod) tells traces of several ranks apart. */
export function planFor(summary: TraceSummary, where: string | undefined): NormalisePlan {
  const firstMicroseconds = Math.floor(Number(BigInt(summary.first_ts_ns ?? 0) / 1000n));
  const lastMicroseconds = Math.floor(Number(BigInt(summary.last_end_ns ?? 0) / 1000n));
  const suffix = [summary.meta.rank === null ? undefined : `rank ${summary.meta.rank}`, where].filter(
    (part) => part !== undefined,
  );
  return {
    baseMicroseconds: lastMicroseconds > EXACT_MICROSECONDS ? firstMicroseconds : 0,
    gpuNames: new Map(
      Object.keys(summary.devices).map((device) => [device, [`GPU ${device}`, ...suffix].join(' \u00B7 ')]),
    ),
    liftCrossing: Object.values(summary.streams).some((stream) => stream.starts_before_previous_end > 0),
  };
}
