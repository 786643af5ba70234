import type { ContainerContext } from '../../../nodes/types.ts';
import { hasFault } from './faults.ts';
import type { Membership } from './group.ts';
import type { Launch } from './launch.ts';
import type { ProcessLog, ProcessName } from './process-log.ts';

/** Seconds of demo time that each phase takes; together about half a minute. */
const PHASE_SECONDS = { imports: 3, engines: 2, weights: 11, compile: 7, cache: 1, capture: 5, server: 1 } as const;
const SLOW_LOAD_FACTOR = 10;
const CAPTURE_STEPS = 8;

/** What a start-up ends with when it does not end well. */
export class StartupFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.name = 'StartupFailure';
    this.exitCode = exitCode;
  }
}

type StartupContext = Pick<ContainerContext, 'annotations' | 'time' | 'signal' | 'podIp'>;

/** Loads a model as vLLM does, in phases of demo time, with the lines that each process writes. */
export class Startup {
  readonly #launch: Launch;
  readonly #log: ProcessLog;
  readonly #context: StartupContext;
  readonly #membership: Membership;

  constructor(launch: Launch, log: ProcessLog, context: StartupContext, membership: Membership) {
    this.#launch = launch;
    this.#log = log;
    this.#context = context;
    this.#membership = membership;
  }

  async run(): Promise<void> {
    await this.#announce();
    await this.#assemble();
    await this.#loadWeights();
    await this.#compile();
    await this.#allocateCache();
    await this.#captureGraphs();
    await this.#membership.loaded(this.#context.signal);
    await this.#startServer();
  }

  async #announce(): Promise<void> {
    const { config, version, processes } = this.#launch;
    const { server } = processes;
    await this.#pass(PHASE_SECONDS.imports);
    this.#log.info(
      server,
      'api_server.py:1839',
      version.minor <= 14
        ? `vLLM API server version ${version.text}`
        : `vLLM server version ${version.text}, serving model ${config.model}`,
    );
    this.#log.info(server, 'utils.py:233', `non-default args: ${pythonDict(config.nonDefaultArgs)}`);
    this.#log.info(server, 'model.py:547', `Resolved architecture: ${this.#launch.shape.architecture}`);
    this.#log.info(server, 'model.py:1510', `Using max model len ${this.#launch.maxModelLen}`);
    this.#log.info(
      server,
      'scheduler.py:205',
      `Chunked prefill is enabled with max_num_batched_tokens=${config.maxNumBatchedTokens}.`,
    );
    if (config.loadBalancing === 'multi-port') this.#log.info(server, 'launch.py:112', 'Launching vLLM DP Servers');
    else if (config.dataParallel > 1 && config.startRank === 0)
      this.#log.info(server, 'utils.py:651', `Started DP Coordinator process (PID: ${server.pid + 41})`);
  }

  async #assemble(): Promise<void> {
    const { config, version, ranks, processes, shape } = this.#launch;
    for (const rank of ranks) {
      this.#log.info(
        processes.engine(rank),
        'core.py:77',
        `Initializing a V1 LLM engine (v${version.text}) with config: model='${config.model}', speculative_config=None, dtype=torch.bfloat16, max_seq_len=${this.#launch.maxModelLen}, tensor_parallel_size=${config.tensorParallel}, pipeline_parallel_size=${config.pipelineParallel}, data_parallel_size=${config.dataParallel}, enforce_eager=${config.enforceEager ? 'True' : 'False'}, kv_cache_dtype=${config.kvCacheFp8 ? 'fp8' : 'auto'}, enable_prefix_caching=${config.prefixCaching ? 'True' : 'False'}`,
      );
      if (config.dataParallel > 1)
        this.#log.info(processes.engine(rank), 'core.py:682', 'Waiting for READY message from DP Coordinator...');
    }
    await this.#pass(PHASE_SECONDS.engines);
    await this.#membership.assembled(this.#context.signal);
    const world = config.dataParallel * config.tensorParallel;
    for (const rank of ranks) {
      const worker = processes.worker(rank);
      const expertRank = config.expertParallel ? String(rank * config.tensorParallel) : '0';
      this.#log.info(
        worker,
        'parallel_state.py:1208',
        `rank ${rank * config.tensorParallel} in world size ${world} is assigned as DP rank ${rank}, PP rank 0, TP rank 0, EP rank ${expertRank}`,
      );
    }
    this.#log.info(this.#speaker(), 'pynccl.py:111', 'vLLM is using nccl==2.27.3');
    if (this.#printsForGroup && config.expertParallel && shape.experts !== undefined) {
      this.#log.info(
        this.#speaker(),
        'cuda_communicator.py:107',
        `Using ${allToAll(config.all2allBackend)} all2all manager.`,
      );
    }
    if (config.kvConnector !== undefined) {
      for (const rank of ranks)
        this.#log.info(processes.worker(rank), 'nixl_connector.py:735', 'Initializing NIXL wrapper');
    }
  }

  async #loadWeights(): Promise<void> {
    const { config, performance } = this.#launch;
    const factor = hasFault(this.#context.annotations(), 'slow-load') ? SLOW_LOAD_FACTOR : 1;
    const seconds = PHASE_SECONDS.weights * factor;
    const shards = Math.max(
      1,
      Math.min(163, Math.ceil((this.#launch.shape.parameters * this.#launch.shape.bytesPerParameter) / 4.2e9)),
    );
    if (this.#printsForGroup)
      this.#log.info(this.#speaker(), 'gpu_model_runner.py:2602', `Starting to load model ${config.model}...`);
    for (let shard = 0; shard <= shards; shard += 1) {
      if (this.#printsForGroup)
        this.#log.raw(
          this.#speaker(),
          `\r${progressBar('Loading safetensors checkpoint shards', shard, shards, (seconds * shard) / shards)}`,
          'stderr',
        );
      if (shard === Math.ceil(shards / 2)) await this.#failWhereAsked();
      if (shard < shards) await this.#pass(seconds / shards);
    }
    const gigabytes = (performance.weightBytes / 2 ** 30).toFixed(4);
    for (const worker of this.#printingWorkers()) {
      this.#log.info(worker, 'default_loader.py:267', `Loading weights took ${seconds.toFixed(2)} seconds`);
      this.#log.info(
        worker,
        'gpu_model_runner.py:2653',
        `Model loading took ${gigabytes} GiB and ${(seconds + 1.3).toFixed(6)} seconds`,
      );
    }
  }

  async #compile(): Promise<void> {
    const { config } = this.#launch;
    if (config.enforceEager) return;
    await this.#pass(PHASE_SECONDS.compile);
    for (const worker of this.#printingWorkers()) {
      this.#log.info(
        worker,
        'backends.py:548',
        `Using cache directory: /root/.cache/vllm/torch_compile_cache/8ad8c12f41/rank_0_0/backbone for vLLM's torch.compile`,
      );
      this.#log.info(worker, 'backends.py:559', 'Dynamo bytecode transform time: 2.63 s');
      this.#log.info(worker, 'backends.py:218', 'Compiling a graph for dynamic shape takes 4.19 s');
      this.#log.info(worker, 'monitor.py:34', 'torch.compile takes 6.82 s in total');
    }
  }

  async #allocateCache(): Promise<void> {
    const { config, performance, processes, ranks, kvBlocks, maxModelLen } = this.#launch;
    await this.#pass(PHASE_SECONDS.cache);
    const available = (config.kvCacheMemoryBytes ?? performance.kvCacheBytes) / 2 ** 30;
    if (available <= 0)
      this.#fail(
        'gpu_worker.py',
        'ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.',
      );
    const tokens = kvBlocks * config.blockSize;
    if (tokens < maxModelLen) {
      const needed = (performance.kvBytesPerToken * maxModelLen) / 2 ** 30;
      this.#fail(
        'kv_cache_utils.py',
        `ValueError: To serve at least one request with the models's max seq len (${maxModelLen}), (${needed.toFixed(2)} GiB KV cache is needed, which is larger than the available KV cache memory (${available.toFixed(2)} GiB). Based on the available memory, the estimated maximum model length is ${tokens}. Try increasing \`gpu_memory_utilization\` or decreasing \`max_model_len\` when initializing the engine.`,
      );
    }
    for (const worker of this.#printingWorkers())
      this.#log.info(worker, 'gpu_worker.py:298', `Available KV cache memory: ${available.toFixed(2)} GiB`);
    for (const rank of ranks) {
      this.#log.info(
        processes.engine(rank),
        'kv_cache_utils.py:1087',
        `GPU KV cache size: ${tokens.toLocaleString('en-US')} tokens`,
      );
      this.#log.info(
        processes.engine(rank),
        'kv_cache_utils.py:1091',
        `Maximum concurrency for ${maxModelLen.toLocaleString('en-US')} tokens per request: ${(tokens / maxModelLen).toFixed(2)}x`,
      );
    }
    if (config.kvConnector !== undefined) {
      for (const rank of ranks)
        this.#log.info(
          processes.worker(rank),
          'nixl_connector.py:903',
          'Registering KV_Caches. use_mla: True, shape torch.Size([64, 576])',
        );
    }
  }

  async #captureGraphs(): Promise<void> {
    const { config, processes, ranks } = this.#launch;
    if (!config.enforceEager) {
      const bars: string[] = [];
      for (let step = 0; step <= CAPTURE_STEPS; step += 1) {
        const done = Math.round((67 * step) / CAPTURE_STEPS);
        bars.push(captureBar(done, 67, (PHASE_SECONDS.capture * step) / CAPTURE_STEPS));
        if (step < CAPTURE_STEPS) await this.#pass(PHASE_SECONDS.capture / CAPTURE_STEPS);
      }
      // A tqdm bar without line ends reaches the log as one line when it is done.
      if (this.#printsForGroup) this.#log.raw(this.#speaker(), bars.map((bar) => `\r${bar}`).join(''), 'stderr');
      for (const worker of this.#printingWorkers())
        this.#log.info(
          worker,
          'gpu_model_runner.py:3480',
          `Graph capturing finished in ${PHASE_SECONDS.capture} secs, took 1.87 GiB`,
        );
    }
    for (const rank of ranks)
      this.#log.info(
        processes.engine(rank),
        'core.py:210',
        `init engine (profile, create kv cache, warmup model) took ${(PHASE_SECONDS.compile + PHASE_SECONDS.capture + PHASE_SECONDS.cache).toFixed(2)} seconds`,
      );
  }

  async #startServer(): Promise<void> {
    const { config, processes, ranks } = this.#launch;
    await this.#pass(PHASE_SECONDS.server);
    if (config.headless) return;
    const { server } = processes;
    const ports = config.loadBalancing === 'multi-port' ? ranks.map((_, index) => config.port + index) : [config.port];
    for (const port of ports) {
      this.#log.info(server, 'api_server.py:1912', `Starting vLLM API server 0 on http://${config.host}:${port}`);
      for (const [path, methods] of ROUTES)
        this.#log.info(server, 'launcher.py:42', `Route: ${path}, Methods: ${methods}`);
    }
    this.#log.raw(server, `INFO:     Started server process [${server.pid}]`, 'stderr');
    this.#log.raw(server, 'INFO:     Waiting for application startup.', 'stderr');
    this.#log.raw(server, 'INFO:     Application startup complete.', 'stderr');
  }

  /** Global rank 0 speaks for the group: bars, "Starting to load". */
  get #printsForGroup(): boolean {
    return this.#launch.config.startRank === 0;
  }

  #speaker(): ProcessName {
    return this.#launch.processes.worker(this.#launch.config.startRank);
  }

  /** Most worker lines come from the node's first rank, or from every rank where each has a server of its own. */
  #printingWorkers(): readonly ProcessName[] {
    const { config, ranks, processes } = this.#launch;
    const everyRank = config.loadBalancing === 'external' || config.loadBalancing === 'multi-port';
    return (everyRank ? ranks : ranks.slice(0, 1)).map((rank) => processes.worker(rank));
  }

  async #failWhereAsked(): Promise<void> {
    const annotations = this.#context.annotations();
    if (hasFault(annotations, 'oom-while-loading')) {
      this.#fail(
        'gpu_worker.py',
        'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 896.00 MiB. GPU 0 has a total capacity of 139.80 GiB of which 411.25 MiB is free. Including non-PyTorch memory, this process has 139.39 GiB memory in use.',
      );
    }
    while (hasFault(this.#context.annotations(), 'hang-while-loading')) {
      await this.#pass(60);
      this.#log.info(
        this.#speaker(),
        'shm_broadcast.py:466',
        'No available shared memory broadcast block found in 60 seconds. This typically happens when some processes are hanging or doing some time-consuming work (e.g. compilation).',
      );
    }
  }

  /** Writes the traceback of an engine that failed, then the API server's echo of it. */
  #fail(file: string, error: string): never {
    const { server } = this.#launch.processes;
    const engine = this.#launch.processes.engine(this.#launch.config.startRank);
    this.#log.record(
      'ERROR',
      engine,
      'core.py:708',
      [
        'EngineCore failed to start.',
        'Traceback (most recent call last):',
        '  File "/opt/vllm/vllm/v1/engine/core.py", line 699, in run_engine_core',
        '    engine_core = EngineCoreProc(*args, **kwargs)',
        `  File "/opt/vllm/vllm/v1/worker/${file}", line 213, in load_model`,
        '    self.model_runner.load_model(eep_scale_up=eep_scale_up)',
        error,
      ].join('\n'),
    );
    this.#log.raw(server, 'Traceback (most recent call last):', 'stderr');
    this.#log.raw(server, '  File "/opt/vllm/bin/vllm", line 10, in <module>', 'stderr');
    this.#log.raw(
      server,
      'RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}',
      'stderr',
    );
    throw new StartupFailure(error, 1);
  }

  #pass(seconds: number): Promise<void> {
    return this.#context.time.pass(seconds, AbortSignal.any([this.#context.signal, this.#membership.lost]));
  }
}

const ROUTES: readonly (readonly [string, string])[] = [
  ['/openapi.json', 'HEAD, GET'],
  ['/health', 'GET'],
  ['/load', 'GET'],
  ['/ping', 'POST'],
  ['/ping', 'GET'],
  ['/v1/models', 'GET'],
  ['/version', 'GET'],
  ['/v1/chat/completions', 'POST'],
  ['/v1/completions', 'POST'],
  ['/metrics', 'GET'],
];

function allToAll(backend: string | undefined): string {
  if (backend === 'deepep_low_latency') return 'DeepEPLL';
  if (backend === 'deepep_high_throughput') return 'DeepEPHT';
  return backend ?? 'AgRs';
}

function progressBar(title: string, done: number, total: number, seconds: number): string {
  const percent = Math.floor((100 * done) / total);
  const rate = done === 0 ? '?it/s' : `${(done / Math.max(seconds, 0.01)).toFixed(2)}it/s`;
  const left = done === 0 ? '?' : clockText((seconds / done) * (total - done));
  return `${title}: ${String(percent).padStart(3)}% Completed | ${done}/${total} [${clockText(seconds)}<${left},  ${rate}]`;
}

function captureBar(done: number, total: number, seconds: number): string {
  const percent = Math.floor((100 * done) / total);
  const blocks = '#'.repeat(Math.floor(percent / 10)).padEnd(10);
  const left = done === 0 ? '?' : clockText((seconds / done) * (total - done));
  return `Capturing CUDA graphs (decode, FULL): ${String(percent).padStart(3)}%|${blocks}| ${done}/${total} [${clockText(seconds)}<${left}, ${done === 0 ? '?it/s' : `${(done / seconds).toFixed(2)}it/s`}]`;
}

function clockText(seconds: number): string {
  const whole = Math.round(seconds);
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}

function pythonDict(values: Readonly<Record<string, string | number | boolean>>): string {
  const literal = (value: string | number | boolean): string => {
    if (typeof value === 'boolean') return value ? 'True' : 'False';
    return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", String.raw`\'`)}'`;
  };
  return `{${Object.entries(values)
    .map(([key, value]) => `'${key}': ${literal(value)}`)
    .join(', ')}}`;
}
