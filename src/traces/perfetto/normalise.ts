import { readEventText, skipSpace, type EventText } from './fields.ts';
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

const EVENTS = /"traceEvents"\s*:\s*\[/;
/** What stays open for longer is no event, and the rest of the trace goes on as it came. */
const LONGEST_EVENT = 16 << 20;
/** Flows to lifted slices follow them closely. */
const REMEMBERED_LIFTS = 10_000;

/**
 * Rewrites a Kineto trace as it streams by. Works on text whose characters are bytes (latin1), and passes on unchanged what it
 * does not understand.
 */
export class TraceNormaliser {
  readonly #plan: NormalisePlan;
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
        this.#waiting = text;
        return '';
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
    let written = start;
    let output = '';
    let at = start;
    for (;;) {
      at = skipSpace(text, at);
      if (text[at] === ',') at = skipSpace(text, at + 1);
      if (text[at] === ']') {
        this.#state = 'after';
        this.#waiting = '';
        return output + text.slice(written);
      }
      const event = text[at] === '{' ? readEventText(text, at) : undefined;
      if (event === undefined) {
        if (text.length - written > LONGEST_EVENT) this.#state = 'after';
        this.#waiting = this.#state === 'after' ? '' : text.slice(written);
        return this.#state === 'after' ? output + text.slice(written) : output;
      }
      const edits = this.#rewrite(text, event);
      for (const edit of edits) {
        output += text.slice(written, edit.from) + edit.text;
        written = edit.to;
      }
      at = event.end;
      output += text.slice(written, at);
      written = at;
    }
  }

  #rewrite(text: string, event: EventText): readonly Edit[] {
    const { baseMicroseconds, gpuNames, liftCrossing } = this.#plan;
    const fields = new Map(event.fields.map((field) => [field.key, field]));
    const valueOf = (key: string): string => {
      const field = fields.get(key);
      return field === undefined ? '' : text.slice(field.from, field.to);
    };
    const edits: Edit[] = [];
    const ts = fields.get('ts');
    const time = parseTime(valueOf('ts'), baseMicroseconds);
    if (ts !== undefined && time !== undefined && baseMicroseconds !== 0) edits.push({ from: ts.from, to: ts.to, text: formatTime(time) });

    const pid = valueOf('pid');
    const gpuName = gpuNames.get(pid);
    if (gpuName === undefined) return edits;
    const args = fields.get('args');
    if (args !== undefined && valueOf('name') === '"process_name"') edits.push({ from: args.from, to: args.to, text: `{"name": ${asBytes(JSON.stringify(gpuName))}}` });
    edits.push(...this.#introduce(event.end, pid, `"name": "process_name", "pid": ${pid}`, gpuName));
    const tid = fields.get('tid');
    const stream = valueOf('tid');
    if (!liftCrossing || tid === undefined || !/^\d{1,9}$/.test(stream)) return sorted(edits);
    const lane = time === undefined ? 0 : this.#laneOf(valueOf('ph'), pid, stream, time, parseTime(valueOf('dur'), 0) ?? 0);
    edits.push({ from: tid.from, to: tid.to, text: String(Number(stream) * LANES + lane) });
    if (lane > 0) {
      const id = Number(stream) * LANES + lane;
      edits.push(...this.#introduce(event.end, `${pid}/${id}`, `"name": "thread_name", "pid": ${pid}, "tid": ${id}`, `stream ${stream} (overlapping)`));
    }
    return sorted(edits);
  }

  #laneOf(phase: string, pid: string, stream: string, time: number, duration: number): number {
    const place = `${pid}/${stream}`;
    const moment = `${place}/${time}`;
    if (phase !== '"X"') return this.#lifted.get(moment) ?? 0;
    let lanes = this.#streams.get(place);
    if (lanes === undefined) this.#streams.set(place, (lanes = new StreamLanes()));
    const lane = lanes.place(time, time + duration);
    if (lane > 0) {
      if (this.#lifted.size >= REMEMBERED_LIFTS) this.#lifted.clear();
      this.#lifted.set(moment, lane);
    }
    return lane;
  }

  /** Behind the first event of a process or lane, an event that names it. */
  #introduce(at: number, key: string, what: string, name: string): readonly Edit[] {
    if (this.#named.has(key)) return [];
    this.#named.add(key);
    return [{ from: at, to: at, text: `,\n{"ph": "M", ${what}, "ts": 0, "args": {"name": ${asBytes(JSON.stringify(name))}}}` }];
  }
}

function sorted(edits: readonly Edit[]): readonly Edit[] {
  return edits.toSorted((a, b) => a.from - b.from);
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
