import { H200 } from '../engine/performance.ts';
import type { StepRecord } from '../engine/step-loop.ts';
import { SHARED_EXPERT, STREAMS, SYNC, type KernelSpec } from './kernels.ts';
import { complete, flow, kernelArgs, metadata, microseconds, type EventPlace } from './kineto-events.ts';
import { layOut, noise, type StepTimeline, type World } from './timeline.ts';

export interface RankTrace {
  readonly world: World;
  readonly rank: number;
  /** GPU index on its node. */
  readonly device: number;
  readonly pid: number;
  readonly processName: string;
  readonly steps: readonly StepRecord[];
  /** How far this node's clock is off, ns. */
  readonly clockSkewNs: number;
  /** Wall ms of the monotonic clock's zero. */
  readonly timeOriginMs: number;
}

/** Kineto counts from a base that stays the same for about three months, so that nanoseconds fit a double. */
const BASE_PERIOD_S = 7_889_238;
const CPU_OPS = [
  'aten::empty',
  'aten::copy_',
  'aten::to',
  'aten::index_select',
  'aten::slice',
  'aten::fill_',
  'aten::cumsum',
  'aten::add_',
  'aten::select',
  'aten::as_strided',
];

/** Writes one rank's trace piece by piece: a piece is a few hundred kilobytes at most, so that its writer can pause in between. */
export function* kinetoTrace(
  trace: RankTrace,
  timelines: (step: StepRecord) => StepTimeline = (step) => layOut(step, trace.world),
): Generator<string, void> {
  const first = trace.steps[0]?.startedAt ?? 0;
  const baseNs = baseTime(trace.timeOriginMs + first);
  yield header(trace, baseNs);
  const writer = new RankWriter(
    trace,
    (monotonicMs) => Math.round((trace.timeOriginMs + monotonicMs) * 1e6 - baseNs) + trace.clockSkewNs,
  );
  for (const step of trace.steps) yield* writer.step(step, timelines(step));
  yield writer.footer();
}

function baseTime(wallMs: number): number {
  return Math.floor(wallMs / 1000 / BASE_PERIOD_S) * BASE_PERIOD_S * 1e9;
}

function header(trace: RankTrace, baseNs: number): string {
  const size = trace.world.dataParallel * trace.world.tensorParallel;
  const devices = Array.from({ length: 8 }, (_, id) => ({
    id,
    name: H200.name,
    totalGlobalMem: H200.memoryBytes,
    computeMajor: 9,
    computeMinor: 0,
    maxThreadsPerBlock: 1024,
    maxThreadsPerMultiprocessor: 2048,
    regsPerBlock: 65_536,
    warpSize: 32,
    sharedMemPerBlock: 49_152,
    numSms: 132,
    regsPerMultiprocessor: 65_536,
    sharedMemPerBlockOptin: 232_448,
    sharedMemPerMultiprocessor: 233_472,
  }));
  const ranks = Array.from({ length: size }, (_, rank) => rank);
  const distributed = {
    backend: 'nccl',
    rank: trace.rank,
    world_size: size,
    pg_count: 1,
    pg_config: [{ pg_name: '0', pg_desc: 'default_pg', backend_config: 'cuda:nccl', pg_size: size, ranks }],
    nccl_version: '2.27.3',
  };
  return `{\n  "schemaVersion": 1,\n  "deviceProperties": ${JSON.stringify(devices)},\n  "cupti_version": 26,\n  "cuda_runtime_version": 12080,\n  "with_stack": 0,\n  "distributedInfo": ${JSON.stringify(distributed)},\n  "cuda_driver_version": 12090,\n  "displayTimeUnit": "ms",\n  "baseTimeNanoseconds": ${baseNs},\n  "traceEvents": [\n`;
}

/** Turns steps into events. Correlation ids and external ids run through the whole file. */
class RankWriter {
  readonly #trace: RankTrace;
  readonly #ns: (monotonicMs: number) => number;
  readonly #cpu: EventPlace;
  #correlation = 1000;
  #external = 100;
  #start: number | undefined;
  #end = 0;

  constructor(trace: RankTrace, toNs: (monotonicMs: number) => number) {
    this.#trace = trace;
    this.#ns = toNs;
    this.#cpu = { pid: trace.pid, tid: trace.pid };
  }

  *step(step: StepRecord, timeline: StepTimeline): Generator<string, void> {
    const { rank, world } = this.#trace;
    const plan = step.plans.get(Math.floor(rank / world.tensorParallel));
    const startNs = this.#ns(step.startedAt);
    const cpuNs = Math.round(Math.min(1.8, step.durationMs * 0.55) * 1e6);
    const cpuStart = startNs - cpuNs;
    this.#start ??= cpuStart;
    const annotation =
      plan === undefined || plan.tokens === 0
        ? undefined
        : `execute_context_${plan.contextRequests}(${plan.promptTokens})_generation_${plan.decodes}(${plan.decodes})`;
    this.#external += 1;
    const annotationId = this.#external;
    let text =
      annotation === undefined
        ? ''
        : complete(
            'user_annotation',
            annotation,
            this.#cpu,
            cpuStart,
            cpuNs,
            `"External id": ${annotationId},"Record function id": 0, "Ev Idx": ${annotationId}`,
          );
    text += this.#hostOps(step, cpuStart, cpuNs);
    const launch = cpuStart + Math.round(cpuNs * 0.62);
    this.#correlation += 1;
    this.#external += 1;
    const graph = { correlation: this.#correlation, external: this.#external };
    text += complete(
      'cuda_runtime',
      'cudaGraphLaunch',
      this.#cpu,
      launch,
      Math.round(cpuNs * 0.3),
      `"External id": ${graph.external},\n      "cbid": 311, "correlation": ${graph.correlation}`,
    );
    text += flow('s', graph.correlation, this.#cpu, launch);
    yield text;
    yield* this.#kernels(timeline, startNs, graph);
    yield this.#tail(step, timeline, startNs, annotation, annotationId);
  }

  footer(): string {
    const { device, pid, processName, rank } = this.#trace;
    const start = this.#start ?? 0;
    const gpu: EventPlace = { pid: device, tid: 0 };
    const cpu: EventPlace = { pid, tid: 0 };
    const names = [
      metadata('process_name', 'name', processName, cpu, start),
      metadata('process_labels', 'labels', 'CPU', cpu, start),
      metadata('process_sort_index', 'sort_index', pid, cpu, start),
      metadata('process_name', 'name', processName, gpu, start),
      metadata('process_labels', 'labels', `GPU ${device}`, gpu, start),
      metadata('process_sort_index', 'sort_index', 5_000_000 + device, gpu, start),
      metadata('thread_name', 'name', `thread ${pid} (${processName})`, this.#cpu, start),
      ...Object.values(STREAMS).map((stream) =>
        metadata('thread_name', 'name', `stream ${stream} `, { pid: device, tid: stream }, start),
      ),
    ].join('');
    const span = complete(
      'Trace',
      'PyTorch Profiler (0)',
      { pid: '"Spans"', tid: '"PyTorch Profiler"' },
      start,
      Math.max(0, this.#end - start),
      '"Op count": 0',
    );
    const end = `  {\n    "name": "Record Window End", "ph": "i", "s": "g",\n    "pid": "", "tid": "", "ts": ${microseconds(this.#end)}\n  }\n  ],\n  "traceName": "/tmp/rank${rank}.pt.trace.json"\n}\n`;
    return names + span + end;
  }

  /** The host's part of a step: operators, and the copies of block tables and positions to the GPU. */
  #hostOps(step: StepRecord, cpuStart: number, cpuNs: number): string {
    const { device, rank } = this.#trace;
    const seed = Math.round(step.startedAt * 1000);
    const slot = Math.floor((cpuNs * 0.55) / 40);
    let text = '';
    for (let index = 0; index < 40; index += 1) {
      const at = cpuStart + 20_000 + index * slot;
      const duration = Math.max(400, Math.round(slot * (0.3 + 0.6 * noise(seed, rank, index, 11))));
      this.#external += 1;
      text += complete(
        'cpu_op',
        CPU_OPS[index % CPU_OPS.length] ?? 'aten::empty',
        this.#cpu,
        at,
        duration,
        `"External id": ${this.#external},"Record function id": 0, "Ev Idx": ${this.#external}`,
      );
      if (index % 8 !== 3) continue;
      this.#correlation += 1;
      const copy = 900 + Math.round(900 * noise(seed, rank, index, 12));
      const args = `"External id": ${this.#external},\n      "cbid": 41, "correlation": ${this.#correlation}`;
      text +=
        complete('cuda_runtime', 'cudaMemcpyAsync', this.#cpu, at + 200, Math.round(duration * 0.5), args) +
        flow('s', this.#correlation, this.#cpu, at + 200);
      const gpu: EventPlace = { pid: device, tid: STREAMS.copy };
      text += complete(
        'gpu_memcpy',
        'Memcpy HtoD (Pinned -> Device)',
        gpu,
        at + slot,
        copy,
        `"External id": ${this.#external},\n      "device": ${device}, "context": 1,\n      "stream": ${STREAMS.copy}, "correlation": ${this.#correlation},\n      "bytes": 2048, "memory bandwidth (GB/s)": ${(2048 / copy).toFixed(3)}`,
      );
      text += flow('f', this.#correlation, gpu, at + slot);
    }
    return text;
  }

  *#kernels(
    timeline: StepTimeline,
    startNs: number,
    graph: { readonly correlation: number; readonly external: number },
  ): Generator<string, void> {
    const starts = timeline.starts[this.#trace.rank] ?? new Float64Array();
    const durations = timeline.durations[this.#trace.rank] ?? new Float64Array();
    let text = '';
    for (const [index, kernel] of timeline.kernels.entries()) {
      const at = startNs + Math.round((starts[index] ?? 0) * 1000);
      const duration = Math.round((durations[index] ?? 0) * 1000);
      text += this.#kernel(kernel, at, duration, graph.correlation, graph.external);
      if (kernel.kind === 'exchange' && kernel.name.includes('dispatch'))
        text += this.#sharedExpert(at, durations, timeline, index, graph);
      if (index % 200 !== 199) continue;
      yield text;
      text = '';
    }
    yield text;
  }

  /** The shared expert keeps the pace of the layer's other GEMMs. */
  #sharedExpert(
    dispatchAt: number,
    durations: Float64Array,
    timeline: StepTimeline,
    index: number,
    graph: { readonly correlation: number; readonly external: number },
  ): string {
    const next = timeline.kernels[index + 1];
    const pace = next === undefined ? 1 : (durations[index + 1] ?? 0) / next.weight;
    let at = dispatchAt + 1500;
    let text = '';
    for (const kernel of SHARED_EXPERT) {
      const duration = Math.max(500, Math.round(kernel.weight * pace * 1000));
      text += this.#kernel(kernel, at, duration, graph.correlation, graph.external);
      at += duration + 900;
    }
    return text;
  }

  #kernel(kernel: KernelSpec, at: number, duration: number, correlation: number, external: number, extra = ''): string {
    const place: EventPlace = { pid: this.#trace.device, tid: kernel.stream };
    this.#end = Math.max(this.#end, at + duration);
    return (
      complete(
        'kernel',
        kernel.name,
        place,
        at,
        duration,
        kernelArgs(kernel, this.#trace.device, correlation, external, extra),
      ) + flow('f', correlation, place, at)
    );
  }

  /** The ranks' agreement on the next batch, and the GPU's side of the annotation. */
  #tail(
    step: StepRecord,
    timeline: StepTimeline,
    startNs: number,
    annotation: string | undefined,
    annotationId: number,
  ): string {
    const { world, device, rank } = this.#trace;
    const last = timeline.kernels.length - 1;
    let end =
      startNs + Math.round(((timeline.starts[rank]?.[last] ?? 0) + (timeline.durations[rank]?.[last] ?? 0)) * 1000);
    let text = '';
    const size = world.dataParallel * world.tensorParallel;
    if (world.dataParallel > 1) {
      this.#correlation += 1;
      this.#external += 1;
      const launch = startNs - 60_000;
      const duration = Math.round(
        SYNC.weight * 1000 * (0.8 + 0.5 * noise(Math.round(step.startedAt * 1000), rank, last, 13)),
      );
      const collective = `"Collective name": "allreduce", "In msg nelems": ${size * 4}, "Out msg nelems": ${size * 4}, "Group size": ${size}, "dtype": "Int", "Process Group Name": "11", "Process Group Description": "undefined"`;
      text += complete(
        'cuda_driver',
        'cuLaunchKernelEx',
        this.#cpu,
        launch,
        9000,
        `"External id": ${this.#external},\n      "cbid": 652, "correlation": ${this.#correlation}`,
      );
      text += flow('s', this.#correlation, this.#cpu, launch);
      text += this.#kernel(SYNC, end + 800, duration, this.#correlation, this.#external, `,\n      ${collective}`);
      end += 800 + duration;
    }
    if (annotation !== undefined) {
      const first = startNs + Math.round((timeline.starts[rank]?.[0] ?? 0) * 1000);
      text += complete(
        'gpu_user_annotation',
        annotation,
        { pid: device, tid: STREAMS.main },
        first - 1,
        end - first + 2,
        `"External id": ${annotationId}`,
      );
    }
    return text;
  }
}
