import type { Columns } from '../kineto/columns.ts';
import { EventClass, isGpuWork } from '../kineto/layout.ts';
import type { DeviceSummary, StreamSummary } from '../types.ts';
import { groupedRows } from './grouped-rows.ts';
import { coveredTime, measure, measureOfOverlap, type Intervals } from './intervals.ts';
import { inOrder } from './order.ts';

/** What a GPU event is to the balance of time: data between GPUs, copies, and all else. */
const Share = { none: 0, communication: 1, compute: 2, copy: 3 } as const;

export interface GpuSummaries {
  readonly devices: Readonly<Record<string, DeviceSummary>>;
  readonly streams: Readonly<Record<string, StreamSummary>>;
}

/** Busy, idle, compute, communication and copies a device, and how busy each of its streams was. */
export function summariseDevices(
  columns: Columns,
  lanes: readonly string[],
  isCommunication: readonly boolean[],
): GpuSummaries {
  const shares = sharesOf(columns, isCommunication);
  const devices: [string, DeviceSummary][] = [];
  const streams: [string, StreamSummary][] = [];
  for (const device of groupedRows(columns.device, lanes.length, gpuRows(columns))) {
    const name = lanes[device.key] ?? '';
    const ordered = inOrder(device.rows, columns);
    devices.push([name, summariseDevice(columns, shares, ordered)]);
    for (const stream of groupedRows(columns.stream, lanes.length, ordered)) {
      streams.push([`${name}/${lanes[stream.key] ?? ''}`, summariseStream(columns, stream.rows)]);
    }
  }
  return { devices: sortedRecord(devices), streams: sortedRecord(streams) };
}

function sortedRecord<T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))));
}

function sharesOf(columns: Columns, isCommunication: readonly boolean[]): Uint8Array {
  const shares = new Uint8Array(columns.rows);
  for (let row = 0; row < columns.rows; row++) {
    const eventClass = columns.class[row] ?? EventClass.none;
    if (!isGpuWork(eventClass)) continue;
    const communicates = eventClass === EventClass.kernel && isCommunication[columns.name[row] ?? 0] === true;
    if (communicates) shares[row] = Share.communication;
    else shares[row] = eventClass === EventClass.memcpy ? Share.copy : Share.compute;
  }
  return shares;
}

function gpuRows(columns: Columns): Uint32Array {
  const rows = new Uint32Array(columns.rows);
  let count = 0;
  for (let row = 0; row < columns.rows; row++) if (isGpuWork(columns.class[row] ?? 0)) rows[count++] = row;
  return rows.subarray(0, count);
}

function summariseDevice(columns: Columns, shares: Uint8Array, rows: Uint32Array): DeviceSummary {
  const byShare = groupedRows(shares, Object.keys(Share).length, rows);
  const rowsOf = (share: number): Uint32Array => byShare.find(({ key }) => key === share)?.rows ?? new Uint32Array();
  const covered = (some: Uint32Array): Intervals => coveredTime(some, columns.start, columns.duration);
  const computing = covered(rowsOf(Share.compute));
  const communicating = covered(rowsOf(Share.communication));
  const overlap = measureOfOverlap(communicating, computing);
  const busy = measure(covered(rows));
  const compute = measure(computing);
  const communication = measure(communicating);
  const first = columns.start[rows[0] ?? 0] ?? 0;
  let last = first;
  let durations = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0;
    const duration = columns.duration[row] ?? 0;
    last = Math.max(last, (columns.start[row] ?? 0) + duration);
    durations += duration;
  }
  return {
    gpu_events: rows.length,
    span_ns: last - first,
    busy_ns: busy,
    idle_ns: last - first - busy,
    sum_dur_ns: durations,
    compute_ns: compute,
    comm_ns: communication,
    memcpy_ns: measure(covered(rowsOf(Share.copy))),
    overlap_comm_compute_ns: overlap,
    exposed_comm_ns: communication - overlap,
    // What is busy with nothing but a copy: all, less what compute and communication cover together.
    exposed_memcpy_ns: busy - (compute + communication - overlap),
  };
}

function summariseStream(columns: Columns, rows: Uint32Array): StreamSummary {
  let end = -Infinity;
  let overlaps = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0;
    const start = columns.start[row] ?? 0;
    if (start < end) overlaps++;
    end = Math.max(end, start + (columns.duration[row] ?? 0));
  }
  return {
    events: rows.length,
    busy_ns: measure(coveredTime(rows, columns.start, columns.duration)),
    starts_before_previous_end: overlaps,
  };
}
