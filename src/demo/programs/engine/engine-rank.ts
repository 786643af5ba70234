import { EngineMetrics } from './engine-metrics.ts';
import type { KvCache } from './kv-cache.ts';
import type { PerformanceModel, StepWork } from './performance.ts';
import { ActiveRequest, type GenerationRequest } from './request.ts';

export interface RankLimits {
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
}

/** What a rank does in one step, as the profiler's annotation tells it too. */
export interface StepPlan extends StepWork {
  readonly contextRequests: number;
  readonly promptTokens: number;
  readonly decodes: number;
  readonly shares: readonly { readonly active: ActiveRequest; readonly tokens: number }[];
}

/**
 * One data-parallel rank: vLLM's scheduler without the model. Running sequences come first, one token each or the next
 * chunk of their prompt, then waiting ones while the token budget, the sequence limit and the KV cache allow.
 * When the cache is full the youngest running sequence is preempted and computed again later.
 */
export class EngineRank {
  readonly index: number;
  readonly metrics = new EngineMetrics();
  readonly cache: KvCache;
  readonly performance: PerformanceModel;
  readonly #limits: RankLimits;
  readonly #waiting: ActiveRequest[] = [];
  readonly #running: ActiveRequest[] = [];
  readonly #transferring: ActiveRequest[] = [];
  readonly #unsent = new Set<ActiveRequest>();

  constructor(index: number, cache: KvCache, performance: PerformanceModel, limits: RankLimits) {
    this.index = index;
    this.cache = cache;
    this.performance = performance;
    this.#limits = limits;
  }

  get running(): number {
    return this.#running.length;
  }

  get waiting(): number {
    return this.#waiting.length + this.#transferring.length;
  }

  add(request: GenerationRequest, now: number): ActiveRequest {
    const active = new ActiveRequest(request, now);
    if (request.remotePrefill) {
      const transfer = this.performance.transferMs(request.promptTokens);
      active.transferEndsAt = now + transfer;
      this.metrics.externalQueries += request.promptTokens;
      this.metrics.externalHits += request.promptTokens - 1;
      this.metrics.transferTime.observe(transfer / 1000);
      this.metrics.transferBytes.observe(request.promptTokens * this.performance.kvBytesPerToken);
      this.#transferring.push(active);
    } else this.#waiting.push(active);
    return active;
  }

  /** The client went away. */
  abort(active: ActiveRequest): void {
    if (active.finish !== undefined) return;
    active.finish = 'abort';
    this.metrics.finished.abort += 1;
    for (const queue of [this.#waiting, this.#running, this.#transferring]) {
      const index = queue.indexOf(active);
      if (index >= 0) queue.splice(index, 1);
    }
    this.#release(active);
    this.#unsent.delete(active);
  }

  /** When the earliest KV transfer arrives, so that an idle engine knows when to wake. */
  nextTransferAt(): number | undefined {
    return this.#transferring.length === 0
      ? undefined
      : Math.min(...this.#transferring.map((active) => active.transferEndsAt ?? Infinity));
  }

  /** Chooses what the step that starts at `now` computes. */
  schedule(now: number): StepPlan {
    this.#admitTransferred(now);
    const shares: { active: ActiveRequest; tokens: number }[] = [];
    let budget = this.#limits.maxNumBatchedTokens;
    for (let index = 0; index < this.#running.length && budget > 0; index += 1) {
      const active = this.#running[index];
      if (active === undefined) break;
      const tokens = Math.min(active.context - active.computed, budget);
      if (!this.#grow(active, tokens)) break;
      shares.push({ active, tokens });
      budget -= tokens;
    }
    while (budget > 0 && this.#running.length < this.#limits.maxNumSeqs) {
      const active = this.#waiting[0];
      if (active === undefined) break;
      this.#lookUpPrefix(active);
      const tokens = Math.min(active.context - active.computed, budget);
      if (!this.#takeBlocks(active, active.computed + tokens)) break;
      this.#waiting.shift();
      this.#start(active, now);
      shares.push({ active, tokens });
      budget -= tokens;
    }
    return planOf(shares);
  }

  /** Books the step that ended at `now`: chunks computed, tokens sampled, sequences ended. */
  commit(plan: StepPlan, now: number): void {
    for (const { active, tokens } of plan.shares) {
      if (active.finish !== undefined) continue;
      active.computed += tokens;
      if (active.computed < active.context) continue;
      this.#sample(active, now);
    }
  }

  /** Hands the new tokens of this wake-up to the requests' listeners. */
  flush(): void {
    for (const active of this.#unsent) {
      const count = active.pending;
      active.pending = 0;
      active.request.onTokens({ count, finish: active.finish });
    }
    this.#unsent.clear();
  }

  #admitTransferred(now: number): void {
    for (let index = 0; index < this.#transferring.length; index += 1) {
      const active = this.#transferring[index];
      if (active === undefined || (active.transferEndsAt ?? 0) > now) continue;
      this.#transferring.splice(index, 1);
      index -= 1;
      active.computed = active.request.promptTokens - 1;
      this.#waiting.push(active);
    }
  }

  #lookUpPrefix(active: ActiveRequest): void {
    if (active.computed > 0 || active.scheduledAt !== undefined) return;
    const cached = this.cache.cachedTokens(active.request.blockHashes, active.request.promptTokens);
    this.metrics.prefixQueries += active.request.promptTokens;
    this.metrics.prefixHits += cached;
    active.computed = cached;
  }

  #start(active: ActiveRequest, now: number): void {
    this.#running.push(active);
    if (active.scheduledAt !== undefined) return;
    active.scheduledAt = now;
    this.metrics.queueTime.observe((now - active.arrivedAt) / 1000);
  }

  /** Makes room for more tokens, by preemption where it must. False when the sequence itself had to yield. */
  #grow(active: ActiveRequest, tokens: number): boolean {
    while (!this.#takeBlocks(active, active.computed + tokens)) {
      const victim = this.#running.pop();
      if (victim === undefined) return false;
      this.#release(victim);
      victim.computed = 0;
      this.metrics.preemptions += 1;
      this.#waiting.unshift(victim);
      if (victim === active) return false;
    }
    return true;
  }

  #takeBlocks(active: ActiveRequest, tokens: number): boolean {
    const more = this.cache.blocksOf(tokens) - active.blocks;
    if (more <= 0) return true;
    if (!this.cache.take(more)) return false;
    active.blocks += more;
    return true;
  }

  #release(active: ActiveRequest): void {
    this.cache.free(active.blocks);
    active.blocks = 0;
  }

  #sample(active: ActiveRequest, now: number): void {
    active.generated += 1;
    active.pending += 1;
    this.#unsent.add(active);
    this.metrics.generationTokens += 1;
    if (active.firstTokenAt === undefined) {
      active.firstTokenAt = now;
      this.metrics.promptTokens += active.request.promptTokens;
      this.cache.remember(active.request.blockHashes);
      this.metrics.timeToFirstToken.observe((now - active.arrivedAt) / 1000);
      this.metrics.prefillTime.observe((now - (active.scheduledAt ?? now)) / 1000);
    } else this.metrics.interTokenLatency.observe((now - active.lastTokenAt) / 1000);
    active.lastTokenAt = now;
    if (active.generated >= active.lastToken) this.#end(active, now);
  }

  #end(active: ActiveRequest, now: number): void {
    active.finish = active.generated >= active.request.maxTokens ? 'length' : 'stop';
    this.metrics.finished[active.finish] += 1;
    this.metrics.endToEnd.observe((now - active.arrivedAt) / 1000);
    this.metrics.decodeTime.observe((now - (active.firstTokenAt ?? now)) / 1000);
    this.#running.splice(this.#running.indexOf(active), 1);
    this.#release(active);
  }
}

function planOf(shares: StepPlan['shares']): StepPlan {
  let tokens = 0;
  let contextTokens = 0;
  let decodes = 0;
  for (const { active, tokens: share } of shares) {
    tokens += share;
    contextTokens += active.computed + share;
    if (active.decoding) decodes += 1;
  }
  return {
    shares,
    tokens,
    contextTokens,
    decodes,
    sequences: shares.length,
    contextRequests: shares.length - decodes,
    promptTokens: tokens - decodes,
  };
}
