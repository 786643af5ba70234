import { modelShape, type ModelShape } from '../../engine/model-shape.ts';
import { PerformanceModel } from '../../engine/performance.ts';
import { hashText } from '../../../random.ts';
import type { VllmConfig } from './args.ts';
import type { ProcessName } from './process-log.ts';
import type { VllmVersion } from './version.ts';

/** Everything that is decided before a model server starts to load. */
export interface Launch {
  readonly config: VllmConfig;
  readonly version: VllmVersion;
  readonly shape: ModelShape;
  readonly performance: PerformanceModel;
  readonly maxModelLen: number;
  /** Global data-parallel ranks of this pod. */
  readonly ranks: readonly number[];
  readonly processes: Processes;
  readonly kvBlocks: number;
}

/** The pod's processes by role; the engine's first worker is the engine itself where TP is 1 up to 0.14. */
export interface Processes {
  readonly server: ProcessName;
  engine(rank: number): ProcessName;
  worker(rank: number): ProcessName;
}

export function planLaunch(config: VllmConfig, version: VllmVersion, pod: string): Launch {
  const shape = modelShape(config.model);
  const performance = new PerformanceModel(shape, {
    tensorParallel: config.tensorParallel * config.pipelineParallel,
    expertParallel: config.expertParallel ? config.dataParallel * config.tensorParallel : 1,
    multiNode: config.dataParallel > config.dataParallelLocal,
    gpuMemoryUtilization: config.gpuMemoryUtilization,
    kvCacheFp8: config.kvCacheFp8,
    enforceEager: config.enforceEager,
  });
  const kvBytes = config.kvCacheMemoryBytes ?? performance.kvCacheBytes;
  return {
    config,
    version,
    shape,
    performance,
    maxModelLen: config.maxModelLen ?? shape.maxModelLen,
    ranks: Array.from({ length: config.dataParallelLocal }, (_, index) => config.startRank + index),
    processes: processNames(config, version, pod),
    kvBlocks: Math.floor(kvBytes / performance.kvBytesPerToken / config.blockSize),
  };
}

function processNames(config: VllmConfig, version: VllmVersion, pod: string): Processes {
  const base = 100 + (hashText(pod) % 300);
  const pid = (rank: number, offset: number): number => base + 60 + (rank - config.startRank) * 9 + offset;
  const engine = (rank: number): ProcessName => {
    const name = version.minor >= 20 && config.dataParallel === 1 ? 'EngineCore' : `EngineCore_DP${rank}`;
    return { name, pid: pid(rank, 0) };
  };
  return {
    server: { name: 'APIServer', pid: base },
    engine,
    worker: (rank) => {
      if (config.tensorParallel === 1 && version.minor <= 14) return engine(rank);
      const parts = [
        ...(config.dataParallel > 1 ? [`DP${rank}`] : []),
        ...(config.tensorParallel > 1 ? ['TP0'] : []),
        ...(config.expertParallel ? [`EP${rank * config.tensorParallel}`] : []),
      ];
      return { name: ['Worker', ...parts].join('_'), pid: pid(rank, 3) };
    },
  };
}
