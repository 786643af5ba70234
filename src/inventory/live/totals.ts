import type { RankFigures } from './types.ts';

/** Figures of several ranks together. Sums are of what is known; a figure that no rank tells is undefined. */
export interface RankTotals {
  readonly ranks: number;
  readonly running: number | undefined;
  readonly waiting: number | undefined;
  /** Mean of the ranks' caches, 0 to 1; the ranks of a role have caches of the same size. */
  readonly kvCacheUse: number | undefined;
  /** The fullest cache: a full one preempts, however empty the others are. */
  readonly kvCachePeak: number | undefined;
  /** Tokens a second. */
  readonly generationRate: number | undefined;
  readonly promptRate: number | undefined;
  /** Hits over queries of all ranks together, 0 to 1; undefined while nothing was looked up. */
  readonly prefixHitRate: number | undefined;
}

export function totalsOf(ranks: readonly RankFigures[]): RankTotals {
  const values = (figure: Exclude<keyof RankFigures, 'engine'>): readonly number[] =>
    ranks.map((rank) => rank[figure]).filter((value) => value !== undefined);
  const caches = values('kvCacheUse');
  const queries = sum(values('prefixQueries')) ?? 0;
  return {
    ranks: ranks.length,
    running: sum(values('running')),
    waiting: sum(values('waiting')),
    kvCacheUse: caches.length === 0 ? undefined : (sum(caches) ?? 0) / caches.length,
    kvCachePeak: caches.length === 0 ? undefined : Math.max(...caches),
    generationRate: sum(values('generationRate')),
    promptRate: sum(values('promptRate')),
    prefixHitRate: queries === 0 ? undefined : (sum(values('prefixHits')) ?? 0) / queries,
  };
}

function sum(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((total, value) => total + value, 0);
}
