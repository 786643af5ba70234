// JSON escapes to UTF-8, so that one text has one spelling and the tables hold what the host shows.

import { BACKSLASH, QUOTE } from './bytes';
import { allocate } from './memory';

let scratch: usize = 0, capacity: usize = 0;

/** Where `unescape` leaves its result, until its next call. */
export function unescaped(): usize { return scratch; }

export function hasEscape(start: usize, length: usize): bool {
  for (let i: usize = 0; i < length; i++) if (load<u8>(start + i) === BACKSLASH) return true;
  return false;
}

function hexDigit(byte: u8): i32 {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** The four hex digits at `p`, or -1. */
function codeUnit(p: usize, end: usize): i32 {
  if (p + 4 > end) return -1;
  let unit = 0;
  for (let i: usize = 0; i < 4; i++) {
    const digit = hexDigit(load<u8>(p + i));
    if (digit < 0) return -1;
    unit = (unit << 4) | digit;
  }
  return unit;
}

function storeUtf8(to: usize, point: i32): usize {
  if (point < 0x80) {
    store<u8>(to, point);
    return to + 1;
  }
  if (point < 0x800) {
    store<u8>(to, 0xc0 | (point >> 6));
    store<u8>(to, 0x80 | (point & 63), 1);
    return to + 2;
  }
  if (point < 0x10000) {
    store<u8>(to, 0xe0 | (point >> 12));
    store<u8>(to, 0x80 | ((point >> 6) & 63), 1);
    store<u8>(to, 0x80 | (point & 63), 2);
    return to + 3;
  }
  store<u8>(to, 0xf0 | (point >> 18));
  store<u8>(to, 0x80 | ((point >> 12) & 63), 1);
  store<u8>(to, 0x80 | ((point >> 6) & 63), 2);
  store<u8>(to, 0x80 | (point & 63), 3);
  return to + 4;
}

/** What a one-letter escape stands for; 0 for `u` and for letters that JSON does not know. */
function simpleEscape(letter: u8): u8 {
  switch (letter) {
    case QUOTE: case BACKSLASH: case 0x2f: return letter;
    case 0x62: return 8;
    case 0x66: return 12;
    case 0x6e: return 10;
    case 0x72: return 13;
    case 0x74: return 9;
    default: return 0;
  }
}

/** Writes the text to `unescaped()` and answers its length. An escape that JSON does not know stays as it is written. */
export function unescape(start: usize, length: usize): usize {
  if (capacity < length) {
    capacity = length + (length >> 1) + 1024;
    scratch = allocate(capacity);
  }
  const end = start + length;
  let from = start, to = scratch;
  while (from < end) {
    const byte = load<u8>(from);
    if (byte !== BACKSLASH || from + 1 >= end) {
      store<u8>(to++, byte);
      from++;
      continue;
    }
    const letter = load<u8>(from, 1);
    const simple = simpleEscape(letter);
    const unit = letter === 0x75 ? codeUnit(from + 2, end) : -1;
    if (simple) {
      store<u8>(to++, simple);
      from += 2;
    } else if (unit >= 0) {
      let point = unit;
      from += 6;
      if ((unit & 0xfc00) === 0xd800 && from + 6 <= end && load<u16>(from) === 0x755c) {
        const second = codeUnit(from + 2, end);
        if ((second & 0xfc00) === 0xdc00) {
          point = 0x10000 + ((unit & 0x3ff) << 10) + (second & 0x3ff);
          from += 6;
        }
      }
      to = storeUtf8(to, point);
    } else {
      store<u8>(to++, byte);
      from++;
    }
  }
  return to - scratch;
}
