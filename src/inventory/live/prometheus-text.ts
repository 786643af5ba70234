/** One sample of a metrics page. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** May be NaN or infinite, as the page says. */
  readonly value: number;
}

export interface MetricsPage {
  readonly samples: readonly Sample[];
  /** Lines that are no sample and no comment; the others still count. */
  readonly skippedLines: number;
  /** The page was longer than the limits and its rest was not read. */
  readonly cut: boolean;
}

/** What a page may cost, however long a server makes it. */
export interface PageLimits {
  readonly characters: number;
  readonly lineCharacters: number;
  readonly samples: number;
}

/** A page of eight engines with all histograms is half a megabyte. */
const LIMITS: PageLimits = { characters: 16 * 1024 * 1024, lineCharacters: 64 * 1024, samples: 20_000 };

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"/y;
/** The value ends the line, or a timestamp or an OpenMetrics exemplar follows. */
const VALUE = /[ \t]*([^\s#]+)(?:[ \t]+[-+\d.eE]+)?[ \t]*(?:#.*)?$/y;
const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['nan', NaN],
  ['inf', Infinity],
  ['+inf', Infinity],
  ['-inf', -Infinity],
]);

/**
 * Reads the Prometheus text format and OpenMetrics piece by piece. A line that is neither is skipped and counted: one
 * broken line must not cost the figures of a rank.
 */
export class MetricsReader {
  readonly #wanted: (name: string) => boolean;
  readonly #limits: PageLimits;
  readonly #samples: Sample[] = [];
  #rest = '';
  #characters = 0;
  #skippedLines = 0;
  /** Inside a line that is longer than the limit. */
  #overlong = false;
  #cut = false;

  /** Samples whose name is not wanted are passed over unread. */
  constructor(wanted: (name: string) => boolean = () => true, limits: PageLimits = LIMITS) {
    this.#wanted = wanted;
    this.#limits = limits;
  }

  /** False when enough was read and the rest need not come. */
  push(piece: string): boolean {
    if (this.#cut) return false;
    const taken = piece.slice(0, this.#limits.characters - this.#characters);
    this.#characters += taken.length;
    const lines = (this.#rest + taken).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#finish(line);
    if (this.#rest.length > this.#limits.lineCharacters) {
      this.#rest = '';
      this.#overlong = true;
    }
    if (taken.length < piece.length) this.#cut = true;
    return !this.#cut;
  }

  end(): MetricsPage {
    // What stands at the cut may be half a number.
    if (!this.#cut && (this.#rest !== '' || this.#overlong)) this.#finish(this.#rest);
    this.#rest = '';
    return { samples: this.#samples, skippedLines: this.#skippedLines, cut: this.#cut };
  }

  #finish(line: string): void {
    const overlong = this.#overlong || line.length > this.#limits.lineCharacters;
    this.#overlong = false;
    if (overlong) this.#skippedLines += 1;
    else this.#read(line.trim());
  }

  #read(line: string): void {
    if (line === '' || line.startsWith('#') || this.#cut) return;
    NAME.lastIndex = 0;
    const name = NAME.exec(line)?.[0];
    if (name !== undefined && !this.#wanted(name)) return;
    const sample = name === undefined ? undefined : sampleOf(name, line);
    if (sample === undefined) this.#skippedLines += 1;
    else if (this.#samples.length < this.#limits.samples) this.#samples.push(sample);
    else this.#cut = true;
  }
}

/** A whole page at once. */
export function readMetrics(text: string, wanted?: (name: string) => boolean, limits?: PageLimits): MetricsPage {
  const reader = new MetricsReader(wanted, limits);
  reader.push(text);
  return reader.end();
}

function sampleOf(name: string, line: string): Sample | undefined {
  const labels = Object.create(null) as Record<string, string>;
  const afterLabels = readLabels(line, name.length, labels);
  if (afterLabels === undefined) return undefined;
  VALUE.lastIndex = afterLabels;
  const text = VALUE.exec(line)?.[1];
  const value = text === undefined ? undefined : numberOf(text);
  return value === undefined ? undefined : { name, labels, value };
}

/** Fills the labels and answers where they end; undefined when they are broken. */
function readLabels(line: string, start: number, labels: Record<string, string>): number | undefined {
  let at = start;
  while (line[at] === ' ' || line[at] === '\t') at += 1;
  if (line[at] !== '{') return at > start ? at : undefined;
  at += 1;
  for (;;) {
    while (line[at] === ' ' || line[at] === '\t' || line[at] === ',') at += 1;
    if (line[at] === '}') return at + 1;
    LABEL_NAME.lastIndex = at;
    const found = LABEL_NAME.exec(line)?.[1];
    if (found === undefined) return undefined;
    const value = quoted(line, LABEL_NAME.lastIndex);
    if (value === undefined) return undefined;
    labels[found] = value.text;
    at = value.end;
  }
}

/** The text up to the closing quote, with `\\`, `\"` and `\n` taken back. */
function quoted(line: string, start: number): { readonly text: string; readonly end: number } | undefined {
  let text = '';
  for (let at = start; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (character === '"') return { text, end: at + 1 };
    if (character === '\\') {
      at += 1;
      const escaped = line[at] ?? '';
      text += escaped === 'n' ? '\n' : escaped;
    } else text += character;
  }
  return undefined;
}

function numberOf(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : SPECIAL.get(text.toLowerCase());
}
