/** JSON as Python's json.dumps writes it: blanks after separators, non-finite numbers as they are, ASCII only. */
export function pythonJson(value: unknown, indent?: number): string {
  return write(value, indent, 0);
}

/** A number that Python holds as a float: written with a decimal point even when it is whole. */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export function float(value: number): PythonFloat {
  return new PythonFloat(value);
}

function write(value: unknown, indent: number | undefined, depth: number): string {
  if (value instanceof PythonFloat) return floatText(value.value);
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : floatText(value);
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'boolean') return String(value);
  if (value === null || value === undefined || typeof value !== 'object') return 'null';
  if (Array.isArray(value))
    return wrap(
      '[',
      ']',
      value.map((item) => write(item, indent, depth + 1)),
      indent,
      depth,
    );
  const entries = Object.entries(value).filter((entry) => entry[1] !== undefined);
  return wrap(
    '{',
    '}',
    entries.map(([key, item]) => `${quote(key)}: ${write(item, indent, depth + 1)}`),
    indent,
    depth,
  );
}

function wrap(
  open: string,
  close: string,
  items: readonly string[],
  indent: number | undefined,
  depth: number,
): string {
  if (items.length === 0) return open + close;
  if (indent === undefined) return `${open}${items.join(', ')}${close}`;
  const pad = ' '.repeat(indent * (depth + 1));
  return `${open}\n${pad}${items.join(`,\n${pad}`)}\n${' '.repeat(indent * depth)}${close}`;
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function quote(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u0080-\uffff]/g,
    (char) => String.raw`\u` + char.charCodeAt(0).toString(16).padStart(4, '0'),
  );
}
