import { sleep, systemClock } from '../../../../base/clock.ts';
import { Limiter } from '../../../../base/limiter.ts';
import { seededRandom, type Random } from '../../../random.ts';

export interface Arrivals {
  /** Requests per second; Infinity sends all at once. */
  readonly rate: number;
  /** 1: a Poisson process; larger is more regular. */
  readonly burstiness: number;
  readonly maxConcurrency: number | undefined;
  readonly seed: number;
}

/** Starts one task an arrival and resolves when all have ended. Rejects with `aborted`. */
export async function sendAll<T>(
  tasks: readonly (() => Promise<T>)[],
  arrivals: Arrivals,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const random = seededRandom(arrivals.seed + 7);
  const limiter = new Limiter(arrivals.maxConcurrency ?? Infinity);
  const running: Promise<T>[] = [];
  let due = performance.now();
  for (const task of tasks) {
    const wait = due - performance.now();
    if (wait > 1) await sleep(systemClock, wait, signal);
    running.push(limiter.run(signal, task));
    due +=
      arrivals.rate === Infinity
        ? 0
        : (gamma(arrivals.burstiness, random) / (arrivals.rate * arrivals.burstiness)) * 1000;
  }
  return await Promise.all(running);
}

/** A gamma variate of scale 1 (Marsaglia and Tsang). */
function gamma(shape: number, random: Random): number {
  if (!Number.isFinite(shape)) return shape;
  if (shape < 1) return gamma(shape + 1, random) * random() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const v = (1 + c * normal) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * normal * normal + d - d * v + d * Math.log(v)) return d * v;
  }
}
