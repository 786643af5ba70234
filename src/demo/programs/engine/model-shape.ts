/** What of a model decides its memory and speed. Parameters in units, bytes a parameter as served. */
export interface ModelShape {
  readonly parameters: number;
  readonly activeParameters: number;
  readonly bytesPerParameter: number;
  readonly layers: number;
  readonly hiddenSize: number;
  /** Undefined for a dense model. */
  readonly experts:
    | { readonly count: number; readonly perToken: number; readonly layers: number; readonly parameters: number }
    | undefined;
  /** Bytes of KV cache a token takes over all layers, before tensor parallelism, with 16-bit elements. */
  readonly kvBytesPerToken: number;
  readonly architecture: string;
  readonly maxModelLen: number;
}

const DEEPSEEK_V3: ModelShape = {
  parameters: 671e9,
  activeParameters: 37e9,
  bytesPerParameter: 1,
  layers: 61,
  hiddenSize: 7168,
  experts: { count: 256, perToken: 8, layers: 58, parameters: 58 * 256 * 3 * 7168 * 2048 },
  kvBytesPerToken: 61 * 576 * 2,
  architecture: 'DeepseekV3ForCausalLM',
  maxModelLen: 163_840,
};

const GPT_OSS_120B: ModelShape = {
  parameters: 117e9,
  activeParameters: 5.1e9,
  bytesPerParameter: 0.56,
  layers: 36,
  hiddenSize: 2880,
  experts: { count: 128, perToken: 4, layers: 36, parameters: 36 * 128 * 3 * 2880 * 2880 },
  kvBytesPerToken: 36 * 8 * 64 * 2 * 2,
  architecture: 'GptOssForCausalLM',
  maxModelLen: 131_072,
};

const QWEN3_30B_A3B: ModelShape = {
  parameters: 30.5e9,
  activeParameters: 3.3e9,
  bytesPerParameter: 2,
  layers: 48,
  hiddenSize: 2048,
  experts: { count: 128, perToken: 8, layers: 48, parameters: 48 * 128 * 3 * 2048 * 768 },
  kvBytesPerToken: 48 * 4 * 128 * 2 * 2,
  architecture: 'Qwen3MoeForCausalLM',
  maxModelLen: 40_960,
};

const KNOWN: readonly (readonly [RegExp, ModelShape])[] = [
  [/deepseek-(r1|v3)(?!.*distill)/i, DEEPSEEK_V3],
  [/gpt-oss-120b/i, GPT_OSS_120B],
  [/qwen3-30b-a3b/i, QWEN3_30B_A3B],
];

/** A known model's shape; for another one a dense shape of the size that its name tells (`Llama-3.3-70B`), 8B where it tells none. */
export function modelShape(name: string): ModelShape {
  const known = KNOWN.find(([pattern]) => pattern.test(name));
  if (known) return known[1];
  const size = /(\d+(?:\.\d+)?)\s*([bm])(?![a-z])/i.exec(name);
  const parameters = size ? Number(size[1]) * (size[2]?.toLowerCase() === 'm' ? 1e6 : 1e9) : 8e9;
  return denseShape(name, parameters);
}

/** Proportions of the Llama and Qwen families: depth and width grow with the cube root of the size. */
function denseShape(name: string, parameters: number): ModelShape {
  const layers = Math.max(12, Math.round(16 * (parameters / 1e9) ** 0.37));
  const hiddenSize = Math.max(512, Math.round(Math.sqrt(parameters / (12 * layers)) / 128) * 128);
  return {
    parameters,
    activeParameters: parameters,
    bytesPerParameter: /fp8|int8|w8a8/i.test(name) ? 1 : /fp4|int4|awq|gptq/i.test(name) ? 0.55 : 2,
    layers,
    hiddenSize,
    experts: undefined,
    kvBytesPerToken: layers * 8 * 128 * 2 * 2,
    architecture: /qwen/i.test(name) ? 'Qwen3ForCausalLM' : 'LlamaForCausalLM',
    maxModelLen: /qwen/i.test(name) ? 40_960 : 131_072,
  };
}
