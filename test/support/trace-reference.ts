// A second reader of traces, for comparison only: the whole text through JSON.parse, times as bigints from decimal digits,
// definitions written down as plainly as they go. It shares no code with `src/traces`.

const COMMUNICATION =
  /nccl|rccl|deep_ep|deepep|internode|intranode|all_?reduce|all_?gather|reduce_?scatter|all_?to_?all|a2a|cross_device_reduce|multimem|nvshmem|\bmnnvl|moe_?alltoall|pplx|ncclKernel|SendRecv/i;
const STEP = /^(execute_(\d+_)?context_|execute_new_|ProfilerStep#|ProfilerStep\*|step\[|execute_model)/;
const KERNEL = new Set(['kernel', 'Kernel']);
const COPY = new Set(['gpu_memcpy', 'Memcpy']);
const GPU = new Set([...KERNEL, ...COPY, 'gpu_memset', 'Memset']);
const LAUNCH = new Set(['cuda_runtime', 'cuda_driver', 'Runtime']);

class Decimal {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

type Event = Record<string, unknown> & { readonly args?: unknown };
type Interval = readonly [bigint, bigint];

/** Microseconds as nanoseconds, half to even. */
export function nanosecondsOf(value: unknown): bigint {
  const match = /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(written(value ?? 0));
  if (!match) return 0n;
  const [, sign = '', whole = '', fraction = '', power = '0'] = match;
  let digits = BigInt(`${whole}${fraction}` || '0');
  const exponent = 3 - fraction.length + Number(power);
  if (exponent >= 0) digits *= 10n ** BigInt(exponent);
  else {
    const divisor = 10n ** BigInt(-exponent);
    const rest = digits % divisor;
    digits /= divisor;
    if (rest * 2n > divisor || (rest * 2n === divisor && digits % 2n === 1n)) digits += 1n;
  }
  return sign ? -digits : digits;
}

function unionOf(intervals: readonly Interval[]): Interval[] {
  const joined: [bigint, bigint][] = [];
  for (const [start, end] of intervals.toSorted((a, b) => Number(a[0] - b[0]))) {
    if (end <= start) continue;
    const last = joined.at(-1);
    if (last && start <= last[1]) last[1] = end > last[1] ? end : last[1];
    else joined.push([start, end]);
  }
  return joined;
}

const sizeOf = (intervals: readonly Interval[]): bigint =>
  intervals.reduce((total, [start, end]) => total + end - start, 0n);

function overlapOf(a: readonly Interval[], b: readonly Interval[]): bigint {
  let total = 0n;
  for (const [startA, endA] of a) {
    for (const [startB, endB] of b) {
      const start = startA > startB ? startA : startB;
      const end = endA < endB ? endA : endB;
      if (end > start) total += end - start;
    }
  }
  return total;
}

/** Strings stay, decimals give their digits, nothing is None as in the definitions. */
function written(value: unknown): string {
  if (value === undefined || value === null) return 'None';
  return value instanceof Decimal ? value.text : (value as string);
}

function countBy(events: readonly Event[], key: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const event of events) counts[written(event[key])] = (counts[written(event[key])] ?? 0) + 1;
  return counts;
}

/** Small bigints as numbers, as the product prints them. */
const plain = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

export function referenceSummary(text: string): Record<string, unknown> {
  const parse = JSON.parse as (
    json: string,
    reviver: (key: string, value: unknown, context: { source: string }) => unknown,
  ) => { traceEvents: Event[] };
  const { traceEvents: events } = parse(text, (_key, value, context) =>
    typeof value === 'number' ? new Decimal(context.source) : value,
  );
  const complete = events.filter((event) => event['ph'] === 'X' && 'ts' in event);
  const bounding = complete.filter((event) => event['cat'] !== 'Trace');
  const bounds = (bounding.length > 0 ? bounding : complete).map((event) => {
    const start = nanosecondsOf(event['ts']);
    return [start, start + nanosecondsOf(event['dur'])] as const;
  });
  const gpu = complete
    .filter((event) => GPU.has(written(event['cat'])))
    .map((event) => {
      const args = (event.args ?? {}) as Record<string, unknown>;
      const start = nanosecondsOf(event['ts']);
      const duration = nanosecondsOf(event['dur']);
      const name = written(event['name'] ?? '');
      const isKernel = KERNEL.has(written(event['cat']));
      return {
        start,
        end: start + (duration > 0n ? duration : 0n),
        name,
        isKernel,
        share:
          isKernel && COMMUNICATION.test(name) ? 'communication' : COPY.has(written(event['cat'])) ? 'copy' : 'compute',
        device: written('device' in args ? args['device'] : event['pid']),
        stream: written('stream' in args ? args['stream'] : event['tid']),
        correlation:
          'correlation' in args ? `${typeof args['correlation']} ${written(args['correlation'])}` : undefined,
      };
    });
  const devices: Record<string, unknown> = {};
  for (const [device, work] of Map.groupBy(gpu, (event) => event.device)) {
    const of = (share?: string): Interval[] =>
      unionOf(
        work.filter((event) => share === undefined || event.share === share).map((event) => [event.start, event.end]),
      );
    const span =
      work.reduce((end, event) => (event.end > end ? event.end : end), work[0]!.end) -
      work.reduce((start, event) => (event.start < start ? event.start : start), work[0]!.start);
    const overlap = overlapOf(of('communication'), of('compute'));
    devices[device] = Object.fromEntries(
      Object.entries({
        gpu_events: BigInt(work.length),
        span_ns: span,
        busy_ns: sizeOf(of()),
        idle_ns: span - sizeOf(of()),
        sum_dur_ns: work.reduce((total, event) => total + event.end - event.start, 0n),
        compute_ns: sizeOf(of('compute')),
        comm_ns: sizeOf(of('communication')),
        memcpy_ns: sizeOf(of('copy')),
        overlap_comm_compute_ns: overlap,
        exposed_comm_ns: sizeOf(of('communication')) - overlap,
        exposed_memcpy_ns:
          sizeOf(of('copy')) - overlapOf(of('copy'), unionOf([...of('communication'), ...of('compute')])),
      }).map(([key, value]) => [key, plain(value)]),
    );
  }
  const streams: Record<string, unknown> = {};
  for (const [stream, work] of Map.groupBy(gpu, (event) => `${event.device}/${event.stream}`)) {
    const ordered = work.toSorted((a, b) => Number(a.start - b.start) || Number(a.end - b.end));
    let end: bigint | undefined;
    let overlaps = 0;
    for (const event of ordered) {
      if (end !== undefined && event.start < end) overlaps++;
      if (end === undefined || event.end > end) end = event.end;
    }
    streams[stream] = {
      events: work.length,
      busy_ns: plain(sizeOf(unionOf(work.map((event) => [event.start, event.end])))),
      starts_before_previous_end: overlaps,
    };
  }
  const kernels = Map.groupBy(
    gpu.filter((event) => event.isKernel),
    (event) => event.name,
  )
    .entries()
    .toArray()
    .map(([name, work]) => {
      const durations = work.map((event) => Number(event.end - event.start));
      return {
        name,
        count: work.length,
        total_ns: durations.reduce((a, b) => a + b, 0),
        min_ns: Math.min(...durations),
        max_ns: Math.max(...durations),
        comm: COMMUNICATION.test(name),
      };
    });
  const stepsOf = (category: string): unknown[] =>
    complete
      .filter((event) => event['cat'] === category && STEP.test(written(event['name'])))
      .toSorted((a, b) => Number(nanosecondsOf(a['ts']) - nanosecondsOf(b['ts'])))
      .map((event) => ({
        name: event['name'],
        ts_ns: plain(nanosecondsOf(event['ts'])),
        dur_ns: plain(nanosecondsOf(event['dur'])),
      }));
  const launches = Map.groupBy(
    gpu.filter((event) => event.correlation !== undefined),
    (event) => event.correlation,
  );
  return {
    events: events.length,
    events_by_cat: countBy(events, 'cat'),
    events_by_ph: countBy(events, 'ph'),
    ...(bounds.length > 0 && {
      first_ts_ns: plain(bounds.reduce((first, [start]) => (start < first ? start : first), bounds[0]![0])),
      last_end_ns: plain(bounds.reduce((last, [, end]) => (end > last ? end : last), bounds[0]![1])),
    }),
    devices,
    streams,
    kernels_distinct: kernels.length,
    kernels: kernels.toSorted((a, b) => b.total_ns - a.total_ns || (a.name < b.name ? -1 : 1)),
    kernel_total_ns: kernels.reduce((total, kernel) => total + kernel.total_ns, 0),
    max_gpu_events_per_correlation: Math.max(0, ...launches.values().map((work) => work.length)),
    graph_launches: complete.filter(
      (event) => LAUNCH.has(written(event['cat'])) && /GraphLaunch/.test(written(event['name'])),
    ).length,
    steps: { user_annotation: stepsOf('user_annotation'), gpu_user_annotation: stepsOf('gpu_user_annotation') },
  };
}
