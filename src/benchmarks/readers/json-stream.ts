import { WorkbenchError } from '../../base/errors.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  closingQuote,
  COLON,
  COMMA,
  isBlank,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  scalarEnd,
  SPACE,
} from './json-bytes.ts';
import { DEEPEST_LEVEL, LONGEST_SCALAR, LONGEST_STRING } from './limits.ts';

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

/** What was not built because of a limit, by how often. */
export interface LeftOut {
  /** Parts deeper than `DEEPEST_LEVEL`. */
  readonly deep: number;
  /** Keys, with their values, and strings longer than `LONGEST_STRING`. */
  readonly long: number;
}

/** A key or string that the last chunk did not finish. */
interface OpenString {
  /** Offset in the whole text. */
  readonly start: number;
  readonly pieces: Buffer[];
  bytes: number;
  /** The last byte was a backslash: the next one is part of the string whatever it is. */
  escaped: boolean;
}

type Expect = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end';

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
 * Dropped parts are only checked for balanced brackets and closed strings. Every byte is looked at a bounded number of times,
 * and what is held of an unfinished token is bounded.
 * Throws `json-invalid` with the offset in bytes, and from `end()` `json-cut` when the text stops inside a value.
 */
export class JsonStream {
  readonly #shape: Shape;
  readonly #onDocument: (document: unknown) => void;
  readonly #stack: Frame[] = [];
  #expect: Expect = 'value';
  /** A number or word that the last chunk did not finish. */
  #rest: Buffer | undefined;
  #openString: OpenString | undefined;
  /** Offset in the whole text of the first byte of the buffer being read. */
  #offset = 0;
  #documents = 0;
  /** While dropping: open brackets, or -1 inside a dropped scalar. Undefined: not dropping. */
  #dropDepth: number | undefined;
  #dropInString = false;
  #dropEscaped = false;
  #deep = 0;
  #long = 0;

  constructor(shape: Shape, onDocument: (document: unknown) => void) {
    this.#shape = shape;
    this.#onDocument = onDocument;
  }

  get leftOut(): LeftOut {
    return { deep: this.#deep, long: this.#long };
  }

  /** Does not keep `chunk`: its memory may be used again afterwards. */
  push(chunk: Buffer): void {
    const buffer = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#rest = undefined;
    let at = this.#openString ? this.#string(buffer, this.#openString.escaped ? 1 : 0, this.#openString) : 0;
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
        if (buffer.length - at > LONGEST_SCALAR) throw this.#invalid(at);
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
    if (
      open ||
      this.#rest !== undefined ||
      this.#openString !== undefined ||
      this.#dropDepth !== undefined ||
      this.#documents === 0
    ) {
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
    if (shape === 'drop') return this.#startDropping(at, byte);
    if (this.#stack.length >= DEEPEST_LEVEL && (byte === OPEN_BRACE || byte === OPEN_BRACKET)) {
      this.#deep += 1;
      return this.#startDropping(at, byte);
    }
    if (byte === OPEN_BRACE) return this.#open({}, shape, 'key-or-end', at);
    if (byte === OPEN_BRACKET) return this.#open([], shape, 'value-or-end', at);
    if (byte === QUOTE) return this.#string(buffer, at + 1);
    const end = scalarEnd(buffer, at);
    if (end === undefined) return undefined;
    const text = buffer.toString('latin1', at, end);
    if (NUMBER.test(text)) this.#built(Number(text));
    else if (LITERALS.has(text)) this.#built(LITERALS.get(text));
    else throw this.#invalid(at);
    return end;
  }

  #key(buffer: Buffer, at: number, byte: number): number {
    if (byte !== QUOTE) throw this.#invalid(at);
    return this.#string(buffer, at + 1);
  }

  /** Reads on in a key or string from behind its opening quote, or where the last chunk ended; answers the position after what it read. */
  #string(buffer: Buffer, from: number, open?: OpenString): number {
    const close = closingQuote(buffer, from);
    const piece = buffer.subarray(open ? 0 : from, close);
    if (close < buffer.length) {
      this.#openString = undefined;
      const whole = open ? Buffer.concat([...open.pieces, piece]) : piece;
      const tooLong = (open?.bytes ?? 0) + piece.length > LONGEST_STRING;
      this.#stringRead(tooLong ? undefined : this.#text(whole, open?.start ?? this.#offset + from - 1));
      return close + 1;
    }
    const held = open ?? { start: this.#offset + from - 1, pieces: [], bytes: 0, escaped: false };
    held.bytes += piece.length;
    held.escaped = close > buffer.length;
    if (held.bytes <= LONGEST_STRING) held.pieces.push(Buffer.from(piece));
    else held.pieces.length = 0;
    this.#openString = held;
    return buffer.length;
  }

  /** Puts a key or string where it belongs; undefined is one that was too long. */
  #stringRead(text: string | undefined): void {
    if (text === undefined) this.#long += 1;
    const frame = this.#stack.at(-1);
    if (frame && (this.#expect === 'key' || this.#expect === 'key-or-end')) {
      frame.key = text ?? '';
      frame.child = text === undefined ? 'drop' : childOf(frame.shape, text);
      this.#expect = 'colon';
    } else if (text === undefined) this.#dropped();
    else this.#built(text);
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

  /** Answers the position from which on `#drop` reads. */
  #startDropping(at: number, byte: number): number {
    if (byte === COMMA || byte === COLON || byte === CLOSE_BRACE || byte === CLOSE_BRACKET) throw this.#invalid(at);
    this.#dropInString = byte === QUOTE;
    this.#dropEscaped = false;
    if (byte === QUOTE) this.#dropDepth = 0;
    else this.#dropDepth = byte === OPEN_BRACE || byte === OPEN_BRACKET ? 1 : -1;
    return this.#dropDepth === -1 ? at : at + 1;
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

  /** The text between two quotes, of which the first is at `start` of the whole text. */
  #text(raw: Buffer, start: number): string {
    const text = raw.toString('utf8');
    if (!raw.includes(BACKSLASH)) return text;
    try {
      return String(JSON.parse(`"${text}"`));
    } catch (error) {
      throw this.#invalid(start - this.#offset, error);
    }
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
