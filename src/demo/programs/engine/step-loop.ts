import type { Clock } from '../../../base/clock.ts';
import { disposable, type Disposable } from '../../../base/disposables.ts';
import type { EngineRank, StepPlan } from './engine-rank.ts';
import { durationNoise, type Random } from '../../random.ts';

/** One step of all ranks that advance together. */
export interface StepRecord {
  /** Monotonic ms. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** By rank index. */
  readonly plans: ReadonlyMap<number, StepPlan>;
  /** What each rank computes without waiting, by rank index. */
  readonly computeMs: ReadonlyMap<number, number>;
  /** Dispatch and combine over all layers. */
  readonly exchangeMs: number;
}

/** After a stall longer than this (a suspended machine) lost time is not caught up. */
const LONGEST_CATCH_UP_MS = 2000;

/**
 * Steps engines on the real clock. With expert parallelism the ranks of a group exchange tokens in every layer, so they
 * advance in lock step and idle ones run along; engines without it have a loop each. There is one timer at a time:
 * steps that ended while the event loop was busy are booked together, and their tokens leave in one write a request.
 */
export class StepLoop implements Disposable {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #ranks: EngineRank[] = [];
  readonly #observers = new Set<(step: StepRecord) => void>();
  #timer: Disposable | undefined;
  #step: StepRecord | undefined;
  #holds = 0;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  get ranks(): readonly EngineRank[] {
    return this.#ranks;
  }

  join(rank: EngineRank): void {
    this.#ranks.push(rank);
  }

  /** Takes a rank out, as when its pod ends. */
  leave(rank: EngineRank): void {
    const index = this.#ranks.indexOf(rank);
    if (index >= 0) this.#ranks.splice(index, 1);
    if (this.#ranks.length === 0) this.dispose();
  }

  /** Calls back for every step that ends. */
  observe(listener: (step: StepRecord) => void): Disposable {
    this.#observers.add(listener);
    return { dispose: () => this.#observers.delete(listener) };
  }

  /** Keeps the engines from starting a step until released, as a profiler that flushes on one rank keeps its peers waiting. */
  hold(): Disposable {
    this.#holds += 1;
    return disposable(() => {
      this.#holds -= 1;
      this.wake();
    });
  }

  /** A request came: starts stepping when idle. */
  wake(): void {
    if (this.#step === undefined && this.#holds === 0) this.#begin(this.#clock.monotonic());
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    this.#step = undefined;
  }

  #begin(startedAt: number): void {
    if (this.#holds > 0) return;
    const plans = new Map(this.#ranks.map((rank) => [rank.index, rank.schedule(startedAt)]));
    const tokens = this.#ranks.map((rank) => plans.get(rank.index)?.tokens ?? 0);
    const tokensOfGroup = tokens.reduce((sum, count) => sum + count, 0);
    if (tokensOfGroup === 0) {
      this.#timer?.dispose();
      this.#timer = undefined;
      this.#sleepUntilTransfer();
      return;
    }
    const computeMs = new Map(
      this.#ranks.map((rank) => [rank.index, rank.performance.computeMs(plans.get(rank.index) ?? IDLE, tokensOfGroup)]),
    );
    const exchangeMs = this.#ranks[0]?.performance.exchangeMs(Math.max(...tokens)) ?? 0;
    const durationMs = (Math.max(...computeMs.values()) + exchangeMs) * durationNoise(this.#random);
    this.#step = { startedAt, durationMs, plans, computeMs, exchangeMs };
    this.#arm(startedAt + durationMs, () => this.#catchUp());
  }

  #sleepUntilTransfer(): void {
    const arrivals = this.#ranks.map((rank) => rank.nextTransferAt() ?? Infinity);
    const next = Math.min(Infinity, ...arrivals);
    if (next !== Infinity) this.#arm(next, () => this.#begin(Math.max(next, this.#clock.monotonic())));
  }

  #arm(at: number, fire: () => void): void {
    this.#timer?.dispose();
    this.#timer = this.#clock.setTimer(Math.max(0, at - this.#clock.monotonic()), fire);
  }

  #catchUp(): void {
    const now = this.#clock.monotonic();
    while (this.#step !== undefined) {
      const step = this.#step;
      const endsAt = step.startedAt + step.durationMs;
      if (endsAt > now) {
        // Timers may fire a fraction of a millisecond early.
        this.#arm(endsAt, () => this.#catchUp());
        break;
      }
      this.#step = undefined;
      for (const rank of this.#ranks) {
        const plan = step.plans.get(rank.index);
        if (plan) rank.commit(plan, endsAt);
      }
      for (const observer of this.#observers) observer(step);
      const lost = now - endsAt > LONGEST_CATCH_UP_MS;
      this.#begin(lost ? now : endsAt);
    }
    for (const rank of this.#ranks) rank.flush();
  }
}

const IDLE: StepPlan = {
  shares: [],
  tokens: 0,
  contextTokens: 0,
  decodes: 0,
  sequences: 0,
  contextRequests: 0,
  promptTokens: 0,
};
