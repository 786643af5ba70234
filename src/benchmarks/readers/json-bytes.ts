// Finding tokens of JSON in bytes.

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
export const SPACE = 0x20;

export function isBlank(byte: number): boolean {
  return byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Strings up to this length are looked through byte by byte; a native search pays for longer ones only. */
const SHORT_STRING = 48;

/**
 * Position of the quote that ends the string which `start` lies in. Without one in the buffer its length,
 * or one more where the last byte is a backslash that escapes the next chunk's first.
 */
export function closingQuote(buffer: Buffer, start: number): number {
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
export function scalarEnd(buffer: Buffer, start: number): number | undefined {
  for (let at = start; at < buffer.length; at += 1) {
    const byte = buffer[at] ?? 0;
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isBlank(byte)) return at;
  }
  return undefined;
}
