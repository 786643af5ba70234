import * as z from 'zod';
import './jitless.ts';

/** Figures of one device, in ns. */
export interface DeviceView {
  readonly name: string;
  readonly span: number;
  readonly busy: number;
  readonly idle: number;
  readonly compute: number;
  readonly exposedComm: number;
  readonly exposedCopy: number;
  readonly events: number;
}

export interface StepView {
  readonly name: string;
  /** Where the step was measured: on the GPU or on the CPU. */
  readonly where: 'GPU' | 'CPU';
  /** ns after the first event of the trace. */
  readonly start: number;
  readonly duration: number;
}

export interface KernelView {
  readonly name: string;
  readonly count: number;
  readonly total: number;
  readonly min: number;
  readonly max: number;
  readonly comm: boolean;
}

export interface TraceView {
  readonly path: string;
  readonly name: string;
  readonly rank: number | null;
  readonly worldSize: number | null;
  readonly device: string | null;
  readonly fileBytes: number;
  readonly jsonBytes: number;
  readonly events: number;
  readonly kernelTotal: number;
  readonly graphLaunches: number;
  readonly devices: readonly DeviceView[];
  readonly steps: readonly StepView[];
  readonly kernels: readonly KernelView[];
  readonly warnings: readonly string[];
}

/** Host to page. Each tells the path, by which a panel comes back after a reload, whatever became of the trace. */
export type ToTraceSummary =
  | { readonly type: 'reading'; readonly path: string; readonly name: string }
  | { readonly type: 'summary'; readonly trace: TraceView }
  | { readonly type: 'failed'; readonly path: string; readonly message: string; readonly hint: string };

export const FROM_TRACE_SUMMARY = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('perfetto') }),
  z.object({ type: z.literal('again') }),
  z.object({ type: z.literal('copy'), what: z.string().max(80), text: z.string().max(20_000_000) }),
]);

/** Page to host. */
export type FromTraceSummary = z.infer<typeof FROM_TRACE_SUMMARY>;

/** What VS Code keeps of the panel across a reload. */
export const TRACE_MEMORY = z.object({ path: z.string() });

export type TraceMemory = z.infer<typeof TRACE_MEMORY>;
