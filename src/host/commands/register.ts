import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { isWorkbenchError } from '../../base/errors.ts';
import type { Host } from '../host.ts';
import { requireTrust } from './before-trust.ts';
import { COMMANDS } from './table.ts';

/** Registers the table. A failure ends here: it is shown, and the caller only sees that the command has ended. */
export function registerCommands(host: Host): Disposable {
  const owned = new DisposableStore();
  for (const command of COMMANDS) {
    owned.add(
      vscode.commands.registerCommand(command.id, async (...given: readonly unknown[]) => {
        try {
          requireTrust(command.id, command.doing, host.workbench.trust);
          await command.execute(host, given);
        } catch (error) {
          // Refused: what is shown as allowed may be old.
          if (isWorkbenchError(error, 'forbidden')) host.access.refresh();
          void host.errors.show(error, command.doing);
        }
      }),
    );
  }
  return owned;
}
