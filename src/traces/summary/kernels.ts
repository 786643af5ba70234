import type { Columns } from '../kineto/columns.ts';
import { EventClass, NO_CORRELATION, isGpuWork } from '../kineto/layout.ts';
import type { KernelSummary } from '../types.ts';

/** Count and time of each kernel, the longest in total first. */
export function summariseKernels(
  columns: Columns,
  names: readonly string[],
  isCommunication: readonly boolean[],
): readonly KernelSummary[] {
  const counts = new Float64Array(names.length);
  const totals = new Float64Array(names.length);
  const shortest = new Float64Array(names.length).fill(Infinity);
  const longest = new Float64Array(names.length);
  for (let row = 0; row < columns.rows; row++) {
    if (columns.class[row] !== EventClass.kernel) continue;
    const name = columns.name[row] ?? 0;
    const duration = columns.duration[row] ?? 0;
    counts[name] = (counts[name] ?? 0) + 1;
    totals[name] = (totals[name] ?? 0) + duration;
    if (duration < (shortest[name] ?? 0)) shortest[name] = duration;
    if (duration > (longest[name] ?? 0)) longest[name] = duration;
  }
  const kernels: KernelSummary[] = [];
  for (const [id, name] of names.entries()) {
    const count = counts[id] ?? 0;
    if (count === 0) continue;
    kernels.push({
      name,
      count,
      total_ns: totals[id] ?? 0,
      min_ns: shortest[id] ?? 0,
      max_ns: longest[id] ?? 0,
      comm: isCommunication[id] === true,
    });
  }
  return kernels.toSorted((a, b) => b.total_ns - a.total_ns || (a.name < b.name ? -1 : 1));
}

/** The most GPU events that one launch (a CUDA graph's, mostly) brought forth. */
export function mostGpuEventsOfALaunch(columns: Columns): number {
  const counts = new Map<number, number>();
  let launch = NO_CORRELATION;
  let run = 0;
  let most = 0;
  const addRun = (): void => {
    if (launch === NO_CORRELATION) return;
    const count = (counts.get(launch) ?? 0) + run;
    counts.set(launch, count);
    most = Math.max(most, count);
  };
  // The events of a launch stand together, so the map is asked once a run.
  for (let row = 0; row < columns.rows; row++) {
    if (!isGpuWork(columns.class[row] ?? 0)) continue;
    const correlation = columns.correlation[row] ?? NO_CORRELATION;
    if (correlation !== launch) {
      addRun();
      launch = correlation;
      run = 0;
    }
    run++;
  }
  addRun();
  return most;
}
