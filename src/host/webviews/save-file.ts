import * as vscode from 'vscode';

/** Asks where to, writes, and offers to open what was written. */
export async function saveFile(folder: string | undefined, name: string, data: Uint8Array): Promise<void> {
  const proposed = folder === undefined ? vscode.Uri.file(name) : vscode.Uri.joinPath(vscode.Uri.file(folder), name);
  const target = await vscode.window.showSaveDialog({ defaultUri: proposed });
  if (!target) return;
  await vscode.workspace.fs.writeFile(target, data);
  await vscode.commands.executeCommand('vscode.open', target);
}
