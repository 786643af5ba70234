import * as vscode from 'vscode';
import type { Disposable } from '../base/disposables.ts';
import type { FolderOwner } from './folder-owner.ts';
import { showWarning } from './notifications.ts';

/** Asks once whether the owner that the folder's settings name is the person, and again where they come to name another one. */
export function askFolderOwner(owner: FolderOwner, me: string, onError: (error: unknown) => void): Disposable {
  const ask = (): void => void question(owner, me).catch(onError);
  ask();
  return vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration('llmd.owner') && ask());
}

async function question(owner: FolderOwner, me: string): Promise<void> {
  const name = owner.openFor(me);
  if (name === undefined) return;
  const yes = `I Am ${name}`;
  const no = `Stay ${me}`;
  const message = `This folder's settings say that you are "${name}" on shared clusters. What ${name} deployed would count as yours: you could stop and restart it. You are "${me}" until you say otherwise; saying so reloads the window.`;
  // The first button is the one that stands out, and a folder's author may hope for a quick click.
  const chosen = await showWarning(message, no, yes);
  // The question may be of a name that the settings no longer hold.
  if (chosen === undefined || owner.openFor(me) !== name) return;
  await owner.answer(chosen === yes);
  if (chosen === yes) await vscode.commands.executeCommand('workbench.action.reloadWindow');
}
