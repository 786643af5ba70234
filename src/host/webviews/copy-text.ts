import * as vscode from 'vscode';

/** Puts what a page hands over on the clipboard, and says so. */
export async function copyText({ text, what }: { readonly text: string; readonly what: string }): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(`$(clippy) ${what} copied`, 4000);
}
