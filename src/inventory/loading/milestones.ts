import type { PhaseName } from './types.ts';

/** What one line says of the phase that it belongs to. */
export interface Milestone {
  readonly phase: PhaseName;
  /** Worker lines tell how far a rank is. Engines also speak for ranks whose workers are silent; servers for the whole pod. */
  readonly speaker: 'worker' | 'engine' | 'server';
  readonly percent?: number;
  readonly remainingSeconds?: number;
  readonly detail?: string;
}

type Rule = readonly [
  pattern: RegExp,
  phase: PhaseName,
  speaker: Milestone['speaker'],
  read?: (match: RegExpExecArray) => Partial<Milestone>,
];

/** Start-up lines of vLLM 0.10 to 0.33, in order; each is matched behind the record's header. */
const RULES: readonly Rule[] = [
  [/^vLLM (?:API )?server version \S+/, 'starting', 'server'],
  [/^non-default args: \{/, 'starting', 'server'],
  [/^Initializing a V1 LLM engine \(v\S+\) with config:/, 'starting', 'engine'],
  [/^Launching vLLM DP Servers/, 'distributed', 'server'],
  [/^Started DP Coordinator process \(PID: \d+\)/, 'distributed', 'server'],
  [/^Waiting for READY message from DP Coordinator/, 'distributed', 'engine'],
  [/^rank \d+ in world size \d+ is assigned as DP rank \d+/, 'distributed', 'engine'],
  [/^vLLM is using nccl==\S+/, 'distributed', 'engine'],
  [/^Using .+ all2all manager\./, 'distributed', 'engine'],
  [/^Initializing NIXL (?:wrapper|worker|Scheduler)/, 'distributed', 'engine'],
  [/^(?:Starting to load model .+\.\.\.|Loading model from scratch)/, 'downloading', 'worker'],
  [
    /^Time spent downloading weights for .+: ([\d.]+) seconds/,
    'weights',
    'worker',
    ([, seconds]) => ({ detail: `downloaded in ${seconds} s` }),
  ],
  [
    /^\s*(?:Loading|Multi-thread loading) [^:]*: +(\d+)% Completed \| \d+\/\d+ \[[\d:]+<([\d:?]+), +[\d.?]+(?:s\/it|it\/s)\]/,
    'weights',
    'worker',
    ([, percent, left]) => bar(percent, left),
  ],
  [/^Loading weights took [\d.]+ seconds/, 'weights', 'worker', () => ({ percent: 100 })],
  [/^Model loading took [\d.]+ GiB (?:memory )?and [\d.]+ seconds/, 'weights', 'worker', () => ({ percent: 100 })],
  [/^(?:\[.*?\] )?Using cache directory: .+ for vLLM's torch\.compile/, 'compiling', 'worker'],
  [/^(?:\[.*?\] )?Dynamo bytecode transform time: [\d.]+ s/, 'compiling', 'worker'],
  [/^(?:\[.*?\] )?Compiling a graph for .+ takes [\d.]+ s/, 'compiling', 'worker'],
  [
    /^(?:\[.*?\] )?Directly load (?:the compiled graph|AOT compilation)/,
    'compiling',
    'worker',
    () => ({ detail: 'from the cache' }),
  ],
  [/^(?:\[.*?\] )?torch\.compile (?:takes|took|and .* took) [\d.]+ s in total/, 'compiling', 'worker'],
  [/^Estimated CUDA graph memory: -?[\d.]+ GiB total/, 'kv-cache', 'worker'],
  [/^Available KV cache memory: -?[\d.]+ GiB/, 'kv-cache', 'worker'],
  [/^GPU KV cache size: [\d,]+ tokens/, 'kv-cache', 'engine'],
  [/^Registering KV_Caches/, 'kv-cache', 'engine'],
  [
    /^\s*(DeepGEMM warmup|JIT kernel warmup|Capturing)[^:]*: +(\d+)%\|[^|]*\| \d+\/\d+ \[[\d:]+<([\d:?]+)/,
    'graphs',
    'worker',
    ([, title, percent, left]) => ({
      ...bar(percent, left),
      ...(title === 'Capturing' ? {} : { detail: title ?? '' }),
    }),
  ],
  [/^Graph capturing finished in \d+ secs/, 'graphs', 'worker', () => ({ percent: 100 })],
  [/^Starting vLLM (?:API )?server(?: \d+)? on \S+/, 'serving', 'server', () => ({ detail: 'its server starts' })],
  [/^INFO: +Application startup complete\./, 'serving', 'server'],
];

export function milestone(message: string): Milestone | undefined {
  for (const [pattern, phase, speaker, read] of RULES) {
    const match = pattern.exec(message);
    if (match) return { phase, speaker, ...read?.(match) };
  }
  return undefined;
}

/** Seconds that the processes of a pod waited for each other; printed again and again while one of them is busy or stuck. */
export function silence(message: string): number | undefined {
  const seconds = /^No available shared memory broadcast block found in (\d+) seconds/.exec(message)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

function bar(percent: string | undefined, left: string | undefined): Pick<Milestone, 'percent' | 'remainingSeconds'> {
  const remaining = seconds(left ?? '?');
  return { percent: Number(percent), ...(remaining === undefined ? {} : { remainingSeconds: remaining }) };
}

/** `mm:ss` or `h:mm:ss`; the bar writes `?` until it knows. */
function seconds(clock: string): number | undefined {
  if (!/^\d+(?::\d\d){1,2}$/.test(clock)) return undefined;
  return clock.split(':').reduce((total, part) => total * 60 + Number(part), 0);
}
