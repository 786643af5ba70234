import { randomBytes } from 'node:crypto';

export interface PageOptions {
  readonly title: string;
  readonly cspSource: string;
  readonly script: string;
  readonly style: string;
  /** Origins that the page may frame. */
  readonly frames?: readonly string[];
}

/** The page of a webview: one script by nonce, one style sheet, nothing from outside. */
export function pageHtml({ title, cspSource, script, style, frames = [] }: PageOptions): string {
  const nonce = randomBytes(16).toString('base64url');
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    // The controls' styles are constructable sheets; the icon control links the sheet of the icon font.
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `font-src ${cspSource}`,
    `img-src ${cspSource} data: blob:`,
    ...(frames.length > 0 ? [`frame-src ${frames.join(' ')}`] : []),
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" id="vscode-codicon-stylesheet" nonce="${nonce}" href="${style}">
</head>
<body>
<div id="app"></div>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
