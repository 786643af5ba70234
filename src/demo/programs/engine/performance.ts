import type { ModelShape } from './model-shape.ts';

/** How a model is spread over GPUs. */
export interface Placement {
  readonly tensorParallel: number;
  /** Ranks that share the experts (data parallel x tensor parallel); 1 without expert parallelism. */
  readonly expertParallel: number;
  /** True when the expert-parallel group spans several nodes, so that its traffic goes over InfiniBand. */
  readonly multiNode: boolean;
  readonly gpuMemoryUtilization: number;
  readonly kvCacheFp8: boolean;
  readonly enforceEager: boolean;
}

/** What one engine does in one step. */
export interface StepWork {
  readonly sequences: number;
  /** Tokens computed: one a decoding sequence plus the chunks of prompts. */
  readonly tokens: number;
  /** Tokens in the KV cache that attention reads. */
  readonly contextTokens: number;
}

/** NVIDIA H200 SXM: peak figures and what large kernels reach of them. */
export const H200 = {
  name: 'NVIDIA H200',
  memoryBytes: 150_107_324_416,
  bandwidth: 4.8e12 * 0.7,
  flops: { fp8: 1979e12 * 0.42, bf16: 989e12 * 0.5 },
  nvlinkBandwidth: 200e9,
  infinibandBandwidth: 42e9,
} as const;

const GIB = 2 ** 30;
/** Non-torch memory, activations and CUDA graphs of one GPU. */
const RUNTIME_BYTES = 6.5 * GIB;

/**
 * A roofline of one engine step. Weights and KV cache are read at memory bandwidth, multiplications run at the reached
 * FLOPS, collectives cost a latency a layer plus their volume. Absolute figures are those of published runs within some
 * tens of percent; what matters is that they move the right way with batch, context, TP, EP and prompt length.
 */
export class PerformanceModel {
  readonly #shape: ModelShape;
  readonly #placement: Placement;

  constructor(shape: ModelShape, placement: Placement) {
    this.#shape = shape;
    this.#placement = placement;
  }

  /** Bytes of weights on one GPU. */
  get weightBytes(): number {
    const { parameters, bytesPerParameter, experts } = this.#shape;
    const { tensorParallel, expertParallel } = this.#placement;
    const expertParameters = experts?.parameters ?? 0;
    const shared = (parameters - expertParameters) / tensorParallel;
    return (shared + expertParameters / Math.max(expertParallel, tensorParallel)) * bytesPerParameter;
  }

  /** Bytes of KV cache one token takes on one GPU. Grouped heads are split by TP, MLA's latent is not. */
  get kvBytesPerToken(): number {
    const split = this.#shape.architecture.startsWith('Deepseek') ? 1 : Math.min(8, this.#placement.tensorParallel);
    return this.#shape.kvBytesPerToken / split / (this.#placement.kvCacheFp8 ? 2 : 1);
  }

  /** Bytes left for the KV cache on one GPU; zero or less means that the model does not fit. */
  get kvCacheBytes(): number {
    return H200.memoryBytes * this.#placement.gpuMemoryUtilization - this.weightBytes - RUNTIME_BYTES;
  }

  /** Milliseconds that this engine computes in a step, without the expert exchange. */
  computeMs(work: StepWork, tokensOfGroup: number): number {
    if (work.tokens === 0 && tokensOfGroup === 0) return 0;
    const tokens = Math.max(1, work.tokens);
    const { bytesPerParameter, activeParameters, layers, hiddenSize } = this.#shape;
    const { tensorParallel } = this.#placement;
    const read = this.#touchedWeightBytes(Math.max(tokens, tokensOfGroup)) / H200.bandwidth;
    const flops = bytesPerParameter <= 1 ? H200.flops.fp8 : H200.flops.bf16;
    const multiply = (2 * activeParameters * tokens) / (tensorParallel * flops);
    const attention = (this.kvBytesPerToken * work.contextTokens) / H200.bandwidth;
    const reduce = tensorParallel > 1 ? layers * 2 * (7e-6 + (tokens * hiddenSize * 2) / H200.nvlinkBandwidth) : 0;
    const launch = this.#placement.enforceEager ? layers * 0.12e-3 : 1.4e-3;
    const host = 0.5e-3 + 6e-6 * work.sequences;
    return (Math.max(read, multiply) + 0.3 * Math.min(read, multiply) + attention + reduce + launch + host) * 1000;
  }

  /** Milliseconds of dispatch and combine over all MoE layers; the busiest rank of the group decides. */
  exchangeMs(tokensOfBusiestRank: number): number {
    const { experts, hiddenSize } = this.#shape;
    if (experts === undefined || this.#placement.expertParallel <= 1) return 0;
    const bandwidth = this.#placement.multiNode ? H200.infinibandBandwidth : H200.nvlinkBandwidth;
    const latency = this.#placement.multiNode ? 24e-6 : 13e-6;
    // Dispatch sends FP8, combine BF16: 1.5 bytes an element on average.
    const volume = tokensOfBusiestRank * hiddenSize * experts.perToken * 1.5;
    return experts.layers * 2 * (latency + volume / bandwidth) * 1000;
  }

  /** Milliseconds to pull the KV cache of a prompt from a prefill worker over RDMA. */
  transferMs(tokens: number): number {
    return 4 + ((this.kvBytesPerToken * tokens) / H200.infinibandBandwidth) * 1000;
  }

  /** Experts that no token was routed to are not read. */
  #touchedWeightBytes(tokens: number): number {
    const { experts, bytesPerParameter } = this.#shape;
    if (experts === undefined) return this.weightBytes;
    const expertBytes =
      (experts.parameters * bytesPerParameter) /
      Math.max(this.#placement.expertParallel, this.#placement.tensorParallel);
    const touched = 1 - (1 - experts.perToken / experts.count) ** tokens;
    return this.weightBytes - expertBytes * (1 - touched);
  }
}
