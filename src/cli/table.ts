import { printedLine } from '../base/terminal-text.ts';

/** Left-aligned columns with a header, as kubectl prints them; numbers may be right-aligned by column index. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  rightAligned: ReadonlySet<number> = new Set(),
): string {
  const lines = [header, ...rows].map((row) => row.map(printedLine));
  const widths = header.map((_title, column) =>
    lines.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        rightAligned.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('   ')
      .trimEnd();
  return `${lines.map(line).join('\n')}\n`;
}
