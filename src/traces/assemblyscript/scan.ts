// The document, and what the host calls: `init`, then for every chunk `feed`, at the end `finish`; then the getters.
// The host writes a chunk behind the bytes that the last `feed` left over at the start of the input buffer.

import {
  CLOSE_BRACE, CLOSE_BRACKET, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE, SPARE_BYTES, closingQuote, limit, setLimit, skipSpace,
  skipValue, valueAfterKey,
} from './bytes';
import * as event from './event';
import { allocate } from './memory';
import * as rows from './rows';

/** Where in the document the scan stands. The host knows these as `ScanState` (`src/traces/kineto/layout.ts`). */
const BEFORE_EVENTS: u32 = 0;
const IN_EVENTS: u32 = 1;
/** Behind the `]` of the events. */
const AFTER_EVENTS: u32 = 2;
/** The object ended without events. */
const NO_EVENTS: u32 = 3;
/** Not a JSON object. */
const INVALID: u32 = 4;

/** An event longer than this is taken for one that an odd quote keeps open, and given up. */
const MAX_EVENT_BYTES: usize = 8 << 20;

/** What can be said of a place from the bytes that are here. */
const NO: u32 = 0;
const YES: u32 = 1;
const UNCLEAR: u32 = 2;

let state: u32 = BEFORE_EVENTS;
let input: usize = 0, capacity: usize = 0;
let headLength: usize = 0, head: usize = 0;
/** True behind something that is no event, until the next one is found; and the last byte there that was no white space. */
let lost: bool = false, lastByte: u8 = 0;
let skippedSpans: u32 = 0, skippedBytes: u64 = 0;

/** Prepares a scan with an input buffer of `bytes`; answers its address. */
export function init(bytes: usize): usize {
  event.initEvents();
  rows.initRows();
  return reserve(bytes);
}

/** A bigger input buffer, with the content of the old one; answers its address. */
export function reserve(bytes: usize): usize {
  const old = input;
  input = allocate(bytes + SPARE_BYTES);
  if (old) memory.copy(input, old, capacity);
  capacity = bytes;
  return input;
}

/** Scans `length` bytes at the start of the input buffer; answers how many at their end wait for more (moved to the start). */
export function feed(length: usize): usize { return scan(length, false); }

/** As `feed`, when nothing more comes: what never closes is given up. Ends the scan. */
export function finish(length: usize): usize {
  const left = scan(length, true);
  rows.sealRows();
  return left;
}

function scan(length: usize, isLast: bool): usize {
  setLimit(input + length);
  let p = input;
  if (state === BEFORE_EVENTS) p = scanHead(p);
  if (state === IN_EVENTS) p = scanEvents(p, isLast);
  const left: usize = p >= limit ? 0 : limit - p;
  if (left !== 0 && p !== input) memory.copy(input, p, left);
  return left;
}

/** Looks for `traceEvents` among the keys of the outermost object, from its start: answers that start until it is there. */
function scanHead(start: usize): usize {
  let p = skipSpace(start);
  if (p >= limit) return start;
  if (load<u8>(p) !== OPEN_BRACE) return notAnObject(start);
  p = skipSpace(p + 1);
  while (p < limit) {
    const byte = load<u8>(p);
    if (byte === CLOSE_BRACE) {
      state = NO_EVENTS;
      return start;
    }
    if (byte !== QUOTE) return notAnObject(start);
    const key = p + 1, close = closingQuote(key);
    if (close >= limit) return start;
    const colon = skipSpace(close + 1), value = valueAfterKey(close + 1);
    if (colon >= limit || value >= limit) return start;
    if (!value) return notAnObject(start);
    if (isTraceEvents(key, close - key) && load<u8>(value) === OPEN_BRACKET) return beginEvents(start, value + 1);
    p = skipSpace(skipValue(value));
    if (p >= limit) return start;
    const next = load<u8>(p);
    if (next === COMMA) p = skipSpace(p + 1);
    else if (next !== CLOSE_BRACE) return notAnObject(start);
  }
  return start;
}

@inline function isTraceEvents(key: usize, length: usize): bool {
  return length === 11 && load<u64>(key) === 0x6576456563617274 && (load<u32>(key, 8) & 0xffffff) === 0x73746e; // traceEve nts
}

function notAnObject(start: usize): usize {
  state = INVALID;
  return start;
}

/** Keeps the document's head, up to and with the `[`, for the host. */
function beginEvents(start: usize, firstEvent: usize): usize {
  state = IN_EVENTS;
  headLength = firstEvent - start;
  head = allocate(headLength);
  memory.copy(head, start, headLength);
  return firstEvent;
}

/** Events up to the end of the data or of the array; answers where the first one stands that was not read. */
function scanEvents(p: usize, isLast: bool): usize {
  while (true) {
    if (lost) {
      p = findWay(p, isLast);
      if (lost) return p;
    }
    p = skipSpace(p);
    while (load<u8>(p) === COMMA && p < limit) p = skipSpace(p + 1);
    if (p >= limit) return limit;
    const byte = load<u8>(p);
    if (byte === CLOSE_BRACKET) {
      state = AFTER_EVENTS;
      return p + 1;
    }
    const isObject = byte === OPEN_BRACE, end = isObject ? event.readEvent(p) : 0;
    if (end) {
      p = end;
      continue;
    }
    const mayComplete = isObject && !event.malformed && !isLast && limit - p < MAX_EVENT_BYTES;
    if (mayComplete) return p;
    lost = true;
    lastByte = byte;
    skippedSpans++;
    skippedBytes++;
    p++;
  }
}

/** Skips to where an event starts or the array ends; without such a place `lost` stays, and it answers where to go on looking. */
function findWay(from: usize, isLast: bool): usize {
  let p = from;
  for (; p < limit; p++) {
    const byte = load<u8>(p);
    if (byte <= 32) continue;
    let sight = NO;
    if (byte === OPEN_BRACE) sight = startsEvent(p);
    else if (byte === CLOSE_BRACKET) sight = endsEvents(p);
    if (sight === UNCLEAR && !isLast) break;
    if (sight === YES) {
      lost = false;
      break;
    }
    lastByte = byte;
  }
  skippedBytes += p - from;
  return p;
}

/** Whether an object with `ph` or `name` as its first key starts at `p`. */
function startsEvent(p: usize): u32 {
  const key = skipSpace(p + 1);
  if (key + 8 >= limit) return UNCLEAR;
  if (load<u8>(key) !== QUOTE) return NO;
  const word = load<u32>(key, 1);
  const known = (word & 0xffffff) === 0x226870 || (word === 0x656d616e && load<u8>(key, 5) === QUOTE); // ph" name"
  return known ? YES : NO;
}

/** Whether the `]` at `p`, behind the end of an object, is followed by what may follow the events: another key, or the end. */
function endsEvents(p: usize): u32 {
  if (lastByte !== CLOSE_BRACE) return NO;
  const next = skipSpace(p + 1);
  if (next >= limit) return UNCLEAR;
  if (load<u8>(next) === CLOSE_BRACE) return YES;
  if (load<u8>(next) !== COMMA) return NO;
  const key = skipSpace(next + 1);
  if (key >= limit) return UNCLEAR;
  return load<u8>(key) === QUOTE ? YES : NO;
}

export function getState(): u32 { return state; }
export function getHead(): usize { return head; }
export function getHeadLength(): usize { return headLength; }
export function getSkippedSpans(): u32 { return skippedSpans; }
export function getSkippedBytes(): f64 { return <f64>skippedBytes; }

export function getNames(): usize { return changetype<usize>(event.names); }
export function getCategories(): usize { return changetype<usize>(event.categories); }
export function getPhases(): usize { return changetype<usize>(event.phases); }
export function getLanes(): usize { return changetype<usize>(event.lanes); }

export function getEventCount(): u32 { return event.eventCount; }
export function getEventsWithoutCategory(): u32 { return event.eventsWithoutCategory; }
export function getEventsWithoutPhase(): u32 { return event.eventsWithoutPhase; }
export function getUnreadableTimes(): u32 { return event.unreadableTimes; }
/** Without events but the profiler's own window, that window bounds the trace. */
export function getFirstStart(): i64 { return event.firstStartOfWork === i64.MAX_VALUE ? event.firstStart : event.firstStartOfWork; }
export function getLastEnd(): i64 { return event.firstStartOfWork === i64.MAX_VALUE ? event.lastEnd : event.lastEndOfWork; }

export function getRowCount(): u32 { return rows.rowCount; }
export function getBlockCount(): u32 { return rows.blockCount; }
export function getBlockDirectory(): usize { return rows.blockDirectory; }
export function getBaseTime(): i64 { return rows.baseTime; }
export function getFarRows(): u32 { return rows.farRows; }
