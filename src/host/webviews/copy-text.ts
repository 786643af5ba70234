import * as vscode from 'vscode';
import { statusMessage } from '../status/status-bar.ts';

/** Puts what a page hands over on the clipboard, and says so. */
export async function copyText({ text, what }: { readonly text: string; readonly what: string }): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  statusMessage('clippy', `${what} copied`, 4000);
}
