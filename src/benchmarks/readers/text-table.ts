/** Cells of a `| a | b |` line, trimmed; without the outer borders. */
export function pipeCells(line: string): string[] {
  const inner = line.trim().replace(/^\|/, '').replace(/\|$/, '');
  return inner.split('|').map((cell) => cell.trim());
}

/** A number as tables print it; null for blanks, `N/A` and words. */
export function tableNumber(cell: string | undefined): number | null {
  if (cell === undefined || cell === '') return null;
  const value = Number(cell.replaceAll(',', ''));
  return Number.isFinite(value) ? value : null;
}

const ESCAPE = String.fromCodePoint(27);
const ANSI = new RegExp(`${ESCAPE}\\[[0-9;?]*[A-Za-z]`, 'g');

/** Lines without colour codes; a carriage return starts a line too, as progress bars use it. */
export function plainLines(text: string): string[] {
  return text.replaceAll(ANSI, '').split(/\r\n|\r|\n/);
}
