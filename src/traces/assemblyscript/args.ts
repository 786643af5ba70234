// Where an event's `args` name its device, stream and correlation. Of a key that stands twice the last one counts, as in
// every JSON parser.

import { COMMA, QUOTE, closingQuote, skipSpace, skipValue, valueAfterKey } from './bytes';

/** Positions of the values, 0 where a key is missing. */
export let deviceAt: usize = 0;
export let streamAt: usize = 0;
export let correlationAt: usize = 0;

// The bytes of the keys with their quotes, as little-endian integers.
const DEVICE: u64 = 0x2265636976656422; // "device"
const STREAM: u64 = 0x226d616572747322; // "stream"
const CORREL: u64 = 0x616c6572726f6322; // "correla
const TION: u64 = 0x226e6f6974; // tion"
const TION_MASK: u64 = 0xff_ffff_ffff;
const SHORT_KEY: usize = 8;
const LONG_KEY: usize = 13;

export function clearArgs(): void {
  deviceAt = 0;
  streamAt = 0;
  correlationAt = 0;
}

@inline function isCorrelation(key: usize): bool {
  return load<u64>(key) === CORREL && (load<u64>(key, 8) & TION_MASK) === TION;
}

/**
 * Args without an object inside: no string can look like a key of ours followed by a colon, because the quotes around
 * the name could only stand in a string as escaped ones. So every `"d`, `"s` and `"c` is looked at, wherever it stands.
 */
export function findInFlatArgs(start: usize, end: usize): void {
  const quotes = i8x16.splat(QUOTE), c = i8x16.splat(0x63), d = i8x16.splat(0x64), s = i8x16.splat(0x73);
  for (let p = start; p < end; p += 16) {
    const second = v128.load(p, 1);
    const letters = v128.or(i8x16.eq(second, c), v128.or(i8x16.eq(second, d), i8x16.eq(second, s)));
    let candidates = i8x16.bitmask(v128.and(i8x16.eq(v128.load(p), quotes), letters));
    while (candidates) {
      const key = p + <usize>ctz(candidates);
      candidates &= candidates - 1;
      if (key >= end) return;
      const word = load<u64>(key);
      if (word === DEVICE) {
        const value = valueAfterKey(key + SHORT_KEY);
        if (value) deviceAt = value;
      } else if (word === STREAM) {
        const value = valueAfterKey(key + SHORT_KEY);
        if (value) streamAt = value;
      } else if (isCorrelation(key)) {
        const value = valueAfterKey(key + LONG_KEY);
        if (value) correlationAt = value;
      }
    }
  }
}

/** Args with objects inside: only the keys of the outermost level count. */
export function findInNestedArgs(start: usize, end: usize): void {
  let p = skipSpace(start + 1);
  while (p < end && load<u8>(p) === QUOTE) {
    const key = p, close = closingQuote(p + 1);
    const value = valueAfterKey(close + 1);
    if (!value) return;
    const length = close + 1 - key;
    if (length === SHORT_KEY) {
      if (load<u64>(key) === DEVICE) deviceAt = value;
      else if (load<u64>(key) === STREAM) streamAt = value;
    } else if (length === LONG_KEY && isCorrelation(key)) {
      correlationAt = value;
    }
    p = skipSpace(skipValue(value));
    if (load<u8>(p) !== COMMA) return;
    p = skipSpace(p + 1);
  }
}
