import { sleep, systemClock } from '../../../../base/clock.ts';
import { seededRandom } from '../../../random.ts';
import { measureCompletion, type LoadTarget, type MeasuredRequest } from '../load/completion-load.ts';
import { PromptSource } from '../load/prompts.ts';
import type { GuidellmOptions, Strategy } from './options.ts';

export type RequestStatus = 'successful' | 'errored' | 'incomplete';

/** One request with the scheduler's times around it; monotonic ms. */
export interface ScheduledRequest {
  readonly measured: MeasuredRequest;
  readonly status: RequestStatus;
  readonly queuedAt: number;
  readonly targetedAt: number;
  readonly prompt: string;
  readonly worker: number;
}

/** One benchmark: all requests of one strategy. */
export interface StrategyRun {
  readonly strategy: Strategy;
  readonly startedAt: number;
  readonly endedAt: number;
  /** When the last request was handed out. */
  readonly queuingEndedAt: number;
  readonly requests: readonly ScheduledRequest[];
  readonly promptTokens: number;
}

/** Offers one strategy's load until a constraint ends it; requests cut by the time limit are incomplete. Rejects with `aborted`. */
export async function runStrategy(
  options: GuidellmOptions,
  model: string,
  target: LoadTarget,
  strategy: Strategy,
  signal: AbortSignal,
): Promise<StrategyRun> {
  const load = new StrategyLoad(options, model, target, signal);
  return await load.run(strategy);
}

class StrategyLoad {
  readonly #options: GuidellmOptions;
  readonly #model: string;
  readonly #target: LoadTarget;
  readonly #signal: AbortSignal;
  readonly #limit = new AbortController();
  readonly #prompts: PromptSource;
  readonly #requests: ScheduledRequest[] = [];
  #created = 0;
  #errors = 0;
  #startedAt = 0;
  #queuingEndedAt = 0;

  constructor(options: GuidellmOptions, model: string, target: LoadTarget, signal: AbortSignal) {
    this.#options = options;
    this.#model = model;
    this.#target = target;
    this.#signal = signal;
    this.#prompts = new PromptSource(options.seed, options.data.prefixTokens);
  }

  async run(strategy: Strategy): Promise<StrategyRun> {
    this.#startedAt = performance.now();
    const seconds = this.#options.maxSeconds;
    const timer = seconds === undefined ? undefined : systemClock.setTimer(seconds * 1000, () => this.#limit.abort());
    try {
      await this.#offer(strategy);
    } finally {
      timer?.dispose();
    }
    this.#signal.throwIfAborted();
    return {
      strategy,
      startedAt: this.#startedAt,
      endedAt: performance.now(),
      queuingEndedAt: this.#queuingEndedAt,
      requests: this.#requests,
      promptTokens: this.#options.data.promptTokens,
    };
  }

  #offer(strategy: Strategy): Promise<void> {
    switch (strategy.kind) {
      case 'synchronous':
        return this.#streams(1);
      case 'concurrent':
        return this.#streams(strategy.streams);
      case 'throughput':
        return this.#streams(strategy.maxConcurrency);
      case 'constant':
      case 'poisson':
        return this.#arrivals(strategy);
    }
  }

  async #streams(count: number): Promise<void> {
    await Promise.all(
      Array.from({ length: count }, async (_, stream) => {
        const delay = (this.#options.rampupSeconds * 1000 * stream) / count;
        if (delay > 0) await this.#pause(delay);
        while (this.#mayStart()) await this.#one(stream, performance.now());
      }),
    );
  }

  async #arrivals(strategy: { readonly kind: 'constant' | 'poisson'; readonly rate: number }): Promise<void> {
    const random = seededRandom(this.#options.seed);
    const running: Promise<void>[] = [];
    let due = performance.now();
    while (this.#mayStart()) {
      const wait = due - performance.now();
      if (wait > 1) await this.#pause(wait);
      if (!this.#mayStart()) break;
      running.push(this.#one(running.length % 10, due));
      due += ((strategy.kind === 'constant' ? 1 : -Math.log(1 - random())) / strategy.rate) * 1000;
    }
    await Promise.all(running);
  }

  #mayStart(): boolean {
    const { maxRequests, maxErrors } = this.#options;
    return !this.#stopped && this.#created < (maxRequests ?? Infinity) && this.#errors < (maxErrors ?? Infinity);
  }

  get #stopped(): boolean {
    return this.#limit.signal.aborted || this.#signal.aborted;
  }

  async #pause(ms: number): Promise<void> {
    try {
      await sleep(systemClock, ms, AbortSignal.any([this.#limit.signal, this.#signal]));
    } catch {
      // Ended early: the callers look at the limit next.
    }
  }

  async #one(worker: number, targetedAt: number): Promise<void> {
    this.#created += 1;
    const { data } = this.#options;
    const prompt = this.#prompts.next(this.#prompts.length(data.promptTokens, data.promptSpread));
    const outputTokens = this.#prompts.length(data.outputTokens, data.outputSpread);
    this.#queuingEndedAt = performance.now();
    const measured = await measureCompletion(
      this.#target,
      requestBody(this.#options, this.#model, prompt, outputTokens),
      AbortSignal.any([this.#limit.signal, this.#signal]),
    );
    const status: RequestStatus = measured.ok ? 'successful' : measured.cancelled ? 'incomplete' : 'errored';
    if (status === 'errored') {
      this.#errors += 1;
      // A refused connection fails at once: without a pause a stream would spin.
      await this.#pause(20);
    }
    this.#requests.push({ measured, status, queuedAt: this.#startedAt, targetedAt, prompt, worker });
  }
}

/** The body that the tool sends, and writes into its file. */
export function requestBody(
  options: GuidellmOptions,
  model: string,
  prompt: string,
  outputTokens: number,
): Readonly<Record<string, unknown>> {
  const common = { model, stream: true, stream_options: { include_usage: true, continuous_usage_stats: true } };
  return options.chat
    ? {
        ...common,
        max_completion_tokens: outputTokens,
        stop: null,
        ignore_eos: true,
        messages: [{ role: 'user', content: [{ type: 'text', text: prompt }] }],
      }
    : { ...common, max_tokens: outputTokens, stop: null, ignore_eos: true, prompt };
}
