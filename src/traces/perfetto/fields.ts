// Finding the fields of one event in JSON text, without making objects: most events go on as they came.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** A value lies at [from, to) of the text; from is 0 where the event has no such field. */
export interface Span {
  from: number;
  to: number;
}

/** The fields that matter, of the event that was read last; one object serves all events. */
export class EventFields {
  readonly ph: Span = { from: 0, to: 0 };
  readonly ts: Span = { from: 0, to: 0 };
  readonly dur: Span = { from: 0, to: 0 };
  readonly pid: Span = { from: 0, to: 0 };
  readonly tid: Span = { from: 0, to: 0 };
  readonly name: Span = { from: 0, to: 0 };
  readonly args: Span = { from: 0, to: 0 };
  readonly #all: readonly Span[] = [this.ph, this.ts, this.dur, this.pid, this.tid, this.name, this.args];

  /** Reads the event whose `{` is at `start`; answers where it ends, or -1 when the text ends first or is no event. */
  read(text: string, start: number): number {
    for (const span of this.#all) span.from = 0;
    let at = skipSpace(text, start + 1);
    if (text.charCodeAt(at) === CLOSE_BRACE) return at + 1;
    for (;;) {
      if (text.charCodeAt(at) !== QUOTE) return -1;
      const keyEnd = endOfString(text, at);
      if (keyEnd < 0) return -1;
      const colon = skipSpace(text, keyEnd);
      if (text.charCodeAt(colon) !== COLON) return -1;
      const from = skipSpace(text, colon + 1);
      const to = endOfValue(text, from);
      if (to < 0) return -1;
      const span = this.#spanOf(text, at + 1, keyEnd - 1);
      if (span !== undefined) {
        span.from = from;
        span.to = to;
      }
      at = skipSpace(text, to);
      const next = text.charCodeAt(at);
      if (next === CLOSE_BRACE) return at + 1;
      if (next !== COMMA) return -1;
      at = skipSpace(text, at + 1);
    }
  }

  #spanOf(text: string, from: number, to: number): Span | undefined {
    if (to - from > 4) return undefined;
    switch (text.slice(from, to)) {
      case 'ph':
        return this.ph;
      case 'ts':
        return this.ts;
      case 'dur':
        return this.dur;
      case 'pid':
        return this.pid;
      case 'tid':
        return this.tid;
      case 'name':
        return this.name;
      case 'args':
        return this.args;
      default:
        return undefined;
    }
  }
}

export function skipSpace(text: string, at: number): number {
  while (text.charCodeAt(at) <= SPACE) at++;
  return at;
}

/** Behind the closing quote of the string that opens at `at`; -1 when the text ends first. */
function endOfString(text: string, at: number): number {
  for (let close = text.indexOf('"', at + 1); close >= 0; close = text.indexOf('"', close + 1)) {
    let before = close - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((close - before) % 2 === 1) return close + 1;
  }
  return -1;
}

function endOfValue(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === QUOTE) return endOfString(text, at);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfNested(text, at);
  for (let end = at; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code <= SPACE || code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET) return end;
  }
  return -1;
}

function endOfNested(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (end < 0) return -1;
      at = end - 1;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth++;
    } else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) {
      return at + 1;
    }
  }
  return -1;
}
