/** A header cell and how many columns it covers. */
export type HeaderCell = readonly [text: string, span: number];

/** A table with grouped headers: a cell over n columns ends with n bars. */
export function pipeTable(headers: readonly (readonly HeaderCell[])[], rows: readonly (readonly string[])[]): string {
  const widths = columnWidths(headers, rows);
  const rule = (fill: string): string => `|${widths.map((width) => fill.repeat(width + 2)).join('|')}|`;
  const headerLine = (cells: readonly HeaderCell[]): string => {
    let column = 0;
    const parts = cells.map(([text, span]) => {
      const part = ` ${text.padEnd(spanWidth(widths, column, span))} ${'|'.repeat(span)}`;
      column += span;
      return part;
    });
    return `|${parts.join('')}`;
  };
  const rowLine = (cells: readonly string[]): string =>
    `|${cells.map((cell, column) => ` ${cell.padEnd(widths[column] ?? 0)} |`).join('')}`;
  return [rule('='), ...headers.map(headerLine), rule('-'), ...rows.map(rowLine), rule('=')].join('\n');
}

function columnWidths(
  headers: readonly (readonly HeaderCell[])[],
  rows: readonly (readonly string[])[],
): readonly number[] {
  const columns = headers[0]?.reduce((sum, [, span]) => sum + span, 0) ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (const cells of headers) {
    let column = 0;
    for (const [text, span] of cells) {
      const missing = Math.max(0, text.length - spanWidth(widths, column, span));
      for (let index = 0; index < span; index += 1) {
        const share = Math.floor(missing / span) + (index < missing % span ? 1 : 0);
        widths[column + index] = (widths[column + index] ?? 0) + share;
      }
      column += span;
    }
  }
  return widths;
}

/** Room for text over several columns, once their inner bars and blanks have gone to the cell's own bars. */
function spanWidth(widths: readonly number[], column: number, span: number): number {
  return widths.slice(column, column + span).reduce((sum, width) => sum + width, 0) + 2 * span - 2;
}
