// Walking over JSON text 16 or 64 bytes at a time. Every function may read past `limit`, into the sentinel and the spare
// bytes behind it, and may answer a position at or past `limit`: the caller checks.

export const QUOTE: u8 = 0x22;
export const BACKSLASH: u8 = 0x5c;
export const COLON: u8 = 0x3a;
export const COMMA: u8 = 0x2c;
export const OPEN_BRACE: u8 = 0x7b;
export const CLOSE_BRACE: u8 = 0x7d;
export const OPEN_BRACKET: u8 = 0x5b;
export const CLOSE_BRACKET: u8 = 0x5d;
const SPACE: u8 = 0x20;

/** Bytes written behind the data. */
const SENTINEL_BYTES: usize = 192;
/** Bytes that the input buffer must have behind its capacity: the sentinel and one 64-byte read past it. */
export const SPARE_BYTES: usize = 256;

/** End of the data that is in memory now. */
export let limit: usize = 0;

/** Ends the data at `end`, with `"}` again and again behind it: it closes whatever string or object is open. */
export function setLimit(end: usize): void {
  limit = end;
  for (let i: usize = 0; i < SENTINEL_BYTES; i += 2) store<u16>(end + i, 0x7d22);
}

@inline function findQuote(p: usize): usize {
  const quotes = i8x16.splat(QUOTE);
  while (true) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(p), quotes));
    if (found) return p + <usize>ctz(found);
    p += 16;
  }
}

/** The closing quote of a string whose content starts at `content`. */
@inline export function closingQuote(content: usize): usize {
  const quote = findQuote(content);
  return load<u8>(quote - 1) === BACKSLASH ? closingQuoteAfterBackslash(content, quote) : quote;
}

/** An odd number of backslashes before a quote escapes it. */
function closingQuoteAfterBackslash(content: usize, quote: usize): usize {
  while (true) {
    let before = quote - 1, backslashes = 0;
    while (before >= content && load<u8>(before) === BACKSLASH) {
      backslashes++;
      before--;
    }
    if ((backslashes & 1) === 0) return quote;
    quote = findQuote(quote + 1);
  }
}

/** The first byte at or after `p` that is no white space (nor another control character). */
@inline export function skipSpace(p: usize): usize {
  if (load<u8>(p) > SPACE) return p;
  if (load<u8>(p, 1) > SPACE) return p + 1;
  const spaces = i8x16.splat(SPACE);
  while (true) {
    const bytes = v128.load(p);
    const dark = i8x16.bitmask(i8x16.eq(i8x16.max_u(bytes, spaces), spaces)) ^ 0xffff;
    if (dark) return p + <usize>ctz(dark);
    p += 16;
  }
}

/** `p` stands behind a key's closing quote: the start of its value, or 0 where no colon follows. */
export function valueAfterKey(p: usize): usize {
  p = skipSpace(p);
  return load<u8>(p) === COLON ? skipSpace(p + 1) : 0;
}

/** The end of a number, `true`, `null`… that starts at `p`. */
@inline function endOfBareToken(p: usize): usize {
  while (true) {
    const byte = load<u8>(p);
    if (byte <= SPACE || byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte === QUOTE) return p;
    p++;
  }
}

/** The end of a string (behind its quote) or of a bare token. */
@inline export function endOfToken(p: usize): usize {
  return load<u8>(p) === QUOTE ? closingQuote(p + 1) + 1 : endOfBareToken(p);
}

/** Set when `skipObject` passed an object inside the object; the caller clears it. */
export let sawNestedObject: bool = false;
export function clearNestedObject(): void { sawNestedObject = false; }

@inline function mask64(a: v128, b: v128, c: v128, d: v128): u64 {
  const low = <u32>(i8x16.bitmask(a) | (i8x16.bitmask(b) << 16));
  const high = <u32>(i8x16.bitmask(c) | (i8x16.bitmask(d) << 16));
  return <u64>low | (<u64>high << 32);
}

/** Bit i becomes the parity of bits 0 to i: with quotes as input, 1 means "inside a string". */
@inline function prefixXor(bits: u64): u64 {
  bits ^= bits << 1;
  bits ^= bits << 2;
  bits ^= bits << 4;
  bits ^= bits << 8;
  bits ^= bits << 16;
  return bits ^ (bits << 32);
}

/** The position behind the `}` of the object that opens at `start`. */
export function skipObject(start: usize): usize {
  const quotes = i8x16.splat(QUOTE), backslashes = i8x16.splat(BACKSLASH);
  const belowBraces = i8x16.splat(0x7a); // as signed bytes, only `{ | } ~` and DEL lie above
  let insideString: u64 = 0, depth = 0, p = start;
  while (true) {
    const a = v128.load(p), b = v128.load(p, 16), c = v128.load(p, 32), d = v128.load(p, 48);
    const escapes = v128.or(
      v128.or(i8x16.eq(a, backslashes), i8x16.eq(b, backslashes)),
      v128.or(i8x16.eq(c, backslashes), i8x16.eq(d, backslashes)),
    );
    if (v128.any_true(escapes)) return skipNested(start); // escaped quotes break the parity: go byte by byte
    const strings = prefixXor(mask64(i8x16.eq(a, quotes), i8x16.eq(b, quotes), i8x16.eq(c, quotes), i8x16.eq(d, quotes))) ^ insideString;
    insideString = <u64>(<i64>strings >> 63);
    let braces = mask64(i8x16.gt_s(a, belowBraces), i8x16.gt_s(b, belowBraces), i8x16.gt_s(c, belowBraces), i8x16.gt_s(d, belowBraces)) & ~strings;
    while (braces) {
      const at = p + <usize>ctz(braces);
      braces &= braces - 1;
      const byte = load<u8>(at);
      if (byte === OPEN_BRACE) {
        if (depth++) sawNestedObject = true;
      } else if (byte === CLOSE_BRACE && --depth === 0) {
        return at + 1;
      }
    }
    p += 64;
    if (p >= limit) return p;
  }
}

/** The position behind the object or array that opens at `p`, byte by byte. */
function skipNested(p: usize): usize {
  let depth = 0;
  while (p < limit) {
    const byte = load<u8>(p);
    if (byte === QUOTE) {
      p = closingQuote(p + 1) + 1;
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth++ && byte === OPEN_BRACE) sawNestedObject = true;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (--depth === 0) return p + 1;
    }
    p++;
  }
  return p;
}

/** The position behind any JSON value. */
export function skipValue(p: usize): usize {
  const first = load<u8>(p);
  if (first === OPEN_BRACE) return skipObject(p);
  if (first === OPEN_BRACKET) return skipNested(p);
  return endOfToken(p);
}

@inline export function sameBytes(a: usize, b: usize, length: usize): bool {
  if (length >= 16) {
    const lastA = a + length - 16, lastB = b + length - 16;
    while (a < lastA) {
      if (i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b))) !== 0xffff) return false;
      a += 16;
      b += 16;
    }
    return i8x16.bitmask(i8x16.eq(v128.load(lastA), v128.load(lastB))) === 0xffff;
  }
  if (length >= 8) return load<u64>(a) === load<u64>(b) && load<u64>(a + length - 8) === load<u64>(b + length - 8);
  if (length >= 4) return load<u32>(a) === load<u32>(b) && load<u32>(a + length - 4) === load<u32>(b + length - 4);
  for (let i: usize = 0; i < length; i++) if (load<u8>(a + i) !== load<u8>(b + i)) return false;
  return true;
}
