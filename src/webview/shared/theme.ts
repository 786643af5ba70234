/** A colour of the current theme. */
export function themeColor(token: string, fallback: string): string {
  return getComputedStyle(document.body).getPropertyValue(`--vscode-${token}`).trim() || fallback;
}

/** Calls back when the theme changes: VS Code then rewrites the body's classes and the root's variables. */
export function onThemeChange(changed: () => void): void {
  new MutationObserver(changed).observe(document.body, { attributes: true, attributeFilter: ['class'] });
}

const SERIES_TOKENS = [
  'charts-blue',
  'charts-yellow',
  'charts-green',
  'charts-purple',
  'charts-red',
  'terminal-ansiCyan',
  'terminal-ansiMagenta',
  'charts-foreground',
];

/** The colour of the n-th run; after eight they come again. */
export function seriesColor(index: number): string {
  return themeColor(SERIES_TOKENS[index % SERIES_TOKENS.length] ?? 'charts-blue', '#3794ff');
}
