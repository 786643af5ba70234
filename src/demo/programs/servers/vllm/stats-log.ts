import type { EngineRank } from '../../engine/engine-rank.ts';
import type { VllmVersion } from './version.ts';

interface Totals {
  readonly prompt: number;
  readonly generation: number;
}

/** The line that vLLM writes every ten seconds for each engine that is not idle. */
export class StatsLog {
  readonly #last = new Map<number, Totals>();
  readonly #idle = new Set<number>();
  readonly #transferred = new Map<number, { readonly count: number; readonly sum: number }>();
  readonly #tellsTransfers: boolean;

  constructor(version: VllmVersion) {
    this.#tellsTransfers = version.minor >= 12;
  }

  lines(ranks: readonly EngineRank[], seconds: number): readonly string[] {
    return ranks.flatMap((rank) => [this.#line(rank, seconds) ?? [], this.#transfers(rank) ?? []].flat());
  }

  /** KV transfers since the last line, from the version on that tells them. */
  #transfers(rank: EngineRank): string | undefined {
    const { count, sum } = rank.metrics.transferTime;
    const last = this.#transferred.get(rank.index) ?? { count: 0, sum: 0 };
    this.#transferred.set(rank.index, { count, sum });
    const since = count - last.count;
    if (!this.#tellsTransfers || since === 0) return undefined;
    return `KV Transfer metrics: Num successful transfers=${since}, Avg xfer time (ms)=${((1000 * (sum - last.sum)) / since).toFixed(3)}`;
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
    const external =
      metrics.externalQueries === 0
        ? ''
        : `, External prefix cache hit rate: ${((100 * metrics.externalHits) / metrics.externalQueries).toFixed(1)}%`;
    return `Engine ${String(rank.index).padStart(3, '0')}: Avg prompt throughput: ${rate(now.prompt - last.prompt)} tokens/s, Avg generation throughput: ${rate(now.generation - last.generation)} tokens/s, Running: ${rank.running} reqs, Waiting: ${rank.waiting} reqs, GPU KV cache usage: ${(100 * cache.usage).toFixed(1)}%, Prefix cache hit rate: ${hits.toFixed(1)}%${external}`;
  }
}
