import { basename } from 'node:path';
import type { Nanoseconds, StepSpan, TraceSummary } from '../../traces/types.ts';
import type { StepView, TraceView } from '../../protocol/trace-summary.ts';

/** A summary as the page shows it: times after the first event, so that they fit a double exactly. */
export function traceView(summary: TraceSummary): TraceView {
  const start = BigInt(summary.first_ts_ns ?? 0);
  const steps = [
    ...summary.steps.gpu_user_annotation.map((step) => stepView(step, 'GPU', start)),
    ...summary.steps.user_annotation.map((step) => stepView(step, 'CPU', start)),
  ];
  return {
    path: summary.path,
    name: basename(summary.path),
    rank: summary.meta.rank,
    worldSize: summary.meta.world_size,
    device: summary.meta.device0,
    fileBytes: summary.file_bytes,
    jsonBytes: summary.json_bytes,
    events: summary.events,
    kernelTotal: summary.kernel_total_ns,
    graphLaunches: summary.graph_launches,
    devices: Object.entries(summary.devices).map(([name, device]) => ({
      name,
      span: device.span_ns,
      busy: device.busy_ns,
      idle: device.idle_ns,
      compute: device.compute_ns,
      exposedComm: device.exposed_comm_ns,
      exposedCopy: device.exposed_memcpy_ns,
      events: device.gpu_events,
    })),
    steps,
    kernels: summary.kernels.map((kernel) => ({
      name: kernel.name,
      count: kernel.count,
      total: kernel.total_ns,
      min: kernel.min_ns,
      max: kernel.max_ns,
      comm: kernel.comm,
    })),
    warnings: summary.warnings.map((warning) => warning.message),
  };
}

function stepView(step: StepSpan, where: StepView['where'], start: bigint): StepView {
  return { name: step.name, where, start: after(step.ts_ns, start), duration: step.dur_ns };
}

function after(time: Nanoseconds, start: bigint): number {
  return Number(BigInt(time) - start);
}
