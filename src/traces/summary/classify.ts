/** Names of kernels that move data between GPUs: the collectives of NCCL and RCCL, DeepEP, PPLX, NVSHMEM, vLLM's own all-reduces. */
const COMMUNICATION =
  /nccl|rccl|deep_ep|deepep|internode|intranode|all_?reduce|all_?gather|reduce_?scatter|all_?to_?all|a2a|cross_device_reduce|multimem|nvshmem|\bmnnvl|moe_?alltoall|pplx|ncclKernel|SendRecv/i;

/** Annotations that vLLM, SGLang and the profiler put around one step of the engine. */
const STEP = /^(execute_(\d+_)?context_|execute_new_|ProfilerStep#|ProfilerStep\*|step\[|execute_model)/;

const GRAPH_LAUNCH = /GraphLaunch/;

export function isCommunication(kernel: string): boolean {
  return COMMUNICATION.test(kernel);
}

export function isStep(annotation: string): boolean {
  return STEP.test(annotation);
}

export function isGraphLaunch(call: string): boolean {
  return GRAPH_LAUNCH.test(call);
}
