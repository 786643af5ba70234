/** What a line of a failing model server points to. */
export interface Symptom {
  readonly title: string;
  readonly hint: string;
  /** A root is why; an echo is what another failure does to the processes around it. */
  readonly certainty: 'root' | 'echo';
}

type Rule = readonly [
  pattern: RegExp,
  certainty: Symptom['certainty'],
  title: string | ((match: RegExpExecArray) => string),
  hint: string,
];

const SEE_ROOT = 'It follows another failure: look for the first error in the other ranks of the group.';
const RDMA =
  'Check that the pod asks for RDMA devices (rdma/ib), runs with the privileges they need, and that the chosen HCAs exist on the node.';

/** In the order in which they are tried: the telling ones before those that any line may carry. */
const RULES: readonly Rule[] = [
  [
    /not enough GPU memory|CUDA out of memory|OutOfMemoryError/,
    'root',
    'CUDA out of memory',
    'Use more ranks, or lower --gpu-memory-utilization or --max-num-seqs.',
  ],
  [
    /Free memory on device.*less than desired/,
    'root',
    'GPU memory already in use',
    'Another process holds this GPU: look at the node, or lower --gpu-memory-utilization.',
  ],
  [
    /No available memory for the cache blocks/,
    'root',
    'no memory left for the KV cache',
    'Raise --gpu-memory-utilization, or use more ranks.',
  ],
  [
    /To serve at least one request with the models?'s max seq len \((\d+)\)/,
    'root',
    ([, length]) => `KV cache too small for --max-model-len ${length}`,
    'Lower --max-model-len; the line names the largest that fits.',
  ],
  [
    /GatedRepoError|RepositoryNotFoundError|40[13] Client Error/,
    'root',
    'model not accessible',
    "Check HF_TOKEN, that the model's licence was accepted with that account, and the model's name.",
  ],
  [
    /nvshmem.*(?:connections|topo) failed|init failed for (?:remote )?transport|ibv_modify_qp failed/,
    'root',
    'NVSHMEM could not connect',
    RDMA,
  ],
  [
    /NCCL WARN Error.*\/dev\/shm.*No space left/,
    'root',
    '/dev/shm is too small',
    'Mount a bigger emptyDir with medium Memory at /dev/shm.',
  ],
  [
    /Call to ibv_.*Cannot allocate memory/,
    'root',
    'locked memory is limited',
    'Raise the memlock limit of the container runtime, or give the container IPC_LOCK.',
  ],
  [
    /illegal memory access/,
    'root',
    'CUDA illegal memory access',
    'A kernel failed on the first rank that says so: try --enforce-eager or another all-to-all backend, and report it with this log.',
  ],
  [
    /unspecified launch failure/,
    'root',
    'CUDA launch failure',
    "A kernel or the GPU failed: see the node's kernel log for Xid messages.",
  ],
  [
    /uncorrectable ECC|\bXid\b|fallen off the bus/,
    'root',
    'GPU hardware error',
    'Drain the node and have it looked at.',
  ],
  [/engine ID mismatch/, 'root', 'NIXL engine ID mismatch', "Set VLLM_NIXL_SIDE_CHANNEL_HOST to the pod's own IP."],
  [
    /compatibility hash mismatch/,
    'root',
    'prefill and decode differ',
    'Run prefill and decode with the same image, model and KV-cache options.',
  ],
  [
    /Errno 98|EADDRINUSE|Address already in use/,
    'root',
    'port already in use',
    'Two servers of the pod ask for one port: check the port flags, or wait for the former process to end.',
  ],
  [
    /must be divisible by tensor parallel|data_parallel_rank \(|not divisible by weight quant/,
    'root',
    'the parallel sizes do not fit the model',
    'Check the tensor- and data-parallel flags; the line names the figures.',
  ],
  [
    /Worker proc \S+ died unexpectedly \(exit code -9/,
    'root',
    'a worker was killed',
    "It exceeded the container's memory limit: raise it.",
  ],
  [
    /Worker proc \S+ died unexpectedly \(exit code -11/,
    'root',
    'a worker crashed in native code',
    'Look above for the last kernel or library it named.',
  ],

  [
    /DeepEP error: timeout|DeepEP timeout check failed: rank = \d+/,
    'echo',
    'DeepEP timed out waiting for a peer',
    'This rank waited: another one died, is still compiling, or RDMA does not carry. Look at the ranks that do not say this.',
  ],
  [/NVSHMEM API called before/, 'echo', 'NVSHMEM was not set up', 'Look above for why its initialisation failed.'],
  [
    /Watchdog caught collective operation timeout: WorkNCCL\(SeqNum=\d+, OpType=(\w+)/,
    'echo',
    ([, operation]) => `NCCL ${operation} timed out`,
    'Suspect the rank that is silent or has the lowest SeqNum.',
  ],
  [/DistBackendError|unhandled system error/, 'echo', 'NCCL failed', 'The NCCL WARN above it says why.'],
  [
    /NIXL_ERR_\w+|NIXL transfer failure: \S+|BAD_STATUS/,
    'echo',
    'KV transfer failed',
    'The peer pod died; if it did not, check RDMA between the two.',
  ],
  [
    /RPC call to (\w+) timed out/,
    'echo',
    ([, call]) => `RPC ${call} timed out`,
    'A worker did not answer in time: look for the rank that is stuck.',
  ],
  [
    /Timed out waiting for engine core proc/,
    'echo',
    'the engines took too long to start',
    'Look for the engine that is stuck; raise VLLM_ENGINE_READY_TIMEOUT_S if it only is slow.',
  ],
  [/Worker proc \S+ died unexpectedly/, 'echo', 'a worker died', SEE_ROOT],
  [
    /Engine core initialization failed|WorkerProc initialization failed/,
    'echo',
    'the engine could not start',
    SEE_ROOT,
  ],
  [
    /EngineDeadError|Worker failed with error|Engine core proc|Parent process exited/,
    'echo',
    'the engine died',
    SEE_ROOT,
  ],
  [/recvValue failed|Broken pipe|Connection.*closed/, 'echo', 'a peer closed its connection', SEE_ROOT],
  [/DPSupervisor (?:probe )?found/, 'echo', 'the supervisor found a dead server', SEE_ROOT],
];

export function symptomOf(message: string): Symptom | undefined {
  for (const [pattern, certainty, title, hint] of RULES) {
    const match = pattern.exec(message);
    if (match) return { certainty, hint, title: typeof title === 'string' ? title : title(match) };
  }
  return undefined;
}
