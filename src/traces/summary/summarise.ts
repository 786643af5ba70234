import type { CountedText } from '../kineto/columns.ts';
import { EventClass } from '../kineto/layout.ts';
import type { ScannedTrace } from '../kineto/wasm-scanner.ts';
import type { TraceSummary } from '../types.ts';
import { isCommunication, isGraphLaunch } from './classify.ts';
import { summariseDevices } from './devices.ts';
import { mostGpuEventsOfALaunch, summariseKernels } from './kernels.ts';
import { summariseSteps } from './steps.ts';

/** The figures of one trace. What each means: `docs/traces.md`. */
export function summarise(path: string, fileBytes: number, trace: ScannedTrace): TraceSummary {
  const { columns, names, lanes } = trace;
  const communicates = names.map(isCommunication);
  const kernels = summariseKernels(columns, names, communicates);
  return {
    path,
    file_bytes: fileBytes,
    json_bytes: trace.jsonBytes,
    events: trace.events,
    events_by_cat: countsOf(trace.categories),
    events_by_ph: countsOf(trace.phases),
    meta: trace.meta,
    ...(trace.bounds && { first_ts_ns: trace.bounds.first, last_end_ns: trace.bounds.last }),
    ...summariseDevices(columns, lanes, communicates),
    kernels_distinct: kernels.length,
    kernels,
    kernel_total_ns: kernels.reduce((total, kernel) => total + kernel.total_ns, 0),
    max_gpu_events_per_correlation: mostGpuEventsOfALaunch(columns),
    graph_launches: graphLaunches(trace),
    steps: summariseSteps(columns, names, trace.base),
    warnings: warningsOf(trace),
  };
}

function countsOf(texts: readonly CountedText[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { text, count } of texts) if (count > 0) counts.set(text, (counts.get(text) ?? 0) + count);
  return Object.fromEntries(
    counts
      .entries()
      .toArray()
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function graphLaunches(trace: ScannedTrace): number {
  const launches = trace.names.map(isGraphLaunch);
  const { columns } = trace;
  let count = 0;
  for (let row = 0; row < columns.rows; row++) {
    if (columns.class[row] === EventClass.launch && launches[columns.name[row] ?? 0] === true) count++;
  }
  return count;
}

function warningsOf(trace: ScannedTrace): TraceSummary['warnings'] {
  const { skipped } = trace;
  const warnings: { code: string; message: string }[] = [];
  if (skipped.bytes > 0) {
    warnings.push({
      code: 'events-skipped',
      message: `${skipped.bytes} bytes in ${Math.max(1, skipped.spans)} place(s) are no events and were skipped`,
    });
  }
  if (trace.unusableTimes > 0) {
    warnings.push({
      code: 'times-unusable',
      message: `${trace.unusableTimes} event(s) have a time that is out of range, or 52 days and more from the others; they are counted, their time is not`,
    });
  }
  if (!trace.metaSound)
    warnings.push({
      code: 'metadata-invalid',
      message: 'what stands around the events is no JSON: rank, devices and clock base are not known',
    });
  if (trace.textsWithBadUtf8 > 0)
    warnings.push({
      code: 'text-invalid',
      message: `${trace.textsWithBadUtf8} name(s) are no UTF-8; their bad bytes are shown as \uFFFD`,
    });
  return warnings;
}
