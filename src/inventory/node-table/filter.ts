import type { NodeRow, NodeValue } from './types.ts';

/** A column as a filter names it. */
export interface FilterColumn {
  readonly id: string;
  readonly title: string;
}

export type NodeFilter = (row: NodeRow) => boolean;

interface Term {
  readonly negated: boolean;
  readonly matches: NodeFilter;
}

const COMPARISON = /^(.+?)(>=|<=|!=|>|<|=)(.+)$/;

/**
 * Reads what a person types into the filter box: terms parted by spaces, all of which must hold.
 *
 * - `h200`: the text stands in a column that is shown
 * - `type:gd-8` or `rack:12`: it stands in this column, named by id, title or a label's key
 * - `free>0`, `free>=8`, `state=production`, `state!=production`: compared as numbers where both are, else as text
 * - `-term`: must not hold; `"two words"` is one term
 *
 * Upper and lower case are the same. A term that names no column is looked for as text, so that nothing typed is an error.
 * `known` are the columns that can be named, `shown` the ids of those that plain text is looked for in.
 */
export function parseNodeFilter(text: string, known: readonly FilterColumn[], shown: readonly string[]): NodeFilter {
  const terms = words(text).map((word) => term(word, known, shown));
  return (row) => terms.every(({ negated, matches }) => matches(row) !== negated);
}

/** Parted by spaces, except inside quotes; the quotes themselves fall away. */
function words(text: string): readonly string[] {
  return [...text.matchAll(/(?:[^\s"]|"[^"]*"?)+/g)]
    .map(([word]) => word.replaceAll('"', ''))
    .filter((word) => word !== '');
}

function term(word: string, known: readonly FilterColumn[], shown: readonly string[]): Term {
  const negated = word.startsWith('-') && word.length > 1;
  const rest = (negated ? word.slice(1) : word).toLowerCase();
  return {
    negated,
    matches:
      comparison(rest, known) ??
      contained(rest, known) ??
      ((row) => shown.some((id) => textOf(row.values[id]).includes(rest))),
  };
}

function comparison(word: string, known: readonly FilterColumn[]): NodeFilter | undefined {
  const [, name = '', operator = '', wanted = ''] = COMPARISON.exec(word) ?? [];
  const column = columnNamed(name, known);
  if (!column) return undefined;
  return (row) => compares(row.values[column.id] ?? null, operator, wanted);
}

/** A label's key holds no colon, so the first one parts column and text. */
function contained(word: string, known: readonly FilterColumn[]): NodeFilter | undefined {
  const colon = word.indexOf(':');
  const column = colon < 1 ? undefined : columnNamed(word.slice(0, colon), known);
  if (!column) return undefined;
  const wanted = word.slice(colon + 1);
  return (row) => textOf(row.values[column.id]).includes(wanted);
}

function columnNamed(name: string, known: readonly FilterColumn[]): FilterColumn | undefined {
  return (
    known.find(({ id }) => id.toLowerCase() === name) ??
    known.find(({ title }) => title.toLowerCase() === name) ??
    known.find(({ id }) => id.toLowerCase() === `label:${name}`)
  );
}

/** What is not known is equal to nothing, and neither more nor less than anything. */
function compares(value: NodeValue, operator: string, wanted: string): boolean {
  if (value === null) return operator === '!=';
  const number = Number(wanted);
  const order =
    typeof value === 'number' && Number.isFinite(number)
      ? value - number
      : textOf(value).localeCompare(wanted, 'en', { numeric: true });
  switch (operator) {
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '!=':
      return order !== 0;
    default:
      return order === 0;
  }
}

function textOf(value: NodeValue | undefined): string {
  return value == null ? '' : String(value).toLowerCase();
}
