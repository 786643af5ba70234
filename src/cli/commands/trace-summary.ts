import { resolve } from 'node:path';
import { printedLine } from '../../base/terminal-text.ts';
import { stringifyExactJson } from '../../traces/exact-json.ts';
import type { DeviceSummary, TraceSummary } from '../../traces/types.ts';
import { badUsage, type Invocation } from '../command.ts';
import { exit, line, type Io } from '../io.ts';
import { table } from '../table.ts';
import { withSummaries } from '../traces.ts';

const shownKernels = 10;

export async function traceSummary(invocation: Invocation, io: Io): Promise<number> {
  if (invocation.positionals.length === 0)
    throw badUsage(
      'llmdw trace summary takes at least one trace file',
      'For example "llmdw trace summary traces/1/*/*.json.gz".',
    );
  const report = await withSummaries(io, (summaries) =>
    summaries.ofAll(
      invocation.positionals.map((path) => resolve(io.cwd, path)),
      io.signal,
    ),
  );
  io.out(invocation.flag('json') ? `${stringifyExactJson(report, 2)}\n` : report.files.map(traceForPeople).join('\n'));
  for (const error of report.errors) io.err(line`${error.path}: ${error.message}` + line`hint: ${error.hint}`);
  return report.errors.length === 0 ? exit.ok : exit.failed;
}

/** What each moment of its devices was spent on, and the kernels that took longest. */
export function traceForPeople(summary: TraceSummary): string {
  const rank = summary.meta.rank === null ? '' : `rank ${summary.meta.rank} of ${summary.meta.world_size ?? '?'} · `;
  const devices = Object.entries(summary.devices).map(([device, figures]) => deviceRow(device, figures));
  const kernels = summary.kernels
    .slice(0, shownKernels)
    .map((kernel) => [
      kernel.name.length > 80 ? `${kernel.name.slice(0, 77)}...` : kernel.name,
      String(kernel.count),
      ms(kernel.total_ns),
      percent(kernel.total_ns, summary.kernel_total_ns),
      kernel.comm ? 'communication' : '',
    ]);
  const steps = summary.steps.user_annotation.length;
  return [
    printedLine(summary.path),
    `${rank}${summary.events} events · ${steps} steps · ${summary.kernels_distinct} kernels`,
    '',
    table(
      ['DEVICE', 'SPAN ms', 'BUSY', 'IDLE', 'COMPUTE', 'EXPOSED COMM', 'EXPOSED MEMCPY'],
      devices,
      new Set([1, 2, 3, 4, 5, 6]),
    ),
    table(['KERNEL', 'COUNT', 'TOTAL ms', 'SHARE', ''], kernels, new Set([1, 2, 3])),
    ...summary.warnings.map((warning) => line`warning: ${warning.message}`),
  ].join('\n');
}

function deviceRow(device: string, figures: DeviceSummary): readonly string[] {
  return [
    device,
    ms(figures.span_ns),
    percent(figures.busy_ns, figures.span_ns),
    percent(figures.idle_ns, figures.span_ns),
    percent(figures.compute_ns, figures.span_ns),
    percent(figures.exposed_comm_ns, figures.span_ns),
    percent(figures.exposed_memcpy_ns, figures.span_ns),
  ];
}

function ms(ns: number): string {
  return (ns / 1e6).toFixed(3);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;
}
