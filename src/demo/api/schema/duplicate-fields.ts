/** Paths of keys that occur more than once in an object of a JSON text, which `JSON.parse` would silently drop. The text must be valid JSON. */
export function duplicateFields(text: string): readonly string[] {
  const duplicates: string[] = [];
  const open: Frame[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    const frame = open.at(-1);
    if (token === '{' || token === '[') {
      open.push({
        path: pathInside(frame),
        keys: token === '{' ? new Set() : undefined,
        key: undefined,
        index: 0,
        expectsKey: token === '{',
      });
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ',') {
      if (frame) Object.assign(frame, { index: frame.index + 1, expectsKey: frame.keys !== undefined });
    } else if (frame?.keys && frame.expectsKey && token.startsWith('"')) {
      frame.key = String(JSON.parse(token));
      frame.expectsKey = false;
      if (frame.keys.has(frame.key)) duplicates.push(pathInside(frame));
      frame.keys.add(frame.key);
    }
  }
  return duplicates;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],]/gs;

interface Frame {
  readonly path: string;
  /** Undefined for a list. */
  readonly keys: Set<string> | undefined;
  key: string | undefined;
  index: number;
  expectsKey: boolean;
}

function pathInside(frame: Frame | undefined): string {
  if (frame === undefined) return '';
  if (frame.keys === undefined) return `${frame.path}[${frame.index}]`;
  return frame.path === '' ? (frame.key ?? '') : `${frame.path}.${frame.key ?? ''}`;
}
