// One event: an object of `traceEvents`.

import { clearArgs, correlationAt, deviceAt, findInFlatArgs, findInNestedArgs, streamAt } from './args';
import {
  CLOSE_BRACE, COLON, COMMA, OPEN_BRACE, QUOTE, clearNestedObject, closingQuote, endOfToken, limit, sawNestedObject,
  skipObject, skipSpace, skipValue,
} from './bytes';
import { ANNOTATION, GPU_ANNOTATION, LAUNCH, WINDOW, declareCategories, isGpuWork, isKept } from './categories';
import { Table, createTable, entryOf, intern, internNext, internString } from './intern';
import { allocate } from './memory';
import { countDigits, digits, nanoseconds, numberEnd, numberTooBig } from './numbers';
import { addRow } from './rows';

export let names: Table = changetype<Table>(0);
export let categories: Table = changetype<Table>(0);
export let phases: Table = changetype<Table>(0);
/** Devices and streams, as text. */
export let lanes: Table = changetype<Table>(0);
/** Correlation ids that are no small plain number, as they are written. */
export let correlations: Table = changetype<Table>(0);

export let eventCount: u32 = 0;
export let eventsWithoutCategory: u32 = 0;
export let eventsWithoutPhase: u32 = 0;
/** Events whose time does not fit 64 bits of ns. */
export let unreadableTimes: u32 = 0;

// First start and last end, of all events and of all but the profiler's own window.
export let firstStart: i64 = i64.MAX_VALUE;
export let lastEnd: i64 = i64.MIN_VALUE;
export let firstStartOfWork: i64 = i64.MAX_VALUE;
export let lastEndOfWork: i64 = i64.MIN_VALUE;

/** True when the last `readEvent` met something that no later byte can mend. */
export let malformed: bool = false;

export const NO_CORRELATION: u32 = 0xffffffff;
/** A correlation with this bit is an id of `correlations`. */
const TEXT_CORRELATION: u32 = 0x80000000;

let none: usize = 0;

export function initEvents(): void {
  names = createTable(13);
  categories = createTable(8);
  phases = createTable(6);
  lanes = createTable(8);
  correlations = createTable(8);
  declareCategories(categories);
  none = allocate(16);
  store<u32>(none, 0x656e6f4e); // None
  intern(names, none, 0);
  intern(phases, none, 0);
}

// Keys with their closing quote where they fit, as little-endian integers.
const PH: u32 = 0x226870, TS: u32 = 0x227374, ID: u32 = 0x226469, BP: u32 = 0x227062;
const CAT: u32 = 0x22746163, PID: u32 = 0x22646970, TID: u32 = 0x22646974, DUR: u32 = 0x22727564;
const NAME: u32 = 0x656d616e, ARGS: u32 = 0x73677261; // without: the fifth byte is looked at
const OTHER_KEY: u32 = 0;
const COMPLETE: u32 = 0x58; // ph "X"
const NULL: u32 = 0x6c6c756e;
const COLON_SPACE: u16 = 0x203a;

// Where the event that is being read has its fields: addresses of tokens, 0 where a key is missing.
let phaseFrom: usize = 0, phaseTo: usize = 0, categoryFrom: usize = 0, categoryTo: usize = 0, nameFrom: usize = 0, nameTo: usize = 0;
let pidFrom: usize = 0, pidTo: usize = 0, tidFrom: usize = 0, tidTo: usize = 0, argsFrom: usize = 0, argsTo: usize = 0;
let start: i64 = 0, duration: i64 = 0, hasStart: bool = false, timeTooBig: bool = false;

function clearFields(): void {
  phaseFrom = 0; categoryFrom = 0; nameFrom = 0; pidFrom = 0; tidFrom = 0; argsFrom = 0;
  start = 0; duration = 0; hasStart = false; timeTooBig = false;
  clearNestedObject();
}

/** Of a number, `true`… the token, of a string the content: both are what a table keeps. 0 as end means null. */
@inline function contentStart(token: usize): usize { return load<u8>(token) === QUOTE ? token + 1 : token; }
@inline function contentEnd(token: usize, end: usize): usize { return load<u8>(token) === QUOTE ? end - 1 : end; }
@inline function isNull(token: usize): bool { return load<u32>(token) === NULL; }

/** Stops `readEvent` where it stands: for want of bytes, or for good. */
@inline function stop(p: usize): usize {
  malformed = p < limit;
  return 0;
}

/** Behind a string (the usual value of a key) or any other value. */
@inline function endOfValue(value: usize): usize {
  return load<u8>(value) === QUOTE ? closingQuote(value + 1) + 1 : skipValue(value);
}

/** Behind a number (the usual value of a key) or any other value. */
@inline function endOfNumber(value: usize): usize {
  const digits = countDigits(value);
  return digits !== 0 && digits !== 16 && load<u8>(value + digits) === COMMA ? value + digits : skipValue(value);
}

/** Reads the value of `key` at `value` into the fields; answers where it ends. */
@inline function readField(key: u32, value: usize): usize {
  let end: usize;
  switch (key) {
    case PH: {
      end = endOfValue(value);
      phaseFrom = value; phaseTo = end;
      return end;
    }
    case CAT: {
      end = endOfValue(value);
      categoryFrom = value; categoryTo = end;
      return end;
    }
    case NAME: {
      end = endOfValue(value);
      nameFrom = value; nameTo = end;
      return end;
    }
    case PID: {
      end = endOfNumber(value);
      pidFrom = value; pidTo = end;
      return end;
    }
    case TID: {
      end = endOfNumber(value);
      tidFrom = value; tidTo = end;
      return end;
    }
    case TS: {
      start = nanoseconds(value);
      hasStart = true;
      timeTooBig = timeTooBig || numberTooBig;
      return numberEnd;
    }
    case DUR: {
      duration = nanoseconds(value);
      timeTooBig = timeTooBig || numberTooBig;
      return numberEnd;
    }
    case ARGS: {
      if (load<u8>(value) !== OPEN_BRACE) {
        argsFrom = 0;
        return skipValue(value);
      }
      end = skipObject(value);
      argsFrom = value; argsTo = end;
      return end;
    }
    default: return skipValue(value);
  }
}

/** Nearly all events begin with `"ph": "X", "cat"`: two comparisons instead of a key and a value that are read. */
@inline function beginsAsUsual(p: usize): bool {
  return load<u64>(p) === 0x5822203a22687022 && load<u64>(p, 8) === 0x2274616322202c22;
}

/**
 * Reads the event whose `{` is at `p` and counts it. Answers the position behind its `}`, or 0: then `malformed` tells
 * whether it is broken or merely not all there yet; nothing was counted.
 */
export function readEvent(p: usize): usize {
  clearFields();
  p = skipSpace(p + 1);
  if (beginsAsUsual(p)) {
    phaseFrom = p + 6; phaseTo = p + 9;
    p += 11;
  }
  if (load<u8>(p) !== CLOSE_BRACE) {
    while (true) {
      if (load<u8>(p) !== QUOTE) return stop(p);
      let key = load<u32>(p, 1), q: usize;
      switch (key) {
        case CAT: case PID: case TID: case DUR: q = p + 5; break;
        default: {
          const short = key & 0xffffff;
          if ((key === NAME || key === ARGS) && load<u8>(p, 5) === QUOTE) {
            q = p + 6;
          } else if (short === PH || short === TS || short === ID || short === BP) {
            key = short;
            q = p + 4;
          } else {
            key = OTHER_KEY;
            q = closingQuote(p + 1) + 1;
          }
        }
      }
      if (load<u16>(q) === COLON_SPACE && load<u8>(q, 2) > 32) {
        q += 2;
      } else {
        q = skipSpace(q);
        if (load<u8>(q) !== COLON) return stop(q);
        q = skipSpace(q + 1);
      }
      q = readField(key, q);
      if (q >= limit) return stop(q);
      p = skipSpace(q);
      const next = load<u8>(p);
      if (next === CLOSE_BRACE) break;
      if (next !== COMMA) return stop(p);
      p = skipSpace(p + 1);
    }
  }
  if (p >= limit) return stop(p);
  count();
  return p + 1;
}

function textOf(table: Table, from: usize, to: usize): u32 {
  return internNext(table, contentStart(from), contentEnd(from, to) - contentStart(from));
}

/** The event is complete: into the counters, and into a row if it is one to keep. */
function count(): void {
  eventCount++;
  let isComplete = false;
  if (phaseFrom === 0 || isNull(phaseFrom)) {
    eventsWithoutPhase++;
  } else {
    const phase = textOf(phases, phaseFrom, phaseTo);
    entryOf(phases, phase).count++;
    isComplete = phaseTo - phaseFrom === 3 && load<u8>(phaseFrom, 1) === COMPLETE;
  }
  let kind: u32 = 0;
  if (categoryFrom === 0 || isNull(categoryFrom)) {
    eventsWithoutCategory++;
  } else {
    const category = entryOf(categories, textOf(categories, categoryFrom, categoryTo));
    category.count++;
    kind = category.kind;
  }
  if (!isComplete || !hasStart) return;
  const end = start + duration;
  // Signs as they may be: the sum wrapped when both parts lie on one side of zero and the sum on the other.
  if (timeTooBig || ((start ^ end) & (duration ^ end)) < 0) {
    unreadableTimes++;
    return;
  }
  if (start < firstStart) firstStart = start;
  if (end > lastEnd) lastEnd = end;
  if (kind !== WINDOW) {
    if (start < firstStartOfWork) firstStartOfWork = start;
    if (end > lastEndOfWork) lastEndOfWork = end;
  }
  if (isKept(kind)) keep(kind);
}

function keep(kind: u32): void {
  clearArgs();
  if (argsFrom && kind !== ANNOTATION && kind !== GPU_ANNOTATION) {
    if (sawNestedObject) findInNestedArgs(argsFrom, argsTo);
    else findInFlatArgs(argsFrom, argsTo);
  }
  let device: u32, stream: u32;
  if (isGpuWork(kind)) {
    if (duration < 0) duration = 0;
    device = deviceAt ? lane(deviceAt, endOfToken(deviceAt)) : lane(pidFrom, pidTo);
    stream = streamAt ? lane(streamAt, endOfToken(streamAt)) : lane(tidFrom, tidTo);
  } else {
    device = lane(pidFrom, pidTo);
    stream = lane(tidFrom, tidTo);
  }
  const name = nameFrom && !isNull(nameFrom) ? textOf(names, nameFrom, nameTo) : intern(names, none, 0);
  addRow(kind, start, duration, name, correlationAt ? correlation(correlationAt) : NO_CORRELATION, device, stream);
}

/** A missing or null device or stream is the lane `None`. */
function lane(from: usize, to: usize): u32 {
  if (from === 0 || isNull(from)) return intern(lanes, none, 4);
  return internString(lanes, contentStart(from), contentEnd(from, to) - contentStart(from));
}

/** A plain number below a thousand million is itself; whatever else is kept as text, so that no two ids ever fall together. */
function correlation(p: usize): u32 {
  const count = countDigits(p), end = endOfToken(p);
  if (count > 0 && count < 10 && p + count === end) return <u32>digits(p, count);
  return TEXT_CORRELATION | intern(correlations, p, end - p);
}
