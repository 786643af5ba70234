import { isObject, stringAt } from '../../../../base/json.ts';
import type { VllmVersion } from './version.ts';

/** How requests reach data-parallel ranks: one server for all, one a pod, or one a rank (with or without a supervisor). */
export type LoadBalancing = 'internal' | 'hybrid' | 'external' | 'multi-port';

/** `vllm serve` as the model needs it; sizes in tokens unless named otherwise. */
export interface VllmConfig {
  readonly model: string;
  readonly servedModelNames: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly supervisorPort: number;
  readonly tensorParallel: number;
  readonly pipelineParallel: number;
  readonly dataParallel: number;
  readonly dataParallelLocal: number;
  readonly startRank: number;
  readonly leaderAddress: string;
  readonly headless: boolean;
  readonly loadBalancing: LoadBalancing;
  readonly expertParallel: boolean;
  readonly all2allBackend: string | undefined;
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
  readonly maxModelLen: number | undefined;
  readonly blockSize: number;
  readonly gpuMemoryUtilization: number;
  readonly kvCacheMemoryBytes: number | undefined;
  readonly kvCacheFp8: boolean;
  readonly kvConnector: string | undefined;
  readonly enforceEager: boolean;
  readonly prefixCaching: boolean;
  readonly serverLoadTracking: boolean;
  /** Whether uvicorn writes a line a request. */
  readonly accessLog: boolean;
  readonly devMode: boolean;
  /** Where torch profiles go; undefined where profiling is off, and then its routes do not exist. */
  readonly profilerDirectory: string | undefined;
  /** What the server prints as `non-default args`. */
  readonly nonDefaultArgs: Readonly<Record<string, string | number | boolean>>;
}

const SHORT_FLAGS: Readonly<Record<string, string>> = {
  '-tp': 'tensor-parallel-size',
  '-pp': 'pipeline-parallel-size',
  '-dp': 'data-parallel-size',
  '-dpl': 'data-parallel-size-local',
  '-dpn': 'data-parallel-rank',
  '-dpr': 'data-parallel-start-rank',
  '-dpa': 'data-parallel-address',
  '-dph': 'data-parallel-hybrid-lb',
  '-asc': 'api-server-count',
  '-q': 'quantization',
  '-O': 'compilation-config',
};

type Flags = ReadonlyMap<string, string | true>;

/** Reads the arguments after `vllm serve`. Unknown flags are kept for the log only. */
export function parseVllmArgs(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  version: VllmVersion,
): VllmConfig {
  const { flags, positional } = readFlags(args);
  const number = (name: string, otherwise: number): number => {
    const value = flags.get(name);
    return typeof value === 'string' ? readNumber(value) : otherwise;
  };
  const text = (name: string): string | undefined => {
    const value = flags.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const set = (name: string): boolean => flags.has(name) && flags.get(name) !== 'false';

  const model = positional ?? text('model') ?? 'Qwen/Qwen3-0.6B';
  const port = number('port', 8000);
  const dataParallel = number('data-parallel-size', 1);
  const loadBalancing = loadBalancingOf(flags, set);
  const dataParallelLocal = loadBalancing === 'external' ? 1 : number('data-parallel-size-local', dataParallel);
  const maxModelLen = flags.has('max-model-len') ? number('max-model-len', 0) : undefined;
  return {
    model,
    servedModelNames: text('served-model-name')?.split(' ') ?? [model],
    host: text('host') ?? '0.0.0.0',
    port,
    supervisorPort: number('data-parallel-supervisor-port', port + dataParallelLocal),
    tensorParallel: number('tensor-parallel-size', 1),
    pipelineParallel: number('pipeline-parallel-size', 1),
    dataParallel,
    dataParallelLocal,
    startRank: number('data-parallel-rank', number('data-parallel-start-rank', 0)),
    leaderAddress: text('data-parallel-address') ?? env['VLLM_DP_MASTER_IP'] ?? '127.0.0.1',
    headless: set('headless'),
    loadBalancing,
    expertParallel: set('enable-expert-parallel'),
    all2allBackend: text('all2all-backend') ?? env['VLLM_ALL2ALL_BACKEND'],
    maxNumSeqs: number('max-num-seqs', 1024),
    maxNumBatchedTokens: number('max-num-batched-tokens', 8192),
    maxModelLen,
    blockSize: number('block-size', 16),
    gpuMemoryUtilization: number('gpu-memory-utilization', 0.9),
    kvCacheMemoryBytes: flags.has('kv-cache-memory-bytes') ? number('kv-cache-memory-bytes', 0) : undefined,
    kvCacheFp8: (text('kv-cache-dtype') ?? '').startsWith('fp8'),
    kvConnector: kvConnector(text('kv-transfer-config')),
    enforceEager: set('enforce-eager'),
    prefixCaching: !set('no-enable-prefix-caching'),
    serverLoadTracking: set('enable-server-load-tracking'),
    accessLog: !set('disable-uvicorn-access-log'),
    devMode: env['VLLM_SERVER_DEV_MODE'] === '1',
    profilerDirectory: profilerDirectory(flags, env, version),
    nonDefaultArgs: nonDefault(flags, model, positional !== undefined),
  };
}

function readFlags(args: readonly string[]): { readonly flags: Flags; readonly positional: string | undefined } {
  const flags = new Map<string, string | true>();
  let positional: string | undefined;
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    const short = SHORT_FLAGS[arg];
    if (!arg.startsWith('--') && short === undefined) {
      positional ??= arg;
      continue;
    }
    const [raw, inline] = short === undefined ? split(arg.slice(2)) : [short, undefined];
    const name = raw.replaceAll('_', '-');
    if (inline !== undefined) {
      flags.set(name, inline);
      continue;
    }
    const values = valuesAfter(args, index, name === 'served-model-name' ? Infinity : 1);
    index += values.length;
    flags.set(name, values.length === 0 ? true : values.join(' '));
  }
  return { flags, positional };
}

function valuesAfter(args: readonly string[], index: number, most: number): readonly string[] {
  const rest = args.slice(index + 1);
  const end = rest.findIndex((arg) => !isValue(arg));
  return rest.slice(0, Math.min(most, end < 0 ? rest.length : end));
}

function split(flag: string): [string, string | undefined] {
  const equals = flag.indexOf('=');
  return equals < 0 ? [flag, undefined] : [flag.slice(0, equals), flag.slice(equals + 1)];
}

function isValue(arg: string): boolean {
  return !arg.startsWith('-') || /^-\d/.test(arg);
}

/** Numbers with vLLM's suffixes: `32k` is 32,000 and `32K` 32,768. */
function readNumber(value: string): number {
  const [, digits, suffix = ''] = /^([\d.e+-]+)([kKmMgG]?)$/.exec(value) ?? [];
  const scale: Readonly<Record<string, number>> = { k: 1e3, K: 2 ** 10, m: 1e6, M: 2 ** 20, g: 1e9, G: 2 ** 30 };
  return Number(digits) * (scale[suffix] ?? 1);
}

function loadBalancingOf(flags: Flags, set: (name: string) => boolean): LoadBalancing {
  if (set('data-parallel-multi-port-external-lb')) return 'multi-port';
  if (set('data-parallel-hybrid-lb')) return 'hybrid';
  return flags.has('data-parallel-rank') || set('data-parallel-external-lb') ? 'external' : 'internal';
}

function kvConnector(json: string | undefined): string | undefined {
  const config = parseJson(json);
  return stringAt(config, 'kv_connector');
}

function profilerDirectory(
  flags: Flags,
  env: Readonly<Record<string, string>>,
  version: VllmVersion,
): string | undefined {
  const dotted = flags.get('profiler-config.torch-profiler-dir');
  if (version.minor >= 13) {
    const config = parseJson(flags.get('profiler-config'));
    const directory = typeof dotted === 'string' ? dotted : stringAt(config, 'torch_profiler_dir');
    if (directory !== undefined) return directory;
  }
  return version.minor < 16 ? env['VLLM_TORCH_PROFILER_DIR'] : undefined;
}

function parseJson(text: string | true | undefined): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function nonDefault(
  flags: Flags,
  model: string,
  positional: boolean,
): Readonly<Record<string, string | number | boolean>> {
  const shown: Record<string, string | number | boolean> = positional ? { model_tag: model, model } : {};
  for (const [name, value] of flags) {
    const key = name.replace(/^no-/, '').replaceAll('-', '_');
    if (value === true) shown[key] = !name.startsWith('no-');
    else shown[key] = /^-?[\d.]+$/.test(value) ? Number(value) : value;
  }
  return shown;
}
