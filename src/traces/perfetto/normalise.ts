import { EventFields, skipSpace, type Span } from './fields.ts';
import { LANES, StreamLanes } from './lanes.ts';

/** What must change in a trace for Perfetto to show all of it. */
export interface NormalisePlan {
  /** Whole µs to subtract from every `ts`: Perfetto reads times as doubles, and epoch times lose their last digits. */
  readonly baseMicroseconds: number;
  /** Process ids that are GPUs, with the name to show. */
  readonly gpuNames: ReadonlyMap<string, string>;
  /** Whether slices of a stream cross: Perfetto drops those that do, so they go to lanes of their own. */
  readonly liftCrossing: boolean;
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

const NO_EDITS: readonly Edit[] = [];
const EVENTS = /"traceEvents"\s*:\s*\[/;
/** What stays open for longer is no event, and what comes before the events is shorter: then the rest goes on as it came. */
const LONGEST_EVENT = 16 << 20;
/** Flows to lifted slices follow them closely. */
const REMEMBERED_LIFTS = 10_000;

/**
 * Rewrites a Kineto trace as it streams by. Works on text whose characters are bytes (latin1), and passes on unchanged what it
 * does not understand.
 */
export class TraceNormaliser {
  readonly #plan: NormalisePlan;
  readonly #fields = new EventFields();
  readonly #streams = new Map<string, StreamLanes>();
  /** Processes and lanes that have been given their name. */
  readonly #named = new Set<string>();
  /** Lane of a lifted slice by process, stream and time, for the flow that ends in it. */
  readonly #lifted = new Map<string, number>();
  #state: 'before' | 'events' | 'after' = 'before';
  #waiting = '';

  constructor(plan: NormalisePlan) {
    this.#plan = plan;
  }

  push(chunk: string): string {
    if (this.#state === 'after') return chunk;
    const text = this.#waiting + chunk;
    let from = 0;
    if (this.#state === 'before') {
      const found = EVENTS.exec(text);
      if (!found) {
        if (text.length <= LONGEST_EVENT) return this.#pass('', text);
        this.#state = 'after';
        return this.#pass(text, '');
      }
      this.#state = 'events';
      from = found.index + found[0].length;
    }
    return text.slice(0, from) + this.#events(text, from);
  }

  end(): string {
    return this.#waiting;
  }

  #events(text: string, start: number): string {
    let output = '';
    /** Everything before this is in the output. */
    let written = start;
    /** Everything before this was understood. */
    let at = start;
    for (;;) {
      let next = skipSpace(text, at);
      if (text[next] === ',') next = skipSpace(text, next + 1);
      if (text[next] === ']') {
        this.#state = 'after';
        return this.#pass(output + text.slice(written), '');
      }
      const end = text[next] === '{' ? this.#fields.read(text, next) : -1;
      if (end < 0) {
        if (text.length - at > LONGEST_EVENT) {
          this.#state = 'after';
          return this.#pass(output + text.slice(written), '');
        }
        return this.#pass(output + text.slice(written, at), text.slice(at));
      }
      for (const edit of this.#rewrite(text, end)) {
        output += text.slice(written, edit.from) + edit.text;
        written = edit.to;
      }
      at = end;
    }
  }

  #pass(output: string, waiting: string): string {
    this.#waiting = waiting;
    return output;
  }

  /** What must change in the event that was read last and ends at `end`; in the order of the text. */
  #rewrite(text: string, end: number): readonly Edit[] {
    const { baseMicroseconds, gpuNames, liftCrossing } = this.#plan;
    const { ph, ts, dur, pid: pidSpan, tid, name, args } = this.#fields;
    const pid = valueOf(text, pidSpan);
    const gpuName = gpuNames.get(pid);
    if (gpuName === undefined && baseMicroseconds === 0) return NO_EDITS;
    const edits: Edit[] = [];
    const time = parseTime(valueOf(text, ts), baseMicroseconds);
    if (time !== undefined && baseMicroseconds !== 0) edits.push({ ...ts, text: formatTime(time) });
    if (gpuName === undefined) return edits;

    if (args.from !== 0 && valueOf(text, name) === '"process_name"')
      edits.push({ ...args, text: `{"name": ${asBytes(JSON.stringify(gpuName))}}` });
    this.#introduce(edits, end, pid, `"name": "process_name", "pid": ${pid}`, gpuName);
    const stream = valueOf(text, tid);
    if (liftCrossing && /^\d{1,9}$/.test(stream)) {
      const lane =
        time === undefined
          ? 0
          : this.#laneOf(valueOf(text, ph), `${pid}/${stream}`, time, parseTime(valueOf(text, dur), 0) ?? 0);
      const id = Number(stream) * LANES + lane;
      edits.push({ ...tid, text: String(id) });
      if (lane > 0)
        this.#introduce(
          edits,
          end,
          `${pid}/${id}`,
          `"name": "thread_name", "pid": ${pid}, "tid": ${id}`,
          `stream ${stream} (overlapping)`,
        );
    }
    return edits.length > 1 ? edits.toSorted((a, b) => a.from - b.from) : edits;
  }

  #laneOf(phase: string, place: string, time: number, duration: number): number {
    if (phase !== '"X"') return this.#lifted.size === 0 ? 0 : (this.#lifted.get(`${place}/${time}`) ?? 0);
    let lanes = this.#streams.get(place);
    if (lanes === undefined) this.#streams.set(place, (lanes = new StreamLanes()));
    const lane = lanes.place(time, time + duration);
    if (lane > 0) {
      if (this.#lifted.size >= REMEMBERED_LIFTS) this.#lifted.clear();
      this.#lifted.set(`${place}/${time}`, lane);
    }
    return lane;
  }

  /** Behind the first event of a process or lane, an event that names it. */
  #introduce(edits: Edit[], at: number, key: string, what: string, name: string): void {
    if (this.#named.has(key)) return;
    this.#named.add(key);
    edits.push({
      from: at,
      to: at,
      text: `,\n{"ph": "M", ${what}, "ts": 0, "args": {"name": ${asBytes(JSON.stringify(name))}}}`,
    });
  }
}

function valueOf(text: string, span: Span): string {
  return span.from === 0 ? '' : text.slice(span.from, span.to);
}

/** Microseconds, quoted or not, as integer ns from a base of whole µs; undefined for an unusual spelling. */
function parseTime(text: string, baseMicroseconds: number): number | undefined {
  const match = /^"?(\d{1,15}|\d{16})(?:\.(\d{1,9}))?"?$/.exec(text);
  if (!match) return undefined;
  const fraction = Math.round(Number(`0.${match[2] ?? '0'}`) * 1000);
  const time = (Number(match[1]) - baseMicroseconds) * 1000 + fraction;
  return Number.isSafeInteger(time) ? time : undefined;
}

function formatTime(ns: number): string {
  const size = Math.abs(ns);
  return `${ns < 0 ? '-' : ''}${Math.floor(size / 1000)}.${String(size % 1000).padStart(3, '0')}`;
}

/** Text as its UTF-8 bytes, a character each. */
function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
