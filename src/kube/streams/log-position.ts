import { LOG_MEMORY_CHARACTERS } from '../limits.ts';
import type { LogLine, LogOptions } from './types.ts';

/** A container's two streams are stamped by two writers: a line may be older than the one before it by less than this. */
const DISORDER_MS = 1000;

interface Known {
  readonly time: string;
  readonly text: string;
}

/**
 * How far a log was read, so that reading on neither loses nor doubles a line. A log is only ever appended to: what was
 * read ends at one line, and a connection that starts again repeats the log from a little before it (the server also rounds
 * `sinceTime` down to the second). What follows that line is new. Where it is not there any more, the log was rotated meanwhile.
 */
export class LogPosition {
  #last: Known | undefined;
  /** How often each text was read with the last line's time stamp. */
  #texts = new Map<string, number>();
  #textCharacters = 0;
  #newest = 0n;
  /** How many more times the last line has to come by until what follows is new. */
  #repeated = 0;
  /** What came before the last line did: new only if that line turns out to be gone. */
  #held: LogLine[] = [];
  #heldCharacters = 0;

  /** The options of a connection that goes on from here. */
  resume(options: LogOptions): LogOptions {
    if (this.#last === undefined) return options;
    this.#repeated = this.#texts.get(this.#last.text) ?? 1;
    this.#drop();
    const { tailLines: _read, ...rest } = options;
    return { ...rest, sinceTime: new Date(Date.parse(this.#last.time) - DISORDER_MS).toISOString() };
  }

  /** Whether this line shows that the last one which was read is not in the log any more. */
  leavesGap(line: LogLine): boolean {
    const ns = nanoseconds(line.time);
    if (ns === undefined || this.#repeated === 0 || this.#isLast(line)) return false;
    return ns > this.#newest || this.#heldCharacters + line.text.length > LOG_MEMORY_CHARACTERS;
  }

  /** The lines that are to be told now that this one has come. */
  take(line: LogLine): readonly LogLine[] {
    const ns = nanoseconds(line.time);
    if (ns === undefined) return [line];
    if (this.#repeated === 0) return [this.#read(line, ns)];
    if (this.#isLast(line)) {
      this.#repeated -= 1;
      this.#drop();
      return [];
    }
    const gap = this.leavesGap(line);
    this.#held.push(line);
    this.#heldCharacters += line.text.length;
    return gap ? this.#afterGap() : [];
  }

  /** What is left to tell when the log is at its end. */
  finish(): readonly LogLine[] {
    return this.#repeated > 0 && this.#held.length > 0 ? this.#afterGap() : [];
  }

  /** The last line is gone, and with it perhaps more. Of what came, the lines that were not read before are told. */
  #afterGap(): readonly LogLine[] {
    const last = this.#last;
    const from = nanoseconds(last?.time ?? '') ?? 0n;
    const known = this.#texts;
    const fresh = this.#held.filter((line) => {
      const ns = nanoseconds(line.time) ?? 0n;
      return ns > from || (ns === from && !known.has(line.text));
    });
    this.#repeated = 0;
    this.#drop();
    const [first] = fresh;
    if (first === undefined || last === undefined) return [];
    return [
      gapLine('rotated', first.time, `between ${last.time} and ${first.time}: the log was rotated`),
      ...fresh.map((line) => this.#read(line, nanoseconds(line.time) ?? 0n)),
    ];
  }

  #isLast(line: LogLine): boolean {
    return line.time === this.#last?.time && line.text === this.#last.text;
  }

  #drop(): void {
    this.#held = [];
    this.#heldCharacters = 0;
  }

  #read(line: LogLine, ns: bigint): LogLine {
    this.#textCharacters += line.text.length;
    if (line.time !== this.#last?.time || this.#textCharacters > LOG_MEMORY_CHARACTERS) {
      this.#texts = new Map();
      this.#textCharacters = line.text.length;
    }
    this.#texts.set(line.text, (this.#texts.get(line.text) ?? 0) + 1);
    this.#last = { time: line.time, text: line.text };
    if (ns > this.#newest) this.#newest = ns;
    return line;
  }
}

/** A marker in a log's lines. */
export function gapLine(gap: NonNullable<LogLine['gap']>, time: string, why: string): LogLine {
  return { time, text: `lines may be missing ${why}`, gap };
}

/** RFC 3339 with up to nine decimals, whose trailing zeros the kubelet leaves out; undefined for any other text. */
export function nanoseconds(time: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time);
  if (!match) return undefined;
  const ms = Date.parse(`${match[1]}${match[3]}`);
  return BigInt(ms) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}
