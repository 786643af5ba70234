import type { ServerResponse } from 'node:http';
import type { IFileSystem } from 'just-bash';
import { DisposableStore } from '../../../base/disposables.ts';
import { errorText } from '../../../base/errors.ts';
import type { ContainerContext } from '../../nodes/types.ts';
import { hashText } from '../../random.ts';
import type { StepLoop, StepRecord } from '../engine/step-loop.ts';
import { sendEmpty, sendJson } from '../servers/http/respond.ts';
import { sendApiError } from '../servers/openai/errors.ts';
import type { ProfilerRoutes } from '../servers/vllm/api-server.ts';
import { hasFault } from '../servers/vllm/faults.ts';
import type { Launch } from '../servers/vllm/launch.ts';
import type { ProcessLog } from '../servers/vllm/process-log.ts';
import { kinetoTrace } from './kineto-trace.ts';
import { layOut, type StepTimeline, type World } from './timeline.ts';
import { writeGzip } from './trace-file.ts';

/** Steps kept of a profile: the first ones after its start. At 61 layers one is about 0.9 MB of JSON a rank. */
const RECORDED_STEPS = 6;
const MAX_SKEW_NS = 12_000;

export interface PodProfilerOptions {
  readonly launch: Launch;
  /** Data-parallel ranks whose server this is. */
  readonly ranks: readonly number[];
  readonly loopOf: (rank: number) => StepLoop;
  readonly directory: string;
  readonly context: ContainerContext;
  readonly log: ProcessLog;
}

/** The torch profiler of one API server's ranks: records real steps between start and stop, writes one trace a rank at stop. */
export class PodProfiler implements ProfilerRoutes {
  readonly #options: PodProfilerOptions;
  #recording: Recording | undefined;

  constructor(options: PodProfilerOptions) {
    this.#options = options;
  }

  start(response: ServerResponse): Promise<void> {
    const { log, launch, ranks, loopOf } = this.#options;
    if (this.#recording !== undefined) {
      if (launch.version.minor >= 20) sendJson(response, 409, { detail: 'Profiler is already running.' });
      else sendApiError(response, 500, 'InternalServerError', 'Profiler is already running.');
      return Promise.resolve();
    }
    log.info(launch.processes.server, 'api_server.py:1180', 'Starting profiler...');
    this.#recording = new Recording(ranks, loopOf);
    log.info(launch.processes.server, 'api_server.py:1182', 'Profiler started.');
    sendEmpty(response, 200);
    return Promise.resolve();
  }

  async stop(response: ServerResponse): Promise<void> {
    const { log, launch, ranks, loopOf } = this.#options;
    const recording = this.#recording;
    if (recording === undefined) {
      sendApiError(response, 500, 'InternalServerError', 'Profiler is not running.');
      return;
    }
    this.#recording = undefined;
    recording.dispose();
    log.info(launch.processes.server, 'api_server.py:1188', 'Stopping profiler...');
    const held = new DisposableStore();
    for (const loop of new Set(ranks.map(loopOf))) held.add(loop.hold());
    try {
      await this.#write(recording);
      log.info(launch.processes.server, 'api_server.py:1190', 'Profiler stopped.');
      sendEmpty(response, 200);
    } catch (error) {
      log.record(
        'ERROR',
        launch.processes.worker(launch.config.startRank),
        'multiproc_executor.py:671',
        [
          'WorkerProc hit an exception.',
          'Traceback (most recent call last):',
          '  File "/opt/vllm/vllm/v1/worker/gpu_worker.py", line 541, in profile',
          '    self.profiler.stop()',
          errorText(error),
        ].join('\n'),
      );
      sendApiError(response, 500, 'InternalServerError', errorText(error));
    } finally {
      held.dispose();
    }
  }

  async #write(recording: Recording): Promise<void> {
    const { context, directory, ranks, launch } = this.#options;
    if (hasFault(context.annotations(), 'no-traces')) return;
    await context.fs.mkdir(directory, { recursive: true });
    const timelines = timelineCache(worldOf(launch));
    for (const rank of ranks) {
      for (let tensorRank = 0; tensorRank < launch.config.tensorParallel; tensorRank += 1)
        await this.#writeRank(rank, tensorRank, recording.steps(rank), timelines);
    }
  }

  async #writeRank(
    rank: number,
    tensorRank: number,
    steps: readonly StepRecord[],
    timelines: (step: StepRecord) => StepTimeline,
  ): Promise<void> {
    const { context, directory, launch } = this.#options;
    const { config, processes } = launch;
    const worldRank = rank * config.tensorParallel + tensorRank;
    const expertRank = config.expertParallel ? worldRank : 0;
    const wallNs =
      BigInt(Math.round(context.time.now())) * 1_000_000n + BigInt(Math.floor((performance.now() % 1) * 1e6));
    const path = `${directory}/dp${rank}_pp0_tp${tensorRank}_dcp0_ep${expertRank}_rank${tensorRank}.${wallNs}.pt.trace.json.gz`;
    const device = (rank - config.startRank) * config.tensorParallel + tensorRank;
    const worker = processes.worker(rank);
    const pieces = kinetoTrace(
      {
        world: worldOf(launch),
        rank: worldRank,
        device,
        pid: worker.pid + tensorRank,
        processName: `VLLM::${worker.name.replace('TP0', `TP${tensorRank}`)}`,
        steps,
        clockSkewNs: hashText(context.podIp) % MAX_SKEW_NS,
        timeOriginMs: performance.timeOrigin,
      },
      timelines,
    );
    await writeGzip(
      hasFault(context.annotations(), 'disk-full') ? fullDisk(context.fs, path) : context.fs,
      path,
      pieces,
    );
  }
}

/** The steps of each rank since the start. */
class Recording extends DisposableStore {
  readonly #steps = new Map<number, StepRecord[]>();

  constructor(ranks: readonly number[], loopOf: (rank: number) => StepLoop) {
    super();
    for (const rank of ranks) {
      const steps: StepRecord[] = [];
      this.#steps.set(rank, steps);
      this.add(
        loopOf(rank).observe((step) => {
          if (steps.length < RECORDED_STEPS) steps.push(step);
        }),
      );
    }
  }

  steps(rank: number): readonly StepRecord[] {
    return this.#steps.get(rank) ?? [];
  }
}

function worldOf({ shape, config }: Launch): World {
  return {
    shape,
    dataParallel: config.dataParallel,
    tensorParallel: config.tensorParallel,
    expertParallel: config.expertParallel && config.dataParallel * config.tensorParallel > 1,
  };
}

/** The file system as a full disk lets it be used: the first portion fits, the next does not. */
function fullDisk(fs: IFileSystem, path: string): Pick<IFileSystem, 'writeFile' | 'appendFile'> {
  let portions = 0;
  return {
    writeFile: (...args) => fs.writeFile(...args),
    appendFile: (...args) => {
      portions += 1;
      return portions === 1
        ? fs.appendFile(...args)
        : Promise.reject(new Error(`OSError: [Errno 28] No space left on device: '${path}'`));
    },
  };
}

/** All ranks of a pod show the same steps: each is laid out once. */
function timelineCache(world: World): (step: StepRecord) => StepTimeline {
  const known = new Map<StepRecord, StepTimeline>();
  return (step) => {
    const timeline = known.get(step) ?? layOut(step, world);
    known.set(step, timeline);
    return timeline;
  };
}
