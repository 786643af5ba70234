import { fitLine } from './fit-text.ts';

/** Most characters of a cell that is to be read. */
const MARKDOWN_LENGTH = 2000;

/** A cell of a table that is written as text; null is not known and becomes an empty cell. */
export type TableCell = string | number | null;

/** RFC 4180: commas, a line end of CR LF after every line, quotes where they are needed. */
export function csvText(header: readonly string[], rows: readonly (readonly TableCell[])[]): string {
  return [header, ...rows].map((row) => `${row.map((cell) => quoted(plain(cell))).join(',')}\r\n`).join('');
}

/** What spreadsheets take from the clipboard: tabs between cells, and none within. */
export function tsvText(header: readonly string[], rows: readonly (readonly TableCell[])[]): string {
  return [header, ...rows]
    .map((row) => `${row.map((cell) => plain(cell).replaceAll(/\s+/g, ' ')).join('\t')}\n`)
    .join('');
}

/** A GitHub table; columns that hold numbers only are aligned to the right. */
export function markdownText(header: readonly string[], rows: readonly (readonly TableCell[])[]): string {
  const rule = header.map((_title, column) => (rows.every((row) => typeof row[column] !== 'string') ? '---:' : '---'));
  return [header, rule, ...rows].map((row) => `| ${row.map(markdownCell).join(' | ')} |\n`).join('');
}

/** What spreadsheets take for the beginning of a formula, wide characters and what cannot be seen before it included. */
const FORMULA = /^[\s\p{Cf}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/u;

/** A text that a spreadsheet would run as a formula is kept a text by a leading apostrophe. */
function plain(cell: TableCell): string {
  if (typeof cell !== 'string') return cell === null ? '' : String(cell);
  return FORMULA.test(cell) ? `'${cell}` : cell;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** What a table is pasted into makes no link, picture, markup or HTML of a text. */
function markdownCell(cell: TableCell): string {
  if (typeof cell !== 'string') return plain(cell);
  return fitLine(cell, MARKDOWN_LENGTH).replace(/[\\`*_[\]<>|~&]|:(?=\/\/)|(?<=\bwww)\./gi, String.raw`\$&`);
}
