import type { EngineReading } from './readings.ts';

/** Counters of one engine at one moment, with what tells one run of its server from the next. */
export interface CountedReading {
  readonly reading: EngineReading;
  /** The pod's uid: another pod of the same name starts again, and what it did before it was first asked is not known. */
  readonly uid: string;
  /** Restarts of its container: a restarted server counts from zero. */
  readonly restarts: number;
  /** Monotonic ms. */
  readonly at: number;
}

/** What happened between two answers of one engine. */
export interface Increase {
  readonly seconds: number;
  readonly generatedTokens: number | undefined;
  readonly promptTokens: number | undefined;
  readonly prefixQueries: number | undefined;
  readonly prefixHits: number | undefined;
}

/**
 * The increase from one answer to the next. A counter that fell, or whose server restarted, counts from zero. Undefined
 * where there is nothing to compare with: the first answer, another pod, or one so long ago that it tells nothing of now.
 */
export function increase(
  before: CountedReading | undefined,
  now: CountedReading,
  longestGapMs: number,
): Increase | undefined {
  if (before === undefined || before.uid !== now.uid) return undefined;
  const elapsed = now.at - before.at;
  if (elapsed <= 0 || elapsed > longestGapMs) return undefined;
  const restarted = before.restarts !== now.restarts;
  const counted = (figure: 'generatedTokens' | 'promptTokens' | 'prefixQueries' | 'prefixHits'): number | undefined =>
    grown(before.reading[figure], now.reading[figure], restarted);
  return {
    seconds: elapsed / 1000,
    generatedTokens: counted('generatedTokens'),
    promptTokens: counted('promptTokens'),
    prefixQueries: counted('prefixQueries'),
    prefixHits: counted('prefixHits'),
  };
}

function grown(before: number | undefined, now: number | undefined, restarted: boolean): number | undefined {
  if (before === undefined || now === undefined) return undefined;
  return restarted || now < before ? now : now - before;
}
