import type * as vscode from 'vscode';
import { whenTrusted, type Trust } from '../../base/trust.ts';

const PAGE = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<title>Restricted Mode</title>
</head>
<body>
<h2>Restricted Mode</h2>
<p>What this panel shows is read from the folder, which nobody trusts yet. It comes back once you do.</p>
<p><a href="command:workbench.trust.manage">Manage Workspace Trust</a></p>
</body>
</html>`;

/** Fills a panel that came back after a reload: at once where the folder is trusted; else it says what it waits for, and is filled when that happens. */
export function fillWhenTrusted(trust: Trust, panel: vscode.WebviewPanel, fill: () => void): void {
  if (!trust.granted) {
    panel.webview.options = { enableScripts: false, enableCommandUris: ['workbench.trust.manage'] };
    panel.webview.html = PAGE;
  }
  const waiting = whenTrusted(trust, fill);
  panel.onDidDispose(() => waiting.dispose());
}
