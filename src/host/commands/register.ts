import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { isWorkbenchError } from '../../base/errors.ts';
import { loadPart } from '../../base/parts.ts';
import type { Host } from '../host.ts';
import { requireTrust } from './before-trust.ts';
import { Handed } from './run.ts';
import { COMMAND_IDS, COMMANDS, type CommandId } from './table.ts';

/** Registers every command; what it does is loaded when one is first run. A failure ends here: it is shown, and the caller only sees that the command has ended. */
export function registerCommands(host: Host): Disposable {
  const owned = new DisposableStore();
  for (const id of COMMAND_IDS)
    owned.add(vscode.commands.registerCommand(id, (...given: readonly unknown[]) => execute(host, id, given)));
  return owned;
}

async function execute(host: Host, id: CommandId, given: readonly unknown[]): Promise<void> {
  const { doing, argument } = COMMANDS[id];
  try {
    requireTrust(id, host.workbench.trust);
    const [first] = given;
    const { DEFINITIONS } = await loadPart(() => import('./definitions.ts'));
    await DEFINITIONS[id].execute(host, first instanceof Handed ? first.argument : argument?.(given));
  } catch (error) {
    // Refused: what is shown as allowed may be old.
    if (isWorkbenchError(error, 'forbidden')) host.access.refresh();
    void host.errors.show(error, doing, () => execute(host, id, given));
  }
}
