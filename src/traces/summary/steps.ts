import type { Columns } from '../kineto/columns.ts';
import { EventClass } from '../kineto/layout.ts';
import { compact } from '../kineto/wasm-scanner.ts';
import type { StepSpan, TraceSummary } from '../types.ts';
import { isStep } from './classify.ts';

/** Annotations of engine steps on the CPU and on the GPU, by start; of equal starts the one written first. */
export function summariseSteps(columns: Columns, names: readonly string[], base: bigint): TraceSummary['steps'] {
  const stepNames = names.map(isStep);
  const rows: { readonly cpu: number[]; readonly gpu: number[] } = { cpu: [], gpu: [] };
  for (let row = 0; row < columns.rows; row++) {
    if (stepNames[columns.name[row] ?? 0] !== true) continue;
    if (columns.class[row] === EventClass.annotation) rows.cpu.push(row);
    else if (columns.class[row] === EventClass.gpuAnnotation) rows.gpu.push(row);
  }
  const spansOf = (of: readonly number[]): readonly StepSpan[] =>
    of
      .toSorted((a, b) => (columns.start[a] ?? 0) - (columns.start[b] ?? 0) || a - b)
      .map((row) => ({
        name: names[columns.name[row] ?? 0] ?? '',
        ts_ns: compact(base + BigInt(columns.start[row] ?? 0)),
        dur_ns: columns.duration[row] ?? 0,
      }));
  return { user_annotation: spansOf(rows.cpu), gpu_user_annotation: spansOf(rows.gpu) };
}
