import type { EngineRank } from '../engine/engine-rank.ts';

interface Totals {
  readonly prompt: number;
  readonly generation: number;
}

/** The line that vLLM writes every ten seconds for each engine that is not idle. */
export class StatsLog {
  readonly #last = new Map<number, Totals>();
  readonly #idle = new Set<number>();

  lines(ranks: readonly EngineRank[], seconds: number): readonly string[] {
    return ranks.flatMap((rank) => this.#line(rank, seconds) ?? []);
  }

  /** One more line is written when an engine falls idle, then silence. */
  #line(rank: EngineRank, seconds: number): string | undefined {
    const { metrics, cache } = rank;
    const last = this.#last.get(rank.index) ?? { prompt: 0, generation: 0 };
    const now = { prompt: metrics.promptTokens, generation: metrics.generationTokens };
    this.#last.set(rank.index, now);
    const idle = rank.running + rank.waiting === 0 && now.generation === last.generation;
    if (idle && (this.#idle.has(rank.index) || now.generation === 0)) return undefined;
    if (idle) this.#idle.add(rank.index);
    else this.#idle.delete(rank.index);
    const rate = (tokens: number): string => (tokens / seconds).toFixed(1);
    const hits = metrics.prefixQueries === 0 ? 0 : (100 * metrics.prefixHits) / metrics.prefixQueries;
    const external = metrics.externalQueries === 0 ? '' : `, External prefix cache hit rate: ${((100 * metrics.externalHits) / metrics.externalQueries).toFixed(1)}%`;
    return `Engine ${String(rank.index).padStart(3, '0')}: Avg prompt throughput: ${rate(now.prompt - last.prompt)} tokens/s, Avg generation throughput: ${rate(now.generation - last.generation)} tokens/s, Running: ${rank.running} reqs, Waiting: ${rank.waiting} reqs, GPU KV cache usage: ${(100 * cache.usage).toFixed(1)}%, Prefix cache hit rate: ${hits.toFixed(1)}%${external}`;
  }
}
