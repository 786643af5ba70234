// Decimal text to integers, eight digits a step. A time is written as microseconds with (mostly) three decimals; the digits
// are read as they stand, because an epoch time in nanoseconds has more of them than a double keeps.

import { QUOTE, endOfToken } from './bytes';

const DOT: u8 = 0x2e, MINUS: u8 = 0x2d, PLUS: u8 = 0x2b, LOWER_E: u8 = 0x65;
const LOWER_CASE: u8 = 0x20;

/** Behind the last number read. */
export let numberEnd: usize = 0;
/** True when the last number read does not fit into 64 bits of nanoseconds. */
export let numberTooBig: bool = false;

@inline function isDigit(byte: u32): bool { return byte - 48 < 10; }

/** Eight bytes of digit values, first digit in the lowest byte, to their number. */
@inline function eightDigits(values: u64): u64 {
  const pairs = values * 10 + (values >> 8);
  return ((pairs & 0x000000ff000000ff) * 0x000f424000000064 + ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >> 32;
}

/** The number of `count` digits (1 to 16) at `p`. */
@inline export function digits(p: usize, count: u32): u64 {
  const zeros: u64 = 0x3030303030303030;
  if (count <= 8) return eightDigits((load<u64>(p) - zeros) << (<u64>(8 - count) << 3));
  return eightDigits((load<u64>(p) - zeros) << (<u64>(16 - count) << 3)) * 100000000 + eightDigits(load<u64>(p + count - 8) - zeros);
}

/** How many digits stand at `p`; 16 means 16 or more. */
@inline export function countDigits(p: usize): u32 {
  const values = i8x16.sub(v128.load(p), i8x16.splat(48));
  const areDigits = i8x16.bitmask(i8x16.eq(i8x16.min_u(values, i8x16.splat(9)), values));
  return ctz<u32>(<u32>(areDigits ^ 0x1ffff));
}

/** Microseconds at `p` as nanoseconds. Sets `numberEnd` and `numberTooBig`. */
export function nanoseconds(p: usize): i64 {
  numberTooBig = false;
  const count = countDigits(p);
  if (count === 0 || count === 16) return unusualNanoseconds(p);
  const whole = digits(p, count);
  const after = p + count;
  const next = load<u8>(after);
  if (next === DOT) {
    const word = load<u32>(after, 1);
    const a = (word & 255) - 48, b = ((word >> 8) & 255) - 48, c = ((word >> 16) & 255) - 48, fourth = word >> 24;
    if (a < 10 && b < 10 && c < 10 && !isDigit(fourth) && (fourth | LOWER_CASE) !== LOWER_E) {
      numberEnd = after + 4;
      return <i64>(whole * 1000 + a * 100 + b * 10 + c);
    }
    return unusualNanoseconds(p);
  }
  if ((next | LOWER_CASE) === LOWER_E) return unusualNanoseconds(p);
  numberEnd = after;
  return <i64>(whole * 1000);
}

/** Enough digits for a time of 28 years in nanoseconds, with room for one more digit in 64 bits. */
const MANTISSA_LIMIT: u64 = 900_000_000_000_000_000;
const INT64_LIMIT: u64 = 0x7fff_ffff_ffff_ffff;

// The mantissa of a number that is being read, the power of ten that it stands for, and the digits it had no room for.
let mantissa: u64 = 0, exponent: i32 = 0, firstLost: i32 = -1, lostMore: bool = false;

function pushDigit(digit: u32, isFraction: bool): void {
  if (mantissa < MANTISSA_LIMIT) {
    mantissa = mantissa * 10 + digit;
    if (isFraction) exponent--;
    return;
  }
  if (!isFraction) exponent++;
  if (firstLost < 0) firstLost = digit;
  else if (digit !== 0) lostMore = true;
}

/** Any spelling: sign, quotes, any number of digits, an exponent; rounded half to even. `null` and other words are 0. */
function unusualNanoseconds(start: usize): i64 {
  let p = start, negative = false, any = false;
  if (load<u8>(p) === QUOTE) p++;
  if (load<u8>(p) === MINUS) {
    negative = true;
    p++;
  }
  mantissa = 0;
  exponent = 3; // microseconds to nanoseconds
  firstLost = -1;
  lostMore = false;
  for (; isDigit(load<u8>(p)); p++) {
    any = true;
    pushDigit(load<u8>(p) - 48, false);
  }
  if (load<u8>(p) === DOT) {
    p++;
    for (; isDigit(load<u8>(p)); p++) {
      any = true;
      pushDigit(load<u8>(p) - 48, true);
    }
  }
  if (any && (load<u8>(p) | LOWER_CASE) === LOWER_E) {
    p++;
    const sign = load<u8>(p);
    if (sign === MINUS || sign === PLUS) p++;
    let power = 0;
    for (; isDigit(load<u8>(p)); p++) if (power < 9999) power = power * 10 + load<u8>(p) - 48;
    exponent += sign === MINUS ? -power : power;
  }
  numberEnd = endOfToken(start);
  if (!any) return 0;
  const value = scaledMantissa();
  if (value > INT64_LIMIT) {
    numberTooBig = true;
    return 0;
  }
  return negative ? -<i64>value : <i64>value;
}

/** mantissa * 10^exponent, rounded half to even; above INT64_LIMIT where it does not fit. */
function scaledMantissa(): u64 {
  if (mantissa === 0) return 0;
  // Digits are only lost once the mantissa is full: with a power of ten to come, the value is past the year 2255.
  if (exponent > 0 && firstLost >= 0) return u64.MAX_VALUE;
  while (exponent > 0) {
    if (mantissa > INT64_LIMIT / 10) return u64.MAX_VALUE;
    mantissa *= 10;
    exponent--;
  }
  if (exponent === 0) {
    const up = firstLost > 5 || (firstLost === 5 && (lostMore || (mantissa & 1) !== 0));
    return up ? mantissa + 1 : mantissa;
  }
  if (exponent < -19) return 0;
  let divisor: u64 = 1;
  for (let i = 0; i < -exponent; i++) divisor *= 10;
  const quotient = mantissa / divisor, rest = mantissa - quotient * divisor, half = divisor >> 1;
  const beyondHalf = firstLost > 0 || lostMore;
  const up = rest > half || (rest === half && (beyondHalf || (quotient & 1) !== 0));
  return up ? quotient + 1 : quotient;
}
