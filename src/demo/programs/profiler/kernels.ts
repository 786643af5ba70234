import type { ModelShape } from '../engine/model-shape.ts';

/** `exchange` kernels end together on all expert-parallel ranks, `reduce` kernels on the ranks of one tensor-parallel group. */
export type KernelKind = 'compute' | 'exchange' | 'reduce';

/** One kernel of a layer. `weight` is its share of the layer's time, in µs at a middling batch. */
export interface KernelSpec {
  readonly name: string;
  readonly kind: KernelKind;
  readonly weight: number;
  readonly stream: number;
  readonly grid: readonly [number, number, number];
  readonly block: readonly [number, number, number];
  readonly registers: number;
  readonly sharedMemory: number;
}

export const STREAMS = { main: 7, collective: 23, aux: 27, copy: 31 } as const;

type Geometry = Pick<KernelSpec, 'grid' | 'block' | 'registers' | 'sharedMemory'>;

const ROWS: Geometry = { grid: [64, 1, 1], block: [1024, 1, 1], registers: 32, sharedMemory: 132 };
const GEMM: Geometry = { grid: [132, 1, 1], block: [384, 1, 1], registers: 168, sharedMemory: 213_504 };
const ATTENTION: Geometry = { grid: [1, 2, 66], block: [256, 1, 1], registers: 255, sharedMemory: 230_400 };
const EXCHANGE: Geometry = { grid: [66, 1, 1], block: [1024, 1, 1], registers: 64, sharedMemory: 0 };

function compute(name: string, weight: number, geometry: Geometry, stream: number = STREAMS.main): KernelSpec {
  return { name, kind: 'compute', weight, stream, ...geometry };
}

const NORM = compute(
  'void vllm::fused_add_rms_norm_kernel<c10::BFloat16, 8>(c10::BFloat16*, long, c10::BFloat16*, c10::BFloat16 const*, float, int, int)',
  3,
  ROWS,
);

const MLA: readonly KernelSpec[] = [
  NORM,
  compute('nvjet_tst_64x8_64x16_1x4_h_bz_splitK_TNT', 6.4, GEMM),
  compute(
    'void vllm::rms_norm_kernel<c10::BFloat16>(c10::BFloat16*, c10::BFloat16 const*, long, c10::BFloat16 const*, float, int, int)',
    2.3,
    ROWS,
  ),
  compute('nvjet_tst_64x16_64x13_2x1_v_bz_TNT', 5.2, GEMM),
  compute(
    'void vllm::rotary_embedding_kernel<c10::BFloat16, false>(long const*, c10::BFloat16*, c10::BFloat16*, c10::BFloat16 const*, int, long, long, long, int, int, int)',
    2,
    ROWS,
  ),
  compute(
    'void vllm::concat_and_cache_mla_kernel<__nv_bfloat16, __nv_bfloat16, (vllm::Fp8KVCacheDataType)0>(__nv_bfloat16 const*, __nv_bfloat16 const*, __nv_bfloat16*, long const*, int, int, int, int, int, int, int, float const*)',
    2.4,
    ROWS,
  ),
  compute(
    'void flash_fwd_splitkv_mla_kernel<Flash_fwd_kernel_traits_mla<576, 64, 64, 8, cutlass::bfloat16_t, 512, cutlass::bfloat16_t> >(Flash_fwd_mla_params)',
    41,
    ATTENTION,
  ),
  compute(
    'void flash_fwd_mla_combine_kernel<cutlass::bfloat16_t, float, long, 512, 32>(Flash_fwd_mla_params)',
    5,
    ROWS,
  ),
  compute('nvjet_tst_128x64_64x6_1x2_h_bz_NNT', 4.9, GEMM),
  compute(
    'void deep_gemm::sm90_fp8_gemm_1d2d_impl<0u, 7168u, 16384u, 1u, 64u, 128u, 128u>(float*, int*, unsigned int, unsigned int, unsigned int)',
    18.2,
    GEMM,
  ),
];

const EXPERTS: readonly KernelSpec[] = [
  NORM,
  compute('nvjet_tst_32x64_64x16_4x1_v_bz_splitK_TNN', 5.8, GEMM),
  compute(
    'void vllm::moe::grouped_topk_fused_kernel<float, float, int>(float*, float*, int*, float const*, long, long, long, long, long, bool, double)',
    4.4,
    ROWS,
  ),
  {
    name: 'void deep_ep::internode_ll::dispatch<true, false, 7168>(void*, void*, int*, long*, int*, int*, int*, long*, int*, void*, void const*, long const*, int*, int*, long*, int, int, int, int, int, int, int, int, bool, int)',
    kind: 'exchange',
    weight: 0.45,
    stream: STREAMS.main,
    ...EXCHANGE,
  },
  compute(
    'void deep_gemm::sm90_fp8_gemm_1d2d_impl<0u, 4096u, 7168u, 8u, 64u, 128u, 128u, (deep_gemm::GemmType)2>(float*, int*, unsigned int, unsigned int, unsigned int)',
    63,
    GEMM,
  ),
  compute(
    'void vllm::silu_mul_fp8_quant_deep_gemm_kernel<64, 64u, 4, c10::BFloat16, __nv_fp8_e4m3>(c10::BFloat16 const*, __nv_fp8_e4m3*, float*, int const*, int, int, int, int, long, long, long)',
    9.1,
    ROWS,
  ),
  compute(
    'void deep_gemm::sm90_fp8_gemm_1d2d_impl<0u, 7168u, 2048u, 8u, 64u, 128u, 128u, (deep_gemm::GemmType)2>(float*, int*, unsigned int, unsigned int, unsigned int)',
    34,
    GEMM,
  ),
  {
    name: 'void deep_ep::internode_ll::combine<false, 7168, 9>(void*, void*, int*, void*, void const*, long const*, float const*, int const*, long const*, int*, int*, long*, int, int*, int, int, int, int, int, int, int, int, bool, int)',
    kind: 'exchange',
    weight: 0.55,
    stream: STREAMS.main,
    ...EXCHANGE,
    registers: 96,
  },
];

/** The shared expert runs on a stream of its own while tokens are dispatched. */
export const SHARED_EXPERT: readonly KernelSpec[] = [
  compute('nvjet_tst_128x32_64x8_2x1_v_bz_TNT', 12, GEMM, STREAMS.aux),
  compute(
    'void vllm::act_and_mul_kernel<c10::BFloat16, &(c10::BFloat16 vllm::silu_kernel<c10::BFloat16>(c10::BFloat16 const&)), true>(c10::BFloat16*, c10::BFloat16 const*, int)',
    2.2,
    ROWS,
    STREAMS.aux,
  ),
  compute('nvjet_tst_64x32_64x8_1x2_h_bz_TNT', 8, GEMM, STREAMS.aux),
];

const FUSED_EXPERTS: readonly KernelSpec[] = [
  NORM,
  compute('nvjet_tst_32x64_64x16_4x1_v_bz_splitK_TNN', 5.8, GEMM),
  compute(
    'void vllm::moe::topkGatingSoftmax<8, 128, 4, 16, 32, int, float>(float const*, bool const*, float*, int, int*, int*, int, int, int)',
    4,
    ROWS,
  ),
  compute('fused_moe_kernel', 60, GEMM),
  compute(
    'void vllm::act_and_mul_kernel<c10::BFloat16, &(c10::BFloat16 vllm::silu_kernel<c10::BFloat16>(c10::BFloat16 const&)), true>(c10::BFloat16*, c10::BFloat16 const*, int)',
    4,
    ROWS,
  ),
  compute('fused_moe_kernel', 34, GEMM),
];

const ATTENTION_GQA: readonly KernelSpec[] = [
  NORM,
  compute('nvjet_tst_128x64_64x8_2x1_v_bz_TNT', 9, GEMM),
  compute(
    'void vllm::rotary_embedding_kernel<c10::BFloat16, true>(long const*, c10::BFloat16*, c10::BFloat16*, c10::BFloat16 const*, int, long, long, long, int, int, int)',
    2,
    ROWS,
  ),
  compute(
    'void vllm::reshape_and_cache_flash_kernel<__nv_bfloat16, __nv_bfloat16, (vllm::Fp8KVCacheDataType)0>(__nv_bfloat16 const*, __nv_bfloat16 const*, __nv_bfloat16*, __nv_bfloat16*, long const*, long, long, long, int, int, int, int, float const*, float const*)',
    2,
    ROWS,
  ),
  compute(
    'void cutlass::device_kernel<flash::enable_sm90_or_later<flash::FlashAttnFwdSm90<flash::CollectiveMainloopFwdSm90<2, cute::tuple<cute::C<1>, cute::C<1>, cute::C<1> >, 128> > > >',
    22,
    ATTENTION,
  ),
  compute('nvjet_tst_64x64_64x13_1x2_h_bz_TNT', 7, GEMM),
];

const DENSE_MLP: readonly KernelSpec[] = [
  NORM,
  compute('nvjet_tst_128x128_64x6_2x1_v_bz_TNT', 26, GEMM),
  compute(
    'void vllm::act_and_mul_kernel<c10::BFloat16, &(c10::BFloat16 vllm::silu_kernel<c10::BFloat16>(c10::BFloat16 const&)), true>(c10::BFloat16*, c10::BFloat16 const*, int)',
    3,
    ROWS,
  ),
  compute('nvjet_tst_128x64_64x8_1x2_h_bz_TNT', 14, GEMM),
];

const ALL_REDUCE: KernelSpec = {
  name: 'void vllm::cross_device_reduce_1stage<__nv_bfloat16, 8>(vllm::RankData*, vllm::RankSignals, vllm::Signal*, __nv_bfloat16*, int, int)',
  kind: 'reduce',
  weight: 8,
  stream: STREAMS.main,
  grid: [36, 1, 1],
  block: [512, 1, 1],
  registers: 40,
  sharedMemory: 0,
};

/** The kernels of one layer in the order of the main stream. */
export function layerKernels(
  shape: ModelShape,
  layer: number,
  tensorParallel: number,
  expertParallel: boolean,
): readonly KernelSpec[] {
  const attention = shape.architecture.startsWith('Deepseek') ? MLA : ATTENTION_GQA;
  const isMoe = shape.experts !== undefined && layer >= shape.layers - shape.experts.layers;
  const feedForward = !isMoe ? DENSE_MLP : expertParallel ? EXPERTS : FUSED_EXPERTS;
  const reduce = tensorParallel > 1 ? [ALL_REDUCE] : [];
  return [...attention, ...reduce, ...feedForward, ...(isMoe && expertParallel ? [] : reduce)];
}

/** After the layers: norm, logits, sampling. */
export const SAMPLER: readonly KernelSpec[] = [
  NORM,
  compute('nvjet_tst_192x64_64x5_2x1_v_bz_TNT', 40, GEMM),
  compute(
    'void at::native::reduce_kernel<512, 1, at::native::ReduceOp<float, at::native::ArgMaxOps<float>, unsigned int, long, 4, 4> >(at::native::ReduceOp<float, at::native::ArgMaxOps<float>, unsigned int, long, 4, 4>)',
    9,
    ROWS,
  ),
];

/** The ranks agree on the batch size before each step. */
export const SYNC: KernelSpec = {
  name: 'ncclDevKernel_AllReduce_Sum_u32_RING_LL(ncclDevKernelArgsStorage<4096ul>)',
  kind: 'compute',
  weight: 18,
  stream: STREAMS.collective,
  grid: [1, 1, 1],
  block: [288, 1, 1],
  registers: 96,
  sharedMemory: 82_240,
};
