// Finding the fields of one event in JSON text, without making objects: most events go on as they came.

/** A field's value lies at [from, to) of the text. */
export interface Field {
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

export interface EventText {
  readonly fields: readonly Field[];
  /** Behind the `}`. */
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The event whose `{` is at `start`; undefined when the text ends first, or is no object. */
export function readEventText(text: string, start: number): EventText | undefined {
  const fields: Field[] = [];
  let at = skipSpace(text, start + 1);
  if (text[at] === '}') return { fields, end: at + 1 };
  for (;;) {
    if (text.charCodeAt(at) !== QUOTE) return undefined;
    const keyEnd = endOfString(text, at);
    if (keyEnd < 0) return undefined;
    const colon = skipSpace(text, keyEnd);
    if (text[colon] !== ':') return undefined;
    const from = skipSpace(text, colon + 1);
    const to = endOfValue(text, from);
    if (to < 0) return undefined;
    fields.push({ key: text.slice(at + 1, keyEnd - 1), from, to });
    const next = skipSpace(text, to);
    if (text[next] === '}') return { fields, end: next + 1 };
    if (text[next] !== ',') return undefined;
    at = skipSpace(text, next + 1);
  }
}

export function skipSpace(text: string, at: number): number {
  while (text.charCodeAt(at) <= 0x20) at++;
  return at;
}

/** Behind the closing quote of the string that opens at `at`; -1 when the text ends first. */
function endOfString(text: string, at: number): number {
  for (let close = text.indexOf('"', at + 1); close >= 0; close = text.indexOf('"', close + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(close - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return close + 1;
  }
  return -1;
}

function endOfValue(text: string, at: number): number {
  const first = text[at];
  if (first === '"') return endOfString(text, at);
  if (first === '{' || first === '[') return endOfNested(text, at);
  const end = /[\s,}\]]/g;
  end.lastIndex = at;
  return end.exec(text)?.index ?? -1;
}

function endOfNested(text: string, at: number): number {
  const mark = /["{}[\]]/g;
  mark.lastIndex = at;
  let depth = 0;
  for (let found = mark.exec(text); found; found = mark.exec(text)) {
    if (found[0] === '"') {
      const end = endOfString(text, found.index);
      if (end < 0) return -1;
      mark.lastIndex = end;
    } else if (found[0] === '{' || found[0] === '[') {
      depth++;
    } else if (--depth === 0) {
      return found.index + 1;
    }
  }
  return -1;
}
