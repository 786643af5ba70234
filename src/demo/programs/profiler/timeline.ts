import type { ModelShape } from '../engine/model-shape.ts';
import type { StepRecord } from '../engine/step-loop.ts';
import { layerKernels, SAMPLER, type KernelSpec } from './kernels.ts';

/** The ranks whose traces belong together. World rank = data-parallel rank x TP + tensor-parallel rank. */
export interface World {
  readonly shape: ModelShape;
  readonly dataParallel: number;
  readonly tensorParallel: number;
  readonly expertParallel: boolean;
}

/** The kernels of one step's main stream on every rank. Times in µs from the step's start. */
export interface StepTimeline {
  readonly kernels: readonly KernelSpec[];
  /** By world rank, then by kernel. */
  readonly starts: readonly Float64Array[];
  readonly durations: readonly Float64Array[];
}

/** Share of the step's time that the GPU works; the rest is the host's. */
const GPU_SHARE = 0.96;
const GAP_US = 0.8;

/**
 * Lays the recorded duration of a step out as kernels. The ranks run their layers at their own pace; a barrier kernel
 * starts when its rank arrives and ends, to within a microsecond, when the last one has arrived and the data has moved.
 * Jitter depends on step, rank and kernel alone, so every rank's file shows the same barriers.
 */
export function layOut(step: StepRecord, world: World): StepTimeline {
  const kernels = stepKernels(world);
  const ranks = world.dataParallel * world.tensorParallel;
  const seed = Math.round(step.startedAt * 1000);
  const exchangeUs = exchangeBase(step, kernels);
  const computeUs = kernels.reduce((sum, kernel) => sum + (kernel.kind === 'exchange' ? 0 : kernel.weight), 0);
  const pace = Array.from(
    { length: ranks },
    (_, rank) =>
      (imbalance(rank) * 1000 * (step.computeMs.get(Math.floor(rank / world.tensorParallel)) ?? 0.1)) / computeUs,
  );
  const starts = Array.from({ length: ranks }, () => new Float64Array(kernels.length));
  const durations = Array.from({ length: ranks }, () => new Float64Array(kernels.length));
  const at = Array.from({ length: ranks }, (_, rank) => 40 * noise(seed, rank, 0, 1));

  kernels.forEach((kernel, index) => {
    const transfer = kernel.weight * (kernel.kind === 'exchange' ? exchangeUs : 1);
    const lastArrival = kernel.kind === 'compute' ? at : barrierArrivals(at, kernel, world);
    for (let rank = 0; rank < ranks; rank += 1) {
      const start = at[rank] ?? 0;
      const duration =
        kernel.kind === 'compute'
          ? kernel.weight * (pace[rank] ?? 1) * (0.95 + 0.1 * noise(seed, rank, index, 2))
          : (lastArrival[rank] ?? start) - start + transfer + 0.8 * noise(seed, rank, index, 3);
      setAt(starts, rank, index, start);
      setAt(durations, rank, index, duration);
      at[rank] = start + duration + GAP_US * (0.6 + 0.8 * noise(seed, rank, index, 4));
    }
  });
  fit({ starts, durations }, Math.max(...at), step.durationMs * 1000 * GPU_SHARE);
  return { kernels, starts, durations };
}

/** Popular experts make some ranks slower than others at every step: the slowest is the straggler that the others wait for. */
function imbalance(rank: number): number {
  return 0.97 + 0.06 * noise(0, rank, 0, 5);
}

function stepKernels(world: World): readonly KernelSpec[] {
  const layers = Array.from({ length: world.shape.layers }, (_, layer) =>
    layerKernels(world.shape, layer, world.tensorParallel, world.expertParallel),
  );
  return [...layers.flat(), ...SAMPLER];
}

/** Microseconds of one exchange of weight 1: the recorded total over all of the step's exchanges. */
function exchangeBase(step: StepRecord, kernels: readonly KernelSpec[]): number {
  const weights = kernels.reduce((sum, kernel) => sum + (kernel.kind === 'exchange' ? kernel.weight : 0), 0);
  return weights === 0 ? 0 : (step.exchangeMs * 1000) / weights;
}

/** For each rank, when the last of its barrier's ranks arrives. */
function barrierArrivals(at: readonly number[], kernel: KernelSpec, world: World): readonly number[] {
  const size = kernel.kind === 'exchange' ? at.length : world.tensorParallel;
  const last = Array.from({ length: at.length / size }, (_, group) =>
    Math.max(...at.slice(group * size, (group + 1) * size)),
  );
  return at.map((_, rank) => last[Math.floor(rank / size)] ?? 0);
}

/** Scales the step to the time that it really took. */
function fit(timeline: Pick<StepTimeline, 'starts' | 'durations'>, length: number, wanted: number): void {
  const factor = length === 0 ? 1 : wanted / length;
  for (const times of [...timeline.starts, ...timeline.durations]) {
    for (let index = 0; index < times.length; index += 1) times[index] = (times[index] ?? 0) * factor;
  }
}

function setAt(table: readonly Float64Array[], rank: number, index: number, value: number): void {
  const row = table[rank];
  if (row) row[index] = value;
}

/** A number in [0, 1) that depends on its arguments alone. */
export function noise(seed: number, rank: number, index: number, purpose: number): number {
  let hash =
    Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^
    Math.imul(rank + 1, 0xc2b2ae35) ^
    Math.imul(index + 1, 0x27d4eb2f) ^
    Math.imul(purpose, 0x165667b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}
