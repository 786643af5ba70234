// Writes a trace of a wide-EP decode rank as vLLM's profiler does, of any size: CPU annotations, operators and Python stacks
// a step, one CUDA graph launch, and the kernels of every layer on two streams with flows. The same size gives the same trace.
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Dice } from './trace-fuzz.ts';

const LAYERS = 61;
const OPERATORS = 110;
const PYTHON_FRAMES = 1500;
const PROCESS = 851;
const MAIN_STREAM = 7;
const SHARED_STREAM = 27;

/** Name, mean µs. */
const KERNELS: readonly (readonly [string, number])[] = [
  [
    'void flashinfer::norm::FusedAddRMSNormKernel<8u, __nv_bfloat16>(__nv_bfloat16*, __nv_bfloat16*, __nv_bfloat16*, unsigned int, unsigned int, float)',
    3.1,
  ],
  ['nvjet_tst_64x8_64x16_1x4_h_bz_splitK_TNT', 6.4],
  [
    'void vllm::rms_norm_kernel<c10::BFloat16, 8, 2>(c10::BFloat16*, c10::BFloat16 const*, long, long, c10::BFloat16 const*, float, int, int)',
    2.3,
  ],
  [
    'void vllm::concat_and_cache_mla_kernel<__nv_bfloat16, unsigned char, (vllm::Fp8KVCacheDataType)1>(__nv_bfloat16 const*, unsigned char*, int)',
    2.4,
  ],
  [
    'void flash_fwd_splitkv_mla_fp8_kernel<Flash_fwd_kernel_traits_mla<576, 64, 64, 8, cutlass::float_e4m3_t, 512> >(Flash_fwd_mla_params)',
    41,
  ],
  [
    'void deep_gemm::sm90_fp8_gemm_1d2d_impl<0u, 7168u, 16384u, 1u, 64u, 128u, 128u>(float*, int*, unsigned int, CUtensorMap_st)',
    18.2,
  ],
  [
    'void vllm::moe::grouped_topk_fused_kernel<float, float, int>(float*, float*, int*, float const*, long, long, bool, double)',
    4.4,
  ],
  [
    'void deep_ep::internode_ll::dispatch<true, false, 7168>(void*, void*, int*, long*, int*, int*, int*, long*, bool, int)',
    52,
  ],
  [
    'void deep_gemm::sm90_fp8_gemm_1d2d_impl<0u, 4096u, 7168u, 8u, 64u, 128u, 128u>(float*, int*, unsigned int, CUtensorMap_st)',
    63,
  ],
  [
    'void vllm::silu_mul_fp8_quant_deep_gemm_kernel<64, 64u, 4, c10::BFloat16, __nv_fp8_e4m3>(c10::BFloat16 const*, __nv_fp8_e4m3*, float*)',
    9.1,
  ],
  [
    'void deep_gemm::sm90_fp8_gemm_1d2d_impl<0u, 7168u, 2048u, 8u, 64u, 128u, 128u>(float*, int*, unsigned int, CUtensorMap_st)',
    34,
  ],
  [
    'void deep_ep::internode_ll::combine<false, 7168, 9>(void*, void*, int*, void*, void const*, long const*, int, bool, int)',
    61,
  ],
];
const SHARED_KERNEL = ['nvjet_tst_128x32_64x8_2x1_v_bz_TNT', 12] as const;
const FRAMES = [
  'vllm/v1/worker/gpu_model_runner.py(1042): execute_model',
  'torch/nn/modules/module.py(1773): _call_impl',
  '<built-in function len>',
  'torch/_ops.py(829): __call__',
  'threading.py(309): __enter__',
];

class StepWriter {
  readonly #dice = new Dice(7);
  #now = 6_520_430_063_606.411;
  #correlation = 1000;
  #text = '';

  step(): string {
    this.#text = '';
    const start = this.#now;
    const annotation = 'execute_context_0(0)_generation_64(64)';
    this.#complete('user_annotation', annotation, PROCESS, PROCESS, start, 3600, '"External id": 1, "Ev Idx": 1');
    for (let i = 0; i < OPERATORS; i++)
      this.#complete(
        'cpu_op',
        'aten::copy_',
        PROCESS,
        PROCESS,
        start + i * 30,
        12.5,
        `"External id": ${i}, "Record function id": 0, "Ev Idx": ${i}`,
      );
    for (let i = 0; i < PYTHON_FRAMES; i++) {
      this.#complete(
        'python_function',
        this.#dice.pick(FRAMES),
        PROCESS,
        PROCESS,
        start + i * 2,
        1.5,
        `"Python parent id": ${i}, "Python id": ${i + 1}, "Ev Idx": ${i}`,
      );
    }
    this.#correlation++;
    this.#complete(
      'cuda_runtime',
      'cudaGraphLaunch',
      PROCESS,
      PROCESS,
      start + 40,
      1400,
      `"External id": 2,\n      "cbid": 311, "correlation": ${this.#correlation}`,
    );
    const gpuStart = start + 60;
    let gpu = gpuStart;
    for (let layer = 0; layer < LAYERS; layer++) {
      for (const [name, mean] of KERNELS) {
        const duration = mean * (0.94 + 0.15 * this.#dice.next());
        this.#kernel(name, MAIN_STREAM, gpu, duration);
        if (name.includes('dispatch')) this.#kernel(SHARED_KERNEL[0], SHARED_STREAM, gpu + 1.5, SHARED_KERNEL[1]);
        // Programmatic dependent launch: a few kernels start before the one before has ended.
        gpu += duration + (this.#dice.chance(0.06) ? -0.5 : 0.9);
      }
    }
    this.#complete(
      'gpu_user_annotation',
      annotation,
      0,
      MAIN_STREAM,
      gpuStart - 0.001,
      gpu - gpuStart + 0.002,
      '"External id": 1',
    );
    this.#now = gpu + 20;
    return this.#text;
  }

  #kernel(name: string, stream: number, start: number, duration: number): void {
    const correlation = this.#correlation;
    this.#complete(
      'kernel',
      name,
      0,
      stream,
      start,
      duration,
      `"External id": 2,\n      "queued": 0, "device": 0, "context": 1,\n      "stream": ${stream}, "correlation": ${correlation},\n      "registers per thread": 168,\n      "shared memory": 220000,\n      "blocks per SM": 1.000000,\n      "warps per SM": 12.000000,\n      "grid": [132, 1, 1],\n      "block": [384, 1, 1],\n      "est. achieved occupancy %": 18`,
    );
    this.#text += `  {\n    "ph": "f", "id": ${correlation}, "pid": 0, "tid": ${stream}, "ts": ${start.toFixed(3)},\n    "cat": "ac2g", "name": "ac2g", "bp": "e"\n  },\n`;
  }

  #complete(
    category: string,
    name: string,
    pid: number,
    tid: number,
    start: number,
    duration: number,
    args: string,
  ): void {
    this.#text += `  {\n    "ph": "X", "cat": "${category}", "name": "${name}", "pid": ${pid}, "tid": ${tid},\n    "ts": ${start.toFixed(3)}, "dur": ${duration.toFixed(3)},\n    "args": {\n      ${args}\n    }\n  },\n`;
  }
}

function* traceText(bytes: number): Generator<string> {
  yield '{\n  "schemaVersion": 1,\n  "deviceProperties": [{"id": 0, "name": "NVIDIA H200"}],\n  "distributedInfo": {"backend": "nccl", "rank": 0, "world_size": 32},\n  "displayTimeUnit": "ms",\n  "baseTimeNanoseconds": 1767189312000000000,\n  "traceEvents": [\n';
  const writer = new StepWriter();
  for (let written = 0; written < bytes;) {
    const step = writer.step();
    written += step.length;
    yield step;
  }
  yield '  {"name": "process_name", "ph": "M", "ts": 0, "pid": 0, "tid": 0, "args": {"name": "python"}}\n  ],\n  "traceName": "/traces/rank0.pt.trace.json"\n}\n';
}

/** A gzip file of at least `bytes` of JSON. */
export async function writeTrace(path: string, bytes: number): Promise<void> {
  await pipeline(
    Readable.from(traceText(bytes), { objectMode: false }),
    createGzip({ level: 1 }),
    createWriteStream(path),
  );
}
