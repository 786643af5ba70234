import type { KernelSpec } from './kernels.ts';

const MULTIPROCESSORS = 132;

/** Integer nanoseconds as Kineto writes times: microseconds with three decimals. */
export function microseconds(ns: number): string {
  return `${Math.floor(ns / 1000)}.${String(ns % 1000).padStart(3, '0')}`;
}

export interface EventPlace {
  readonly pid: number | string;
  readonly tid: number | string;
}

/** One complete event. `args` is JSON without its braces. Times are integer ns from the trace's base. */
export function complete(
  category: string,
  name: string,
  place: EventPlace,
  ts: number,
  duration: number,
  args: string,
): string {
  return `  {\n    "ph": "X", "cat": "${category}", "name": ${JSON.stringify(name)}, "pid": ${place.pid}, "tid": ${place.tid},\n    "ts": ${microseconds(ts)}, "dur": ${microseconds(duration)},\n    "args": {\n      ${args}\n    }\n  },\n`;
}

/** Start or end of the arrow from a launch to what it launched. */
export function flow(phase: 's' | 'f', correlation: number, place: EventPlace, ts: number): string {
  return `  {\n    "ph": "${phase}", "id": ${correlation}, "pid": ${place.pid}, "tid": ${place.tid}, "ts": ${microseconds(ts)},\n    "cat": "ac2g", "name": "ac2g"${phase === 'f' ? ', "bp": "e"' : ''}\n  },\n`;
}

export function kernelArgs(
  kernel: KernelSpec,
  device: number,
  correlation: number,
  externalId: number,
  extra = '',
): string {
  const blocks = (kernel.grid[0] * kernel.grid[1] * kernel.grid[2]) / MULTIPROCESSORS;
  const warps = (blocks * kernel.block[0] * kernel.block[1] * kernel.block[2]) / 32;
  return `"External id": ${externalId},\n      "queued": 0, "device": ${device}, "context": 1,\n      "stream": ${kernel.stream}, "correlation": ${correlation},\n      "registers per thread": ${kernel.registers},\n      "shared memory": ${kernel.sharedMemory},\n      "blocks per SM": ${blocks.toFixed(6)},\n      "warps per SM": ${warps.toFixed(6)},\n      "grid": [${kernel.grid.join(', ')}],\n      "block": [${kernel.block.join(', ')}],\n      "est. achieved occupancy %": ${Math.min(100, Math.round(warps * 1.5))}${extra}`;
}

/** Names a process or thread. */
export function metadata(name: string, key: string, value: string | number, place: EventPlace, ts: number): string {
  return `  {\n    "name": "${name}", "ph": "M", "ts": ${microseconds(ts)}, "pid": ${place.pid}, "tid": ${place.tid},\n    "args": {\n      "${key}": ${JSON.stringify(value)}\n    }\n  },\n`;
}
