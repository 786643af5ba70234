import type { FinishReason } from './engine-metrics.ts';

/** Tokens that one wake-up of the engine produced for one request, and whether it ended with them. */
export interface TokenBatch {
  readonly count: number;
  readonly finish: FinishReason | undefined;
}

/** One sequence to generate. */
export interface GenerationRequest {
  readonly promptTokens: number;
  /** Chained hashes of the prompt's full blocks, for the prefix cache. */
  readonly blockHashes: readonly number[];
  readonly maxTokens: number;
  /** Token count at which the model ends of its own; ignored where `ignoreEos` was asked. Undefined: it never does. */
  readonly naturalLength: number | undefined;
  /** The KV cache of the prompt comes from a prefill worker. */
  readonly remotePrefill: boolean;
  /** Called once an engine wake-up, never re-entrantly from `add`. */
  readonly onTokens: (batch: TokenBatch) => void;
}

/** A request inside an engine. Times are ms of the engine's clock. */
export class ActiveRequest {
  readonly request: GenerationRequest;
  readonly arrivedAt: number;
  /** Prompt and generated tokens whose KV is in the cache. */
  computed = 0;
  generated = 0;
  blocks = 0;
  scheduledAt: number | undefined;
  firstTokenAt: number | undefined;
  lastTokenAt = 0;
  /** Set while the KV transfer of a remote prefill is under way. */
  transferEndsAt: number | undefined;
  /** Tokens not handed to the listener yet. */
  pending = 0;
  finish: FinishReason | undefined;

  constructor(request: GenerationRequest, arrivedAt: number) {
    this.request = request;
    this.arrivedAt = arrivedAt;
  }

  /** Tokens that must be in the cache before the next one can be sampled. */
  get context(): number {
    return this.request.promptTokens + this.generated;
  }

  get decoding(): boolean {
    return this.generated > 0 && this.context - this.computed <= 1;
  }

  get lastToken(): number {
    return Math.min(this.request.maxTokens, this.request.naturalLength ?? Infinity);
  }
}
