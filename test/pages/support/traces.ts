import type { DeviceView, KernelView, TraceView } from '../../../src/protocol/trace-summary.ts';

export function device(name: string, more: Partial<DeviceView> = {}): DeviceView {
  return {
    name,
    span: 1_000_000,
    busy: 800_000,
    idle: 200_000,
    compute: 600_000,
    exposedComm: 150_000,
    exposedCopy: 50_000,
    events: 1234,
    ...more,
  };
}

export function kernel(name: string, total: number, more: Partial<KernelView> = {}): KernelView {
  return { name, count: 4, total, min: total / 8, max: total / 2, comm: false, ...more };
}

export function trace(more: Partial<TraceView> = {}): TraceView {
  return {
    path: '/work/traces/1/pod-0/rank-0.pt.trace.json.gz',
    name: 'rank-0.pt.trace.json.gz',
    rank: 0,
    worldSize: 16,
    device: 'NVIDIA H200',
    fileBytes: 12_300_000,
    jsonBytes: 456_000_000,
    events: 123_456,
    kernelTotal: 1_000_000,
    graphLaunches: 1,
    devices: [
      device('0'),
      device('1', {
        span: 3_000_000,
        busy: 1_500_000,
        idle: 1_500_000,
        compute: 1_500_000,
        exposedComm: 0,
        exposedCopy: 0,
      }),
    ],
    steps: [
      { name: 'execute_model_1', where: 'GPU', start: 1000, duration: 4_000_000 },
      { name: 'execute_model_2', where: 'GPU', start: 5_000_000, duration: 6_000_000 },
      { name: 'execute_model_1', where: 'CPU', start: 500, duration: 90_000_000 },
    ],
    kernels: [
      kernel('gemm_bf16', 600_000),
      kernel('ncclDevKernel_AllReduce', 300_000, { comm: true, count: 2 }),
      kernel('rms_norm', 100_000, { count: 64 }),
    ],
    warnings: [],
    ...more,
  };
}
