import type { Columns } from '../kineto/columns.ts';
import { EventClass, isGpuWork } from '../kineto/layout.ts';
import type { DeviceSummary, StreamSummary } from '../types.ts';
import { IntervalBuilder, measure, measureOfOverlap, union, type Intervals } from './intervals.ts';
import { inOrder } from './order.ts';

/** What a GPU event is to the balance of time: data between GPUs, copies, and all else. */
const Share = { none: 0, communication: 1, compute: 2, copy: 3 } as const;

export interface GpuSummaries {
  readonly devices: Readonly<Record<string, DeviceSummary>>;
  readonly streams: Readonly<Record<string, StreamSummary>>;
}

/** Busy, idle, compute, communication and copies a device, and how busy each of its streams was. */
export function summariseDevices(columns: Columns, lanes: readonly string[], isCommunication: readonly boolean[]): GpuSummaries {
  const shares = sharesOf(columns, isCommunication);
  const devices: [string, DeviceSummary][] = [];
  const streams: [string, StreamSummary][] = [];
  for (const [device, rows] of rowsBy(columns.device, gpuRows(columns))) {
    const name = lanes[device] ?? '';
    const ordered = inOrder(rows, columns);
    devices.push([name, summariseDevice(columns, shares, ordered)]);
    for (const [stream, ofStream] of rowsBy(columns.stream, ordered)) {
      streams.push([`${name}/${lanes[stream] ?? ''}`, summariseStream(columns, ofStream)]);
    }
  }
  return { devices: sortedRecord(devices), streams: sortedRecord(streams) };
}

function sortedRecord<T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))));
}

function sharesOf(columns: Columns, isCommunication: readonly boolean[]): Uint8Array {
  return columns.class.map((eventClass, row) => {
    if (!isGpuWork(eventClass)) return Share.none;
    if (eventClass === EventClass.memcpy) return Share.copy;
    const communicates = eventClass === EventClass.kernel && isCommunication[columns.name[row] ?? 0] === true;
    return communicates ? Share.communication : Share.compute;
  });
}

function gpuRows(columns: Columns): Uint32Array {
  const rows = new Uint32Array(columns.rows);
  let count = 0;
  for (let row = 0; row < columns.rows; row++) if (isGpuWork(columns.class[row] ?? 0)) rows[count++] = row;
  return rows.subarray(0, count);
}

/** The rows of each key, in the order in which they come. */
function rowsBy(key: Uint32Array, rows: Uint32Array): ReadonlyMap<number, Uint32Array> {
  const counts = new Map<number, number>();
  for (const row of rows) {
    const value = key[row] ?? 0;
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const groups = new Map<number, { readonly rows: Uint32Array; count: number }>();
  for (const [value, count] of counts) groups.set(value, { rows: new Uint32Array(count), count: 0 });
  for (const row of rows) {
    const group = groups.get(key[row] ?? 0);
    if (group) group.rows[group.count++] = row;
  }
  return new Map(groups.entries().map(([value, group]) => [value, group.rows]));
}

function summariseDevice(columns: Columns, shares: Uint8Array, rows: Uint32Array): DeviceSummary {
  const busy = intervalsOf(columns, rows);
  const compute = intervalsOf(columns, rows, shares, Share.compute);
  const communication = intervalsOf(columns, rows, shares, Share.communication);
  const copies = intervalsOf(columns, rows, shares, Share.copy);
  const first = columns.start[rows[0] ?? 0] ?? 0;
  let last = first;
  let durations = 0;
  for (const row of rows) {
    const duration = columns.duration[row] ?? 0;
    last = Math.max(last, (columns.start[row] ?? 0) + duration);
    durations += duration;
  }
  const overlap = measureOfOverlap(communication, compute);
  return {
    gpu_events: rows.length,
    span_ns: last - first,
    busy_ns: measure(busy),
    idle_ns: last - first - measure(busy),
    sum_dur_ns: durations,
    compute_ns: measure(compute),
    comm_ns: measure(communication),
    memcpy_ns: measure(copies),
    overlap_comm_compute_ns: overlap,
    exposed_comm_ns: measure(communication) - overlap,
    exposed_memcpy_ns: measure(copies) - measureOfOverlap(copies, union(communication, compute)),
  };
}

function summariseStream(columns: Columns, rows: Uint32Array): StreamSummary {
  let end = -Infinity;
  let overlaps = 0;
  for (const row of rows) {
    const start = columns.start[row] ?? 0;
    if (start < end) overlaps++;
    end = Math.max(end, start + (columns.duration[row] ?? 0));
  }
  return { events: rows.length, busy_ns: measure(intervalsOf(columns, rows)), starts_before_previous_end: overlaps };
}

/** The time that the rows (in order) cover, all or those with one share. */
function intervalsOf(columns: Columns, rows: Uint32Array, shares?: Uint8Array, share?: number): Intervals {
  const builder = new IntervalBuilder(rows.length);
  for (const row of rows) {
    if (shares !== undefined && shares[row] !== share) continue;
    const start = columns.start[row] ?? 0;
    builder.add(start, start + (columns.duration[row] ?? 0));
  }
  return builder.build();
}
