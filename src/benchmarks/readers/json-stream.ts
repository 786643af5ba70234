import { WorkbenchError } from '../../base/errors.ts';

/**
 * Which parts of a JSON text are built: `keep` a whole subtree, `drop` it, or decide by key.
 * `*` stands for array items and for keys that are not named; a key that nothing names is dropped.
 */
export type Shape = 'keep' | 'drop' | { readonly [key: string]: Shape };

interface Frame {
  readonly container: unknown[] | Record<string, unknown>;
  readonly shape: Shape;
  /** Shape of the next value: of every item in an array, of the key just read in an object. */
  child: Shape;
  key: string;
}

type Expect = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const SPACE = 0x20;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Python writes the last three, which JSON does not know. */
const LITERALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/**
 * Reads JSON from chunks of bytes and builds only what a `Shape` keeps, so that a result file of hundreds of MB
 * costs the memory of its figures. Several documents after one another (JSON lines) are answered one by one.
 * Dropped parts are only checked for balanced brackets and closed strings.
 * Throws `json-invalid` with the offset in bytes, and from `end()` `json-cut` when the text stops inside a value.
 */
export class JsonStream {
  readonly #shape: Shape;
  readonly #onDocument: (document: unknown) => void;
  readonly #stack: Frame[] = [];
  #expect: Expect = 'value';
  /** A key, string or scalar that the last chunk did not finish. */
  #rest: Buffer | undefined;
  /** Offset in the whole text of the first byte of the buffer being read. */
  #offset = 0;
  #documents = 0;
  /** While dropping: open brackets, or -1 inside a dropped scalar. Undefined: not dropping. */
  #dropDepth: number | undefined;
  #dropInString = false;
  #dropEscaped = false;

  constructor(shape: Shape, onDocument: (document: unknown) => void) {
    this.#shape = shape;
    this.#onDocument = onDocument;
  }

  /** Does not keep `chunk`: its memory may be used again afterwards. */
  push(chunk: Buffer): void {
    const buffer = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#rest = undefined;
    let at = 0;
    while (at < buffer.length) {
      if (this.#dropDepth !== undefined) {
        at = this.#drop(buffer, at);
        continue;
      }
      const byte = buffer[at] ?? 0;
      if (isBlank(byte)) {
        at += 1;
        continue;
      }
      const next = this.#token(buffer, at, byte);
      if (next === undefined) {
        this.#rest = Buffer.from(buffer.subarray(at));
        this.#offset += at;
        return;
      }
      at = next;
    }
    this.#offset += buffer.length;
  }

  end(): void {
    const size = this.#offset + (this.#rest?.length ?? 0);
    const open = this.#stack.length > 0;
    // Only a blank ends a number that is a document of its own.
    if (!open) this.push(Buffer.of(SPACE));
    if (open || this.#rest !== undefined || this.#dropDepth !== undefined || this.#documents === 0) {
      throw new WorkbenchError({ code: 'json-cut', message: `the JSON ends inside a value after ${size} bytes` });
    }
  }

  /** Reads one token and answers the position after it; undefined when the chunk ends inside it. */
  #token(buffer: Buffer, at: number, byte: number): number | undefined {
    switch (this.#expect) {
      case 'value-or-end':
        if (byte === CLOSE_BRACKET) return this.#close(at);
        return this.#value(buffer, at, byte);
      case 'value':
        return this.#value(buffer, at, byte);
      case 'key-or-end':
        if (byte === CLOSE_BRACE) return this.#close(at);
        return this.#key(buffer, at, byte);
      case 'key':
        return this.#key(buffer, at, byte);
      case 'colon':
        if (byte !== COLON) throw this.#invalid(at);
        this.#expect = 'value';
        return at + 1;
      case 'comma-or-end':
        return this.#separator(at, byte);
    }
  }

  #value(buffer: Buffer, at: number, byte: number): number | undefined {
    const shape = this.#stack.at(-1)?.child ?? this.#shape;
    if (shape === 'drop') {
      this.#startDropping(at, byte);
      return byte === QUOTE || byte === OPEN_BRACE || byte === OPEN_BRACKET ? at + 1 : at;
    }
    if (byte === OPEN_BRACE) return this.#open({}, shape, 'key-or-end', at);
    if (byte === OPEN_BRACKET) return this.#open([], shape, 'value-or-end', at);
    if (byte === QUOTE) {
      const end = stringEnd(buffer, at);
      if (end === undefined) return undefined;
      this.#built(this.#text(buffer, at, end));
      return end;
    }
    const end = scalarEnd(buffer, at);
    if (end === undefined) return undefined;
    const text = buffer.toString('latin1', at, end);
    if (NUMBER.test(text)) this.#built(Number(text));
    else if (LITERALS.has(text)) this.#built(LITERALS.get(text));
    else throw this.#invalid(at);
    return end;
  }

  #key(buffer: Buffer, at: number, byte: number): number | undefined {
    const frame = this.#stack.at(-1);
    if (byte !== QUOTE || !frame) throw this.#invalid(at);
    const end = stringEnd(buffer, at);
    if (end === undefined) return undefined;
    frame.key = this.#text(buffer, at, end);
    frame.child = childOf(frame.shape, frame.key);
    this.#expect = 'colon';
    return end;
  }

  #separator(at: number, byte: number): number {
    const inArray = Array.isArray(this.#stack.at(-1)?.container);
    if (byte === COMMA) {
      this.#expect = inArray ? 'value' : 'key';
      return at + 1;
    }
    if (byte === (inArray ? CLOSE_BRACKET : CLOSE_BRACE)) return this.#close(at);
    throw this.#invalid(at);
  }

  #open(container: Frame['container'], shape: Shape, expect: Expect, at: number): number {
    this.#stack.push({ container, shape, child: childOf(shape, '*'), key: '' });
    this.#expect = expect;
    return at + 1;
  }

  #close(at: number): number {
    this.#built(this.#stack.pop()?.container);
    return at + 1;
  }

  /** Puts a finished value into what is open, or hands it out as a document. */
  #built(value: unknown): void {
    const frame = this.#stack.at(-1);
    if (!frame) {
      this.#documents += 1;
      this.#expect = 'value';
      this.#onDocument(value);
      return;
    }
    if (Array.isArray(frame.container)) frame.container.push(value);
    else frame.container[frame.key] = value;
    this.#expect = 'comma-or-end';
  }

  #startDropping(at: number, byte: number): void {
    if (byte === COMMA || byte === COLON || byte === CLOSE_BRACE || byte === CLOSE_BRACKET) throw this.#invalid(at);
    this.#dropInString = byte === QUOTE;
    this.#dropEscaped = false;
    if (byte === QUOTE) this.#dropDepth = 0;
    else this.#dropDepth = byte === OPEN_BRACE || byte === OPEN_BRACKET ? 1 : -1;
  }

  #drop(buffer: Buffer, start: number): number {
    if (this.#dropDepth === -1) {
      const end = scalarEnd(buffer, start);
      if (end !== undefined) this.#dropped();
      return end ?? buffer.length;
    }
    let depth = this.#dropDepth ?? 0;
    let inString = this.#dropInString;
    let at = start;
    if (this.#dropEscaped) {
      this.#dropEscaped = false;
      at += 1;
    }
    for (; at < buffer.length; at += 1) {
      if (inString) {
        at = closingQuote(buffer, at);
        if (at >= buffer.length) break;
        inString = false;
        if (depth === 0) return this.#dropped(at + 1);
        continue;
      }
      const byte = buffer[at];
      if (byte === QUOTE) inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depth -= 1;
        if (depth === 0) return this.#dropped(at + 1);
      }
    }
    this.#dropDepth = depth;
    this.#dropInString = inString;
    // A backslash as the chunk's last byte has carried `at` one further: its partner comes with the next chunk.
    this.#dropEscaped = at > buffer.length;
    return buffer.length;
  }

  #dropped(next = 0): number {
    this.#dropDepth = undefined;
    if (this.#stack.length === 0) this.#built(undefined);
    else this.#expect = 'comma-or-end';
    return next;
  }

  #text(buffer: Buffer, start: number, end: number): string {
    if (buffer.subarray(start, end).includes(BACKSLASH)) {
      try {
        return String(JSON.parse(buffer.toString('utf8', start, end)));
      } catch (error) {
        throw this.#invalid(start, error);
      }
    }
    return buffer.toString('utf8', start + 1, end - 1);
  }

  #invalid(at: number, cause?: unknown): WorkbenchError {
    return new WorkbenchError({ code: 'json-invalid', message: `not JSON at byte ${this.#offset + at}`, cause });
  }
}

/** `__proto__` as a key would change the object that it is put into. */
function childOf(shape: Shape, key: string): Shape {
  if (key === '__proto__') return 'drop';
  if (typeof shape === 'string') return shape;
  return (Object.hasOwn(shape, key) ? shape[key] : shape['*']) ?? 'drop';
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Position after the closing quote of the string that opens at `start`. */
function stringEnd(buffer: Buffer, start: number): number | undefined {
  for (let at = start + 1; at < buffer.length; at += 1) {
    const byte = buffer[at];
    if (byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) return at + 1;
  }
  return undefined;
}

/** Strings up to this length are looked through byte by byte; a native search pays for longer ones only. */
const SHORT_STRING = 48;

/**
 * Position of the quote that ends the string which `start` lies in. Without one in the buffer its length,
 * or one more where the last byte is a backslash that escapes the next chunk's first.
 */
function closingQuote(buffer: Buffer, start: number): number {
  let at = start;
  while (at < buffer.length) {
    const near = Math.min(at + SHORT_STRING, buffer.length);
    for (; at < near; at += 1) {
      const byte = buffer[at];
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) return at;
    }
    const found = buffer.indexOf(QUOTE, at);
    const end = found < 0 ? buffer.length : found;
    let backslashes = 0;
    while (end - backslashes > at && buffer[end - backslashes - 1] === BACKSLASH) backslashes += 1;
    const escaped = backslashes % 2 === 1;
    if (found < 0) return Math.max(at, end) + (escaped ? 1 : 0);
    if (!escaped) return found;
    at = found + 1;
  }
  return at;
}

/** Position of the delimiter after a number or literal. */
function scalarEnd(buffer: Buffer, start: number): number | undefined {
  for (let at = start; at < buffer.length; at += 1) {
    const byte = buffer[at] ?? 0;
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isBlank(byte)) return at;
  }
  return undefined;
}
